import { describe, expect, it } from "vitest";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { listen } from "../../support/small_network.ts";
import { type SentSegment, Wire } from "../../support/wire.ts";

const PORT = 80;
const CLIENT = 40000;

/** A connection that the peer opened to the host's listener. The peer's next sequence number is 1001. */
function accepted(wire: Wire): { readonly slot: number; readonly synAck: SentSegment } {
  let child = -1;
  wire.owner.onAccepted = (slot) => {
    child = slot;
  };
  listen(wire.tcp, wire.host, wire.owner, PORT);
  const [synAck] = wire.inject({ sport: CLIENT, dport: PORT, flags: "S", seq: 1000 }).takeSent();
  wire.inject({ sport: CLIENT, dport: PORT, flags: ".", seq: 1001, ack: synAck!.seq + 1 });
  return { slot: child, synAck: synAck! };
}

describe("close()", () => {
  it("by the client first: FIN_WAIT1, FIN_WAIT2, TIME_WAIT at the client for 60 s and a granule at most", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    const { sockets } = wire.tcp;
    wire.tcp.close(slot);
    expect([wire.takeFlags(), sockets.state(slot)]).toEqual([["F."], TcpState.FIN_WAIT1]);
    wire.inject({ sport: PORT, dport: syn.sport, flags: ".", seq: 5001, ack: syn.seq + 2 });
    expect(sockets.state(slot)).toBe(TcpState.FIN_WAIT2);
    wire.inject({ sport: PORT, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 2 });
    expect(wire.takeSent()).toMatchObject([{ flags: ".", seq: (syn.seq + 2) | 0, ack: 5002 }]);
    expect([wire.count(TcpState.TIME_WAIT), wire.host.ports.inUse]).toEqual([1, 1]);
    wire.at(59.9);
    expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
    wire.at(62.1);
    expect([wire.count(TcpState.TIME_WAIT), wire.host.ports.inUse]).toEqual([0, 0]);
  });

  it("by the server first: no TIME_WAIT at the client, whose port is free with the last ACK", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    wire.inject({ sport: PORT, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 1 });
    expect([wire.tcp.sockets.state(slot), wire.owner.lines]).toEqual([
      TcpState.CLOSE_WAIT,
      ["connected", "peer closed"],
    ]);
    wire.tcp.close(slot);
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.LAST_ACK);
    wire.inject({ sport: PORT, dport: syn.sport, flags: ".", seq: 5002, ack: syn.seq + 2 });
    expect([wire.count(TcpState.TIME_WAIT), wire.host.ports.inUse]).toEqual([0, 0]);
  });

  it("by the host as the server first: TIME_WAIT at the server", () => {
    const wire = new Wire();
    const { slot, synAck } = accepted(wire);
    wire.tcp.close(slot);
    wire.inject({ sport: CLIENT, dport: PORT, flags: "F.", seq: 1001, ack: synAck.seq + 2 });
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.TIME_WAIT);
  });

  it("by both at once: CLOSING, then TIME_WAIT", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    wire.tcp.close(slot);
    wire.inject({ sport: PORT, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 1 });
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.CLOSING);
    wire.inject({ sport: PORT, dport: syn.sport, flags: ".", seq: 5002, ack: syn.seq + 2 });
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.TIME_WAIT);
  });

  it("with SO_LINGER {1, 0} sends a RST and leaves nothing", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    wire.tcp.setLingerReset(slot);
    wire.tcp.close(slot);
    expect(wire.takeSent()).toMatchObject([{ flags: "R.", seq: (syn.seq + 1) | 0, hasZeroWindow: true }]);
    expect([wire.count(TcpState.TIME_WAIT), wire.host.ports.inUse]).toEqual([0, 0]);
  });

  it("leaves an orphan in FIN_WAIT2 for tcp_fin_timeout, and never in TIME_WAIT if no FIN comes", () => {
    const wire = new Wire({ kernel: "4.4.11", sysctls: { "net.ipv4.tcp_fin_timeout": "20" } });
    const { slot, syn } = wire.establish(PORT);
    wire.tcp.close(slot);
    wire.inject({ sport: PORT, dport: syn.sport, flags: ".", seq: 5001, ack: syn.seq + 2 });
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.FIN_WAIT2);
    wire.at(19.9);
    expect(wire.count(TcpState.FIN_WAIT2)).toBe(1);
    wire.at(20.1);
    expect([wire.count(TcpState.FIN_WAIT2), wire.count(TcpState.TIME_WAIT), wire.host.ports.inUse]).toEqual([0, 0, 0]);
  });

  it("does not let tcp_fin_timeout change TIME_WAIT", () => {
    const wire = new Wire({ sysctls: { "net.ipv4.tcp_fin_timeout": "5" } });
    wire.timeWait(PORT);
    wire.at(59.9);
    expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
  });

  it("repeats its FIN until it is acknowledged, from the same sequence number", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    wire.tcp.close(slot);
    wire.at(1.8);
    const fins = wire.takeSent();
    expect(fins.length).toBeGreaterThanOrEqual(4);
    expect(fins.every((one) => one.flags === "F." && one.seq === ((syn.seq + 1) | 0))).toBe(true);
  });
});

