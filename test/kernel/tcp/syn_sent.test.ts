import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { Wire } from "../../support/wire.ts";

const PORT = 80;

/** Moments at which the host sent a segment with these flags, and the one at which connect() failed. */
function synLadder(wire: Wire): {
  readonly syns: number[];
  readonly failedAt: number;
  readonly lines: readonly string[];
} {
  const start = wire.loop.now;
  const { syn } = wire.connect(PORT);
  let failedAt = 0;
  while (wire.owner.lines.length === 0 && wire.loop.now < start + 200_000_000) {
    wire.loop.runUntil(wire.loop.now + 1000);
    failedAt = wire.loop.now;
  }
  const sent = wire.takeSent();
  expect(sent.every((one) => one.flags === "S" && one.seq === syn.seq && one.sport === syn.sport)).toBe(true);
  const syns = [syn, ...sent].map((one) => (one.time - start) / 1e6);
  return { syns, failedAt: (failedAt - start) / 1e6, lines: wire.owner.lines };
}

describe("SYN retransmission", () => {
  it("on a kernel without granules sends at 0 1 3 7 15 31 63 s and ends with ETIMEDOUT at 127 s", () => {
    const { syns, failedAt, lines } = synLadder(new Wire({ kernel: "4.4.11" }));
    expect(syns).toEqual([0, 1, 3, 7, 15, 31, 63]);
    expect(Math.round(failedAt)).toBe(127);
    expect(lines).toEqual([`failed ${Errno.ETIMEDOUT}`]);
  });

  // The granule of a delay at HZ=250: the timer fires that much later at most, and never early.
  const granule = (delay: number): number => (delay < 0.25 ? 0.004 : delay < 2 ? 0.032 : delay < 16 ? 0.256 : 2.048);

  it.each<[string, number[]]>([
    ["5.4.188", [1, 2, 4, 8, 16, 32, 64]],
    ["6.4", [1, 2, 4, 8, 16, 32, 64]],
    ["6.5", [1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64]],
    ["6.18.44", [1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64]],
  ])("on %s waits %j s between SYNs, each as much later as its timer's granule allows", (kernel, gaps) => {
    const { syns, failedAt } = synLadder(new Wire({ kernel }));
    const moments = [...syns, failedAt];
    for (const [index, gap] of gaps.entries()) {
      const waited = moments[index + 1]! - moments[index]!;
      expect(waited).toBeGreaterThanOrEqual(gap);
      expect(waited).toBeLessThanOrEqual(gap + granule(gap) + 0.005);
    }
    expect(moments).toHaveLength(gaps.length + 1);
  });

  it("follows tcp_syn_retries and tcp_syn_linear_timeouts", () => {
    const wire = new Wire({ kernel: "4.4.11", sysctls: { "net.ipv4.tcp_syn_retries": "2" } });
    expect(synLadder(wire).syns).toEqual([0, 1, 3]);
    const sysctls = { "net.ipv4.tcp_syn_retries": "2", "net.ipv4.tcp_syn_linear_timeouts": "1" };
    expect(synLadder(new Wire({ kernel: "6.5", sysctls })).syns.map(Math.floor)).toEqual([0, 1, 2, 4]);
  });

  it("gives up from 6.5 on when the time of tcp_syn_retries is over, although SYNs are left", () => {
    const ladder = (retries: string, linear: string): readonly [number, number] => {
      const sysctls = { "net.ipv4.tcp_syn_retries": retries, "net.ipv4.tcp_syn_linear_timeouts": linear };
      const { syns, failedAt } = synLadder(new Wire({ kernel: "6.12", sysctls }));
      return [syns.length, Math.floor(failedAt)];
    };
    expect([ladder("1", "4"), ladder("2", "4"), ladder("3", "4")]).toEqual([
      [3, 3],
      [6, 7],
      [8, 19],
    ]);
    expect(ladder("4", "127")[1]).toBe(31);
  });

  it("counts that time from the first SYN, also when a challenge ACK had the second one hastened", () => {
    const sysctls = { "net.ipv4.tcp_syn_retries": "2" };
    const wire = new Wire({ kernel: "6.12", sysctls });
    // The slot's earlier connection left a note of its own.
    const first = wire.connect(PORT);
    wire.inject({ sport: PORT, dport: first.syn.sport, flags: ".", seq: 7000, ack: first.syn.seq + 9 });
    wire.tcp.close(first.slot);
    wire.at(100).takeSent();
    const { slot, syn } = wire.connect(PORT);
    wire.inject({ sport: PORT, dport: syn.sport, flags: ".", seq: 7000, ack: syn.seq + 9 });
    expect(wire.at(106.9).tcp.sockets.state(slot)).toBe(TcpState.SYN_SENT);
    expect(wire.at(112).owner.lines).toEqual([`failed ${Errno.ETIMEDOUT}`]);
  });
});

