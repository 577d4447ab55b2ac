import { describe, expect, it } from "vitest";
import { Hook, type HookNumber, Verdict } from "../../../src/kernel/netfilter/hooks.ts";
import { CtState, type Packet, Protocol, TcpFlag } from "../../../src/kernel/packet.ts";
import type { Ipv4 } from "../../../src/units.ts";
import { ConntrackBench } from "../../support/conntrack_bench.ts";
import { packPorts } from "../../../src/kernel/tuple_index.ts";
import { ip, NODE, POD, RecordingOwner, smallNetwork } from "../../support/small_network.ts";
import { HOST, PEER } from "../../support/wire.ts";

describe("Two first packets of one connection on their way", () => {
  it("end with the second one's drop at confirmation, which counts as a failed insertion and as a drop", () => {
    const { wire } = new ConntrackBench();
    const { hooks, counters } = wire.host;
    const [first, second] = [0, 1].map(() => {
      const packet = wire.machine.packets.take();
      packet.src = PEER;
      packet.dst = ip("198.51.100.1");
      packet.sport = 40000;
      packet.dport = 80;
      packet.flags = TcpFlag.SYN;
      return packet;
    });
    const verdicts = [Hook.PRE_ROUTING, Hook.POST_ROUTING].flatMap((hook) => [
      hooks.run(hook, first!),
      hooks.run(hook, second!),
    ]);
    expect(verdicts).toEqual([Verdict.ACCEPT, Verdict.ACCEPT, Verdict.ACCEPT, Verdict.DROP]);
    expect([counters.nf_conntrack_insert_failed, counters.nf_conntrack_drop]).toEqual([1, 1]);
  });
});

describe("An ICMP error about a tracked connection", () => {
  it("is RELATED if it is addressed to the one whose packet it quotes, else INVALID", () => {
    const related = (destination: Ipv4): boolean => {
      const { wire } = new ConntrackBench();
      const { syn } = wire.connect(80, ip("198.51.100.1"));
      const packet = wire.machine.packets.take();
      packet.protocol = Protocol.ICMP;
      packet.src = PEER;
      packet.dst = destination;
      packet.quotedProtocol = Protocol.TCP;
      packet.quotedSrc = syn.src;
      packet.quotedDst = syn.dst;
      packet.quotedSport = syn.sport;
      packet.quotedDport = syn.dport;
      wire.host.hooks.run(Hook.PRE_ROUTING, packet);
      return packet.ctState === CtState.RELATED;
    };
    expect([related(HOST), related(ip("192.0.2.9")), related(ip("198.51.100.1"))]).toEqual([true, false, false]);
  });
});

describe("What conntrack has settled in one namespace", () => {
  it("is open again in the next, which tracks the connection for itself", () => {
    const { tcp, loop, machine, node, pod } = smallNetwork();
    const owner = new RecordingOwner();
    const slot = tcp.socket(node, owner, 0);
    tcp.connect(slot, POD, 80);
    loop.runUntil(1000);
    const conntrack = machine.requireConntrack(pod);
    tcp.send(slot, 10);
    loop.runUntil(2000);
    const ports = packPorts(tcp.sockets.localPort(slot), 80);
    // Its own first packet is the original direction: were it not confirmed, the pod's ACK would make the entry.
    expect([owner.lines, conntrack.table.count]).toEqual([["connected"], 1]);
    expect(conntrack.findNode(NODE, POD, ports, Protocol.TCP)).toBe(0);
  });
});

describe("A packet of a settled connection whose entry goes while it crosses the loopback device", () => {
  it("begins an entry that is confirmed like any other", () => {
    const { wire, conntrack } = new ConntrackBench();
    const { host, machine } = wire;
    const pass = (flags: number, hooks: readonly HookNumber[], isAnswer = false): Packet => {
      const packet = machine.packets.take();
      [packet.src, packet.dst] = isAnswer ? [PEER, HOST] : [HOST, PEER];
      [packet.sport, packet.dport] = isAnswer ? [80, 40000] : [40000, 80];
      packet.flags = flags;
      for (const hook of hooks) host.hooks.run(hook, packet);
      return packet;
    };
    const out = [Hook.LOCAL_OUT, Hook.POST_ROUTING];
    pass(TcpFlag.SYN, out);
    pass(TcpFlag.SYN | TcpFlag.ACK, [Hook.PRE_ROUTING, Hook.LOCAL_IN], true);
    const ack = pass(TcpFlag.ACK, out);
    conntrack.kill(ack.ct);
    for (const hook of [Hook.PRE_ROUTING, Hook.LOCAL_IN]) host.hooks.run(hook, ack);
    expect([ack.ctState, conntrack.hasConfirmed(ack)]).toEqual([CtState.NEW, true]);
  });
});
