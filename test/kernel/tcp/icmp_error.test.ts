import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { listen } from "../../support/small_network.ts";
import { Wire } from "../../support/wire.ts";

const PORT = 80;

describe("An ICMP error for a socket in SYN_SENT", () => {
  it.each([
    [3, 0, Errno.ENETUNREACH],
    [3, 1, Errno.EHOSTUNREACH],
    [3, 2, Errno.ENOPROTOOPT],
    [3, 3, Errno.ECONNREFUSED],
    [3, 9, Errno.ENETUNREACH],
    [3, 10, Errno.EHOSTUNREACH],
    [3, 13, Errno.EHOSTUNREACH],
    [11, 0, Errno.EHOSTUNREACH],
    [11, 1, Errno.EHOSTUNREACH],
    [12, 0, Errno.EPROTO],
  ])("of type %i code %i fails connect() with errno %i", (type, code, errno) => {
    const wire = new Wire();
    const { syn } = wire.connect(PORT);
    wire.injectIcmpError(type, code, { sport: syn.sport, dport: PORT, seq: syn.seq });
    expect([wire.owner.lines, wire.host.ports.inUse, wire.takeSent()]).toEqual([[`failed ${errno}`], 0, []]);
  });

  it("of type 3 code 4 (fragmentation needed) changes nothing", () => {
    const wire = new Wire();
    const { slot, syn } = wire.connect(PORT);
    wire.injectIcmpError(3, 4, { sport: syn.sport, dport: PORT, seq: syn.seq });
    expect([wire.owner.lines, wire.tcp.sockets.state(slot)]).toEqual([[], TcpState.SYN_SENT]);
  });

  it("counts only if it quotes a sequence number from snd_una to snd_nxt", () => {
    for (const [offset, isFatal] of [
      [-1, false],
      [0, true],
      [1, true],
      [2, false],
    ] as const) {
      const wire = new Wire();
      const { syn } = wire.connect(PORT);
      wire.injectIcmpError(3, 1, { sport: syn.sport, dport: PORT, seq: (syn.seq + offset) | 0 });
      expect(wire.owner.lines.length === 1).toBe(isFatal);
    }
  });

  it("counts only if it quotes TCP", () => {
    const wire = new Wire();
    const { syn } = wire.connect(PORT);
    wire.injectIcmpError(3, 1, { sport: syn.sport, dport: PORT, seq: syn.seq }, Protocol.ICMP);
    expect(wire.owner.lines).toEqual([]);
  });

  it("counts only for the connection it quotes", () => {
    const wire = new Wire();
    const { syn } = wire.connect(PORT);
    wire.injectIcmpError(3, 1, { sport: syn.sport + 1, dport: PORT, seq: syn.seq });
    wire.injectIcmpError(3, 1, { sport: syn.sport, dport: PORT + 1, seq: syn.seq });
    expect(wire.owner.lines).toEqual([]);
  });
});

describe("An ICMP error for a request socket", () => {
  function afterError(type: number, code: number, offset = 0, kernel = "5.4.188"): number {
    const wire = new Wire({ kernel });
    listen(wire.tcp, wire.host, wire.owner, PORT);
    const [synAck] = wire.inject({ sport: 40000, dport: PORT, flags: "S", seq: 1 }).takeSent();
    wire.injectIcmpError(type, code, { sport: PORT, dport: 40000, seq: (synAck!.seq + offset) | 0 });
    expect(wire.takeSent()).toEqual([]);
    return wire.count(TcpState.SYN_RECV);
  }

  it.each([
    [3, 0],
    [3, 1],
    [11, 0],
    [12, 0],
  ])("of type %i code %i ends it", (type, code) => {
    expect(afterError(type, code)).toBe(0);
  });

  it.each([
    [3, 2],
    [3, 3],
    [3, 4],
    [3, 9],
    [3, 10],
    [3, 13],
  ])("of type %i code %i does nothing", (type, code) => {
    expect(afterError(type, code)).toBe(1);
  });

  it("of any code but fragmentation needed ended it up to 4.4", () => {
    const codes = [0, 1, 2, 3, 4, 9, 13];
    expect(codes.map((code) => afterError(3, code, 0, "4.4.11"))).toEqual([0, 0, 0, 0, 1, 0, 0]);
    expect(afterError(3, 3, 1, "4.4.11")).toBe(1);
  });

  it("counts as a drop by the listener, not as a reset", () => {
    const wire = new Wire();
    listen(wire.tcp, wire.host, wire.owner, PORT);
    const [synAck] = wire.inject({ sport: 40000, dport: PORT, flags: "S", seq: 1 }).takeSent();
    wire.injectIcmpError(3, 1, { sport: PORT, dport: 40000, seq: synAck!.seq });
    const { TcpExtListenDrops, TcpAttemptFails, TcpExtEmbryonicRsts } = wire.host.counters;
    expect([TcpExtListenDrops, TcpAttemptFails, TcpExtEmbryonicRsts]).toEqual([1, 0, 0]);
  });

  it("must quote the sequence number of its SYN-ACK", () => {
    expect([afterError(3, 1, 1), afterError(3, 1, -1)]).toEqual([1, 1]);
  });
});

describe("An ICMP error for an open connection", () => {
  it("does not end it", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    wire.injectIcmpError(3, 1, { sport: syn.sport, dport: PORT, seq: (syn.seq + 1) | 0 });
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.ESTABLISHED);
  });
});