describe("A segment for a socket in SYN_SENT", () => {
  const arrive = (flags: string, ackOffset: number, kernel = "5.4.188"): { wire: Wire; slot: number; seq: number } => {
    const wire = new Wire({ kernel });
    const { slot, syn } = wire.connect(PORT);
    wire.inject({ sport: PORT, dport: syn.sport, flags, seq: 7000, ack: syn.seq + ackOffset });
    return { wire, slot, seq: syn.seq };
  };
  const isWaiting = ({ wire, slot }: { wire: Wire; slot: number }): boolean =>
    wire.tcp.sockets.state(slot) === TcpState.SYN_SENT && wire.owner.lines.length === 0;

  it("SYN+ACK of our SYN: ESTABLISHED, acknowledged at once", () => {
    const { wire, slot, seq } = arrive("S.", 1);
    expect(wire.tcp.sockets.state(slot)).toBe(TcpState.ESTABLISHED);
    expect(wire.owner.lines).toEqual(["connected"]);
    expect(wire.takeSent()).toMatchObject([{ flags: ".", seq: (seq + 1) | 0, ack: 7001 }]);
    wire.at(300);
    expect(wire.takeSent()).toEqual([]);
  });

  it.each(["S.", ".", "F.", "P."])("%s with a wrong ack: a bare RST with seq = that ack, and it waits on", (flags) => {
    for (const offset of [0, 2, -1000]) {
      const here = arrive(flags, offset);
      const [reset, ...more] = here.wire.takeSent();
      expect(reset).toMatchObject({ flags: "R", seq: (here.seq + offset) | 0, ack: 0, hasZeroWindow: true });
      expect(more).toEqual([]);
      expect(isWaiting(here)).toBe(true);
    }
  });

  it("a wrong ack draws the SYN again within two ticks from 5.6 on, and not before", () => {
    const early = (kernel: string, flags: string): number[] => {
      const { wire } = arrive(flags, 0, kernel);
      wire.takeSent();
      wire.at(0.9);
      return wire.takeSent().map((segment) => segment.time);
    };
    expect(early("5.4.188", ".")).toEqual([]);
    for (const flags of [".", "R."]) {
      const [again, ...more] = early("6.1", flags);
      expect(again).toBeGreaterThanOrEqual(8_000);
      expect(again).toBeLessThanOrEqual(12_000);
      expect(more).toEqual([]);
    }
  });

  it("RST+ACK of our SYN: ECONNREFUSED, the port is free", () => {
    const { wire, slot } = arrive("R.", 1);
    expect(wire.owner.lines).toEqual([`failed ${Errno.ECONNREFUSED}`]);
    expect([wire.takeSent(), wire.tcp.sockets.state(slot), wire.host.ports.inUse]).toEqual([[], TcpState.CLOSE, 0]);
    expect(wire.host.counters.TcpAttemptFails).toBe(1);
  });

  it("RST+ACK of anything else: dropped, no reply", () => {
    for (const offset of [0, 2]) {
      const here = arrive("R.", offset);
      expect([here.wire.takeSent(), isWaiting(here)]).toEqual([[], true]);
    }
  });

  it.each(["R", "F", "", "P"])("%j without an ACK changes nothing", (flags) => {
    const here = arrive(flags, 1);
    expect([here.wire.takeSent(), isWaiting(here)]).toEqual([[], true]);
  });

  it("a bare RST is ignored whatever its sequence number", () => {
    const wire = new Wire();
    const { slot, syn } = wire.connect(PORT);
    for (const seq of [0, 1, syn.seq, syn.seq + 1, syn.seq + 2])
      wire.inject({ sport: PORT, dport: syn.sport, flags: "R", seq });
    expect([wire.takeSent(), wire.tcp.sockets.state(slot)]).toEqual([[], TcpState.SYN_SENT]);
  });

  it("a pure ACK of our SYN is ignored", () => {
    const here = arrive(".", 1);
    expect([here.wire.takeSent(), isWaiting(here)]).toEqual([[], true]);
  });
});

describe("close() in SYN_SENT", () => {
  it("sends nothing and frees port and tuple at once", () => {
    const wire = new Wire({ sysctls: { "net.ipv4.ip_local_port_range": "50000 50000" } });
    const { slot } = wire.connect(PORT);
    expect(wire.tryConnect(PORT)).toBe(-Errno.EADDRNOTAVAIL);
    wire.tcp.close(slot);
    expect([wire.takeSent(), wire.host.ports.inUse]).toEqual([[], 0]);
    expect(wire.connect(PORT).syn.sport).toBe(50000);
    wire.at(0.5);
    expect([wire.takeSent(), wire.owner.lines]).toEqual([[], []]);
  });

  it("leaves a late SYN-ACK to the closed port: RST with seq = its ack", () => {
    const wire = new Wire();
    const { slot, syn } = wire.connect(PORT);
    wire.tcp.close(slot);
    wire.inject({ sport: PORT, dport: syn.sport, flags: "S.", seq: 7000, ack: syn.seq + 1 });
    expect(wire.takeSent()).toMatchObject([{ flags: "R", seq: (syn.seq + 1) | 0, ack: 0, hasZeroWindow: true }]);
  });
});
