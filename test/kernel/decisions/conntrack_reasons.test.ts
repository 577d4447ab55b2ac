import { describe, expect, it } from "vitest";
import { Protocol } from "../../../src/kernel/packet.ts";
import { DecisionLog } from "../../support/decision_log.ts";
import { ip, POD, smallNetwork } from "../../support/small_network.ts";
import { HOST, Wire } from "../../support/wire.ts";

/** A host with conntrack that tells why. */
function tracked(sysctls: Readonly<Record<string, string>> = {}): { readonly wire: Wire; readonly log: DecisionLog } {
  const log = new DecisionLog();
  const wire = new Wire({ kernel: "6.1", sysctls, decisions: log });
  wire.machine.requireConntrack(wire.host);
  return { wire, log };
}

describe("What conntrack says", () => {
  it("of a full table names nf_conntrack_max", () => {
    const { wire, log } = tracked({ "net.netfilter.nf_conntrack_max": "1" });
    wire.establish(80);
    log.clear();
    wire.inject({ sport: 5, dport: 22, flags: "S" });
    expect(log.said("host", "conntrack")).toEqual([
      "DROP: the table is full (nf_conntrack_max 1) and no entry could be dropped early",
    ]);
  });

  it("of a SYN on a closed connection is that a new entry takes the place of the old one", () => {
    const { wire, log } = tracked();
    const { syn } = wire.timeWait(80);
    log.clear();
    wire.inject({ sport: 80, dport: syn.sport, flags: "S", seq: 9_000_000 });
    expect(log.said("host", "conntrack")[0]).toBe(
      "ACCEPT: new entry, NEW, SYN_SENT: the old entry is closed, so this SYN begins a new one",
    );
  });

  it("of a known connection is how its state changes, and by which flags", () => {
    const { wire, log } = tracked();
    const { syn } = wire.connect(80);
    wire.inject({ sport: 80, dport: syn.sport, flags: "S.", seq: 5000, ack: syn.seq + 1 });
    wire.inject({ sport: 80, dport: syn.sport, flags: ".", seq: 5001, ack: syn.seq + 1 });
    expect(log.said("host", "conntrack")).toEqual([
      "ACCEPT: new entry, NEW, SYN_SENT: no entry has this tuple",
      "ACCEPT: entry SYN_SENT -> SYN_RECV: reply direction of a known connection, flags [S.]",
      "ACCEPT: entry SYN_RECV -> ESTABLISHED: original direction of a known connection, flags [.]",
      "ACCEPT: entry stays ESTABLISHED: reply direction of a known connection, flags [.]",
    ]);
  });

  it("of segments that fit nothing is why they are INVALID", () => {
    const { wire, log } = tracked();
    const { syn } = wire.connect(80);
    log.clear();
    wire.inject({ sport: 80, dport: syn.sport, flags: "F.", seq: 1, ack: 1 });
    wire.inject({ sport: 81, dport: 22, flags: "R" });
    expect(log.said("host", "conntrack").filter((line) => line.includes("INVALID"))).toEqual([
      "ACCEPT: INVALID: flags [F.] do not fit an entry in SYN_SENT",
      "ACCEPT: INVALID: no entry has this tuple, and a segment with flags [R] may not begin one",
    ]);
  });

  it("of an ICMP error is whether the header that it quotes belongs to an entry", () => {
    const { wire, log } = tracked();
    const { syn } = wire.connect(80);
    log.clear();
    wire.injectIcmpError(3, 0, { sport: syn.sport + 1, dport: 80, seq: syn.seq });
    wire.injectIcmpError(3, 0, { sport: syn.sport, dport: 80, seq: syn.seq });
    expect(log.said("host", "conntrack")).toEqual([
      "ACCEPT: INVALID: the header it quotes belongs to no entry",
      "ACCEPT: RELATED: the header it quotes belongs to an entry",
    ]);
  });

  it("of datagrams knows no state", () => {
    const log = new DecisionLog();
    const { machine, loop, node, pod } = smallNetwork({ trace: log.trace });
    const server = machine.udp.socket(pod, { received: (self, from) => machine.udp.send(self, 1, from), failed() {} });
    machine.udp.bind(server, { address: POD, port: 53 });
    machine.udp.send(machine.udp.socket(node, { received() {}, failed() {} }), 1, { address: POD, port: 53 });
    loop.runUntil(1000);
    expect(log.said("node", "conntrack").filter((line) => !line.includes("carries its entry"))).toEqual([
      "ACCEPT: new entry, NEW: no entry has this tuple",
      "ACCEPT: reply direction of a known flow",
    ]);
  });

  it("of a packet that IPVS sends without vs.conntrack is that it is not tracked", () => {
    const { wire, log } = tracked({ "net.ipv4.vs.conntrack": "0" });
    const ipvs = wire.machine.requireIpvs(wire.host);
    ipvs.addServer(ipvs.addService(Protocol.TCP, HOST, 36704, "rr"), ip("203.0.113.7"), 80, 1);
    wire.inject({ sport: 1000, dport: 36704, flags: "S" });
    expect(log.said("host", "conntrack")).toEqual([
      "ACCEPT: new entry, NEW, SYN_SENT: no entry has this tuple",
      "ACCEPT: the packet is untracked: IPVS without vs.conntrack said so",
    ]);
  });
});