describe("An orphan whose FIN nobody acknowledges", () => {
  it("sends it eight times more, and is gone at the next timeout", () => {
    const wire = new Wire();
    const { slot } = wire.establish(PORT);
    wire.tcp.close(slot);
    wire.at(300);
    expect(wire.takeFlags()).toEqual(Array(9).fill("F."));
    expect([wire.host.ports.inUse, wire.host.counters.TcpExtTCPTimeouts]).toEqual([0, 9]);
  });
});

describe("The ports of TIME_WAIT entries whose time is over", () => {
  it("are told from the moment on at which the timer fires, until somebody removes the entries", () => {
    const wire = new Wire();
    const { syn } = wire.timeWait(PORT);
    const { jiffies, loop } = wire.machine;
    const due = jiffies.expiry(0, 60_000_000);
    const lapsed = (): number[] => wire.tcp.timeWaits.lapsedPorts(wire.host);
    loop.runUntil(due - 1);
    expect(lapsed()).toEqual([]);
    loop.runUntil(due);
    expect([lapsed(), lapsed()]).toEqual([[syn.sport], [syn.sport]]);
    expect([wire.count(TcpState.TIME_WAIT), lapsed()]).toEqual([0, []]);
  });
});

describe("tcp_max_tw_buckets", () => {
  it("lets a connection over the limit just close: its tuple and port are free at once", () => {
    const wire = new Wire({ sysctls: { "net.ipv4.tcp_max_tw_buckets": "3" } });
    for (let count = 0; count < 5; count += 1) wire.timeWait(PORT);
    expect([wire.tcp.timeWaitCount(wire.host), wire.host.counters.TcpExtTCPTimeWaitOverflow]).toEqual([3, 2]);
    expect([wire.host.counters.TcpExtTW, wire.host.ports.inUse]).toEqual([3, 3]);
  });
});

