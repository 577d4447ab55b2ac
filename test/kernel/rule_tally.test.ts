import { describe, expect, it } from "vitest";
import { emptyTally } from "../../src/kernel/netfilter/rule_tally.ts";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import { readNft } from "../support/nft.ts";
import { HOST, Wire } from "../support/wire.ts";

const IPTABLES = `*nat
:SERVICES - [0:0]
-A OUTPUT -j SERVICES
-A SERVICES -d 10.0.0.1/32 -j RETURN
-A SERVICES -d 10.0.0.2/32 -j RETURN
-A POSTROUTING -s 10.0.0.3/32 -j MASQUERADE
COMMIT
*filter
-A OUTPUT -m conntrack --ctstate INVALID -j DROP
COMMIT`;

const NFT = `table ip t {
  chain services { ip daddr 10.0.0.1 accept; ip daddr 10.0.0.2 accept; }
  chain out { type nat hook output priority -100; jump services; }
  chain post { type nat hook postrouting priority 100; ip saddr 10.0.0.3 masquerade; }
  chain all { type filter hook output priority 0; ct state invalid drop; }
}`;

/** A host with these rules, whose tally begins before them, after one connection of three segments. */
function talliedHost(load: (wire: Wire) => void) {
  const wire = new Wire({ kernel: "6.1" });
  const tally = emptyTally();
  wire.host.ruleTally = tally;
  load(wire);
  wire.establish(80);
  return { wire, tally };
}

function loadIptables(wire: Wire): () => void {
  const reading = parseIptables(IPTABLES.split("\n"));
  if (!reading.ok) throw new Error(reading.problems[0]?.message);
  return wire.machine.loadRules(wire.host, reading.ruleset);
}

describe("A rule tally", () => {
  it.each([
    ["iptables", (wire: Wire) => void loadIptables(wire)],
    ["nftables", (wire: Wire) => void wire.machine.loadNft(wire.host, readNft(NFT))],
  ])("counts nat rules once for a connection and filter rules for each packet (%s)", (_, load) => {
    const { tally } = talliedHost(load);
    expect(tally.natDestination).toEqual({ passes: 1, rules: 3 });
    expect(tally.natSource).toEqual({ passes: 1, rules: 1 });
    // The SYN, and the ACK of the answer.
    expect(tally.filter).toEqual({ passes: 2, rules: 2 });
  });

  it("stands still once the rules are taken away", () => {
    let remove = (): void => {};
    const { wire, tally } = talliedHost((at) => {
      remove = loadIptables(at);
    });
    remove();
    const before = structuredClone(tally);
    wire.establish(81);
    expect(tally).toEqual(before);
  });

  it("is not needed for rules to work", () => {
    const wire = new Wire({ kernel: "6.1" });
    loadIptables(wire);
    expect(wire.establish(80).syn).toMatchObject({ src: HOST });
    expect(wire.host.ruleTally).toBeUndefined();
  });
});
