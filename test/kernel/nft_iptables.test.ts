import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileChain } from "../../src/kernel/netfilter/compile_chain.ts";
import { Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import type { MatchView } from "../../src/kernel/netfilter/rule_match.ts";
import { CtState } from "../../src/kernel/packet.ts";
import { baseChain, environment, readNft } from "../support/nft.ts";
import { ip } from "../support/small_network.ts";

// Goal: two readers and two evaluators agree where both languages can say the same.
// Method: random rules in both languages, chain and called chain, decide over random packets.

/** One condition in both languages. */
interface Condition {
  readonly iptables: string;
  readonly nft: string;
}

const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.23.77.129", "192.0.2.1", "240.0.0.1");
const port = fc.constantFrom(1, 80, 443, 36704, 65535);
const negation = fc.constantFrom(["", ""], ["! ", "!= "]);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .record({ address, length: fc.constantFrom(1, 8, 24, 31, 32), not: negation, side: fc.constantFrom("s", "d") })
    .map(({ address: base, length, not, side }) => ({
      iptables: `${not[0]}-${side} ${base}/${length}`,
      nft: `ip ${side}addr ${not[1]}${base}/${length}`,
    })),
  fc
    .record({ low: port, high: port, not: negation, side: fc.constantFrom("s", "d") })
    .map(({ low, high, not, side }) => {
      const [first, last] = low < high ? [low, high] : [high, low];
      return {
        iptables: `-p tcp ${not[0]}--${side}port ${first}:${last}`,
        nft: `tcp ${side}port ${not[1]}${first}-${last}`,
      };
    }),
  fc
    .record({ value: fc.integer({ min: 0, max: 3 }), mask: fc.constantFrom(1, 3), not: negation })
    .map(({ value, mask, not }) => ({
      iptables: `-m mark ${not[0]}--mark ${value & mask}/${mask}`,
      nft: `mark and ${mask} ${not[1]}${value & mask}`,
    })),
  fc.constant({ iptables: "-m conntrack --ctstate NEW,INVALID", nft: "ct state new,invalid" }),
  fc.constant({ iptables: "-m addrtype --dst-type LOCAL", nft: "fib daddr type local" }),
  fc.constant({ iptables: "-i eth+", nft: 'iifname "eth*"' }),
  fc.constant({ iptables: "! -p tcp", nft: "meta l4proto != tcp" }),
);

const target: fc.Arbitrary<Condition> = fc.constantFrom(
  { iptables: "ACCEPT", nft: "accept" },
  { iptables: "DROP", nft: "drop" },
  { iptables: "RETURN", nft: "return" },
  { iptables: "X", nft: "jump x" },
  { iptables: "MARK --set-xmark 0x1/0x3", nft: "mark set mark and 0xfffffffc xor 0x1" },
  { iptables: "MARK --or-mark 0x2", nft: "mark set mark or 0x2" },
);

/** A rule with at most one condition, since iptables takes an option once. */
const rule: fc.Arbitrary<Condition> = fc.record({ condition: fc.option(condition), target }).map((one) => ({
  iptables: `${one.condition?.iptables ?? ""} -j ${one.target.iptables}`,
  nft: `${one.condition?.nft ?? ""} ${one.target.nft}`,
}));

const leafRule = rule.filter(({ nft }) => !nft.includes("jump"));

const packet: fc.Arbitrary<MatchView> = fc.record({
  protocol: fc.constantFrom(6, 17),
  src: address.map(ip),
  dst: address.map(ip),
  sport: port,
  dport: port,
  mark: fc.integer({ min: 0, max: 3 }),
  ctState: fc.constantFrom(0, CtState.NEW, CtState.ESTABLISHED, CtState.INVALID),
  inDevice: fc.constantFrom("eth0", "cni0", undefined),
  outDevice: fc.constant(undefined),
});

describe("iptables rules and their equivalents in nft", () => {
  it("decide alike, and leave the same mark", () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 5 }),
        fc.array(leafRule, { maxLength: 3 }),
        fc.array(packet, { minLength: 1, maxLength: 8 }),
        (rules, leaves, packets) => {
          const reading = parseIptables([
            "*filter",
            ":X - [0:0]",
            ...rules.map(({ iptables }) => `-A FORWARD ${iptables}`),
            ...leaves.map(({ iptables }) => `-A X ${iptables}`),
            "COMMIT",
          ]);
          if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
          const iptables = compileChain(reading.ruleset, "filter", "FORWARD", environment()) ?? (() => Verdict.ACCEPT);
          const nft = baseChain(
            readNft(`table ip t {
              chain c { type filter hook forward priority 0\n${rules.map((one) => one.nft).join("\n")}\n}
              chain x {\n${leaves.map((one) => one.nft).join("\n")}\n}
            }`),
            "c",
          );
          for (const one of packets) {
            const [left, right] = [{ ...one }, { ...one }];
            expect([nft(right), right.mark]).toEqual([iptables(left), left.mark]);
          }
        },
      ),
    );
  });
});
