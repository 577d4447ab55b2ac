import { describe, expect, it } from "vitest";
import { Hook, Verdict } from "../../../src/kernel/netfilter/hooks.ts";
import { DecisionLog } from "../../support/decision_log.ts";
import { readNft } from "../../support/nft.ts";
import { Wire } from "../../support/wire.ts";

/** A host that tells why, with nft rules. */
function host(rules = ""): { readonly wire: Wire; readonly log: DecisionLog } {
  const log = new DecisionLog();
  const wire = new Wire({ kernel: "6.1", decisions: log });
  wire.machine.loadNft(wire.host, readNft(rules));
  return { wire, log };
}

describe("What rules say", () => {
  it("of a nat chain that drops is that the connection goes no further", () => {
    const { wire, log } = host();
    wire.machine.requireConntrack(wire.host);
    wire.machine.loadNft(wire.host, readNft("table ip t { chain c { type nat hook output priority -100; drop; } }"));
    wire.tryConnect(80);
    expect(log.said("host", "nat")).toEqual(["DROP: a rule of the nat table drops the connection"]);
  });

  it("of nft is by chain and line which of them decided", () => {
    const lines = [
      "table ip t {",
      "chain c { type filter hook output priority 0; policy drop",
      "tcp dport 81 accept",
      "tcp dport 80 mark set 7",
      "tcp dport 80 accept } }",
    ];
    const { wire, log } = host(lines.join("\n"));
    wire.tryConnect(80);
    wire.tryConnect(82);
    const filters = log.decisions.filter(({ name }) => name === "filter");
    expect(filters.map(({ rules }) => rules)).toEqual([["chain c, line 4", "chain c, line 5"], []]);
    expect(log.said("host", "filter")).toEqual([
      "ACCEPT: mark 0x0 -> 0x7: no rule drops the packet",
      "DROP: a rule or the chain's policy drops the packet",
    ]);
  });
});

describe("A hook function that is not the kernel's own", () => {
  it("says itself why it has decided so, until it is taken away", () => {
    const { wire, log } = host();
    const refuse = (): typeof Verdict.DROP => Verdict.DROP;
    const explain = (): { changes: string[]; why: string; source: string } => ({
      changes: [],
      why: "a cable is cut",
      source: "",
    });
    wire.host.hooks.register(Hook.LOCAL_OUT, 0, refuse, { name: "fault", explain });
    wire.host.hooks.unregister(Hook.LOCAL_IN, refuse);
    wire.tryConnect(80);
    wire.host.hooks.unregister(Hook.LOCAL_OUT, refuse);
    wire.connect(80);
    expect(log.said("host", "fault")).toEqual(["DROP: a cable is cut"]);
  });
});