describe("A segment for an open connection", () => {
  it("RST with seq = rcv_nxt resets it, any other RST in the window draws a challenge ACK, and none out of it", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    for (const [index, seq, answers] of [
      [0, 5002, [". 5001"]],
      [1, 9000, [". 5001"]],
      [2, 5000, []],
      [3, 90_000, []],
    ] as const) {
      wire.at(index).inject({ sport: PORT, dport: syn.sport, flags: "R", seq });
      expect(wire.takeSent().map((one) => `${one.flags} ${one.ack}`)).toEqual(answers);
    }
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.ESTABLISHED);
    wire.inject({ sport: PORT, dport: syn.sport, flags: "R", seq: 5001 });
    expect([wire.owner.lines, wire.host.ports.inUse]).toEqual([["connected", "failed 104"], 0]);
  });

  it("RST that crossed the FIN of its own side resets it from 4.11 on", () => {
    const afterFin = (kernel: string): readonly string[] => {
      const wire = new Wire({ kernel });
      const { syn } = wire.establish(PORT);
      wire.inject({ sport: PORT, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 1 });
      wire.inject({ sport: PORT, dport: syn.sport, flags: "R", seq: 5001 });
      return wire.owner.lines;
    };
    expect(afterFin("4.11")).toEqual(["connected", "peer closed", "failed 32"]);
    expect(afterFin("4.10")).toEqual(["connected", "peer closed"]);
  });

  it("an ACK of what was never sent acknowledges nothing: the payload goes out again", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    wire.tcp.send(slot, 100);
    const segment = { sport: PORT, dport: syn.sport, flags: ".", seq: 5001 };
    wire.inject({ ...segment, ack: syn.seq + 102 });
    expect(wire.tcp.sockets.sndUna(slot)).toBe((syn.seq + 1) | 0);
    wire.takeSent();
    wire.at(0.3);
    expect(wire.takeSent()).toMatchObject([{ flags: "P.", seq: (syn.seq + 1) | 0 }]);
    wire.inject({ ...segment, ack: syn.seq + 101 });
    expect([wire.tcp.sockets.sndUna(slot), wire.at(5).takeSent()]).toEqual([(syn.seq + 101) | 0, []]);
  });

  it("any SYN draws a challenge ACK, in the window or not", () => {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    for (const [index, seq] of [5001, 1, 90_000_000].entries()) {
      expect(wire.at(index).inject({ sport: PORT, dport: syn.sport, flags: "S", seq }).takeFlags()).toEqual(["."]);
    }
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.ESTABLISHED);
  });

  it.each([
    ["3.10.108", 6],
    ["5.4.188", 3],
  ])("draws challenge ACKs without a limit on 3.10, else one in half a second (%s: %i of 6)", (kernel, answers) => {
    const wire = new Wire({ kernel });
    const { syn } = wire.establish(PORT);
    for (const second of [0, 0.2, 0.49, 0.51, 0.9, 1.1])
      wire.at(second).inject({ sport: PORT, dport: syn.sport, flags: "S", seq: 1 });
    expect([wire.takeFlags(), wire.host.counters.TcpExtTCPChallengeACK]).toEqual([Array(answers).fill("."), answers]);
  });

  it.each([
    ["4.12.14", [], ["."], TcpState.CLOSING],
    ["6.18.32", [], ["."], TcpState.FIN_WAIT1],
    ["6.18.33", ["."], ["."], TcpState.FIN_WAIT1],
  ])("answers an ACK of what was never sent as its kernel does: %s", (kernel, whenOpen, whenClosing, state) => {
    const wire = new Wire({ kernel });
    const { slot, syn } = wire.establish(PORT);
    const segment = { sport: PORT, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 1000 };
    expect(wire.inject(segment).takeFlags()).toEqual(whenOpen);
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.ESTABLISHED);
    wire.tcp.close(slot);
    wire.at(1).takeSent();
    expect(wire.inject(segment).takeFlags()).toEqual(whenClosing);
    expect(wire.tcp.sockets.state(slot)).toBe(state);
  });
});

describe("TcpEstabResets", () => {
  /** How often a connection counts that went through `steps`. */
  function resets(steps: (wire: Wire, slot: number, reset: () => void, syn: SentSegment) => void): number {
    const wire = new Wire();
    const { slot, syn } = wire.establish(PORT);
    steps(wire, slot, () => wire.inject({ sport: PORT, dport: syn.sport, flags: "R", seq: 5001 }), syn);
    expect(wire.count(TcpState.ESTABLISHED)).toBe(0);
    return wire.host.counters.TcpEstabResets;
  }

  it("counts a connection that ends in ESTABLISHED or CLOSE_WAIT, by a RST received or sent or by the last timeout", () => {
    expect(resets((_wire, _slot, reset) => reset())).toBe(1);
    expect(
      resets((wire, slot) => {
        wire.tcp.setLingerReset(slot);
        wire.tcp.close(slot);
      }),
    ).toBe(1);
    expect(
      resets((wire, _slot, _reset, syn) => {
        wire.inject({ sport: PORT, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 1 });
        wire.inject({ sport: PORT, dport: syn.sport, flags: "R", seq: 5002 });
      }),
    ).toBe(1);
    expect(
      resets((wire, slot) => {
        wire.tcp.send(slot, 100);
        wire.at(2000);
      }),
    ).toBe(1);
  });

  it("does not count one that has sent its FIN, nor one that ends in order", () => {
    expect(
      resets((wire, slot, reset) => {
        wire.tcp.close(slot);
        reset();
      }),
    ).toBe(0);
    expect(
      resets((wire, slot, _reset, syn) => {
        wire.inject({ sport: PORT, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 1 });
        wire.tcp.close(slot);
        wire.inject({ sport: PORT, dport: syn.sport, flags: ".", seq: 5002, ack: syn.seq + 2 });
      }),
    ).toBe(0);
  });
});
