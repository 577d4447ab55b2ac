import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { listen, RecordingOwner } from "../../support/small_network.ts";
import { HOST, type SentSegment, Wire, type WireOptions } from "../../support/wire.ts";
import { type Ipv4, type Micros, parseIpv4 } from "../../../src/units.ts";

const PORT = 80;
const CLIENT = 40000;
const LOOPBACK = parseIpv4("127.0.0.1") ?? 0;

/** The host's server has closed first: TIME_WAIT at its side; it expects sequence number 1002 next. */
function serverTimeWait(options: WireOptions = {}): {
  readonly wire: Wire;
  readonly synAck: SentSegment;
  readonly slot: number;
} {
  const wire = new Wire({ kernel: "6.1", ...options });
  let slot = -1;
  wire.owner.onAccepted = (child) => {
    slot = child;
  };
  listen(wire.tcp, wire.host, wire.owner, PORT);
  const [synAck] = wire.inject({ sport: CLIENT, dport: PORT, flags: "S", seq: 1000 }).takeSent();
  wire.inject({ sport: CLIENT, dport: PORT, flags: ".", seq: 1001, ack: synAck!.seq + 1 });
  wire.tcp.close(slot);
  wire.inject({ sport: CLIENT, dport: PORT, flags: "F.", seq: 1001, ack: synAck!.seq + 2 });
  wire.takeSent();
  return { wire, synAck: synAck!, slot };
}

describe("A segment for a TIME_WAIT entry", () => {
  it("SYN above rcv_nxt: a new request whose ISN is the old snd_nxt + 65537", () => {
    const { wire, synAck } = serverTimeWait();
    wire.at(2).inject({ sport: CLIENT, dport: PORT, flags: "S", seq: 1003 });
    expect(wire.takeSent()).toMatchObject([{ flags: "S.", seq: (synAck.seq + 2 + 65537) | 0, ack: 1004 }]);
    expect([wire.count(TcpState.TIME_WAIT), wire.count(TcpState.SYN_RECV)]).toEqual([0, 1]);
  });

  it("SYN above rcv_nxt that nobody listens for: an ACK of what it has seen, without a rate limit, and it stays", () => {
    const wire = new Wire({ kernel: "6.1" });
    const { syn } = wire.timeWait(PORT);
    const acks = [2, 2.1].map((moment) =>
      wire.at(moment).inject({ sport: PORT, dport: syn.sport, flags: "S", seq: 9000 }).takeSent(),
    );
    const ack = { flags: ".", seq: (syn.seq + 2) | 0, ack: 5002 };
    expect(acks).toMatchObject([[ack], [ack]]);
    expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
    wire.at(62.1);
    expect(wire.count(TcpState.TIME_WAIT)).toBe(0);
  });

  it("SYN at or below rcv_nxt: an ACK of what it has seen, and it stays", () => {
    for (const seq of [1002, 1001, 1]) {
      const { wire, synAck } = serverTimeWait();
      wire.at(2).inject({ sport: CLIENT, dport: PORT, flags: "S", seq });
      expect(wire.takeSent()).toMatchObject([{ flags: ".", seq: (synAck.seq + 2) | 0, ack: 1002 }]);
      expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
    }
  });

  it("answers such SYNs at most twice a second", () => {
    const { wire } = serverTimeWait();
    const answers = [2, 2.1, 2.4, 2.6].map((moment) =>
      wire.at(moment).inject({ sport: CLIENT, dport: PORT, flags: "S", seq: 1001 }).takeSent(),
    );
    expect(answers.map((answer) => answer.length)).toEqual([1, 0, 0, 1]);
  });

  it("RST with seq = rcv_nxt ends it, another RST does not", () => {
    const { wire } = serverTimeWait();
    wire.inject({ sport: CLIENT, dport: PORT, flags: "R", seq: 1001 });
    expect([wire.count(TcpState.TIME_WAIT), wire.takeSent()]).toEqual([1, []]);
    wire.inject({ sport: CLIENT, dport: PORT, flags: "R", seq: 1002 });
    expect([wire.count(TcpState.TIME_WAIT), wire.takeSent()]).toEqual([0, []]);
  });

  it("a bare ACK in sequence lets it last 60 s from then on", () => {
    const { wire, synAck } = serverTimeWait();
    wire.at(40).inject({ sport: CLIENT, dport: PORT, flags: ".", seq: 1002, ack: synAck.seq + 2 });
    expect(wire.takeSent()).toEqual([]);
    wire.at(99.9);
    expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
    wire.at(102.1);
    expect(wire.count(TcpState.TIME_WAIT)).toBe(0);
  });

  it("the peer's repeated FIN is acknowledged again and lets it last 60 s from then on", () => {
    const { wire, synAck } = serverTimeWait();
    wire.at(30).inject({ sport: CLIENT, dport: PORT, flags: "F.", seq: 1001, ack: synAck.seq + 2 });
    expect(wire.takeFlags()).toEqual(["."]);
    wire.at(89.9);
    expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
  });

  it("a FIN is acknowledged however often it comes: the peer waits for that ACK", () => {
    const { wire, synAck } = serverTimeWait();
    const fin = { sport: CLIENT, dport: PORT, flags: "F.", seq: 1001, ack: synAck.seq + 2 };
    for (const moment of [2, 2.1, 2.2]) wire.at(moment).inject(fin);
    expect(wire.takeFlags()).toEqual([".", ".", "."]);
  });
});

describe("The life of a TIME_WAIT entry", () => {
  /** How long an entry lasts that begins `begin` seconds after boot, to a tenth of a second. */
  function life(kernel: string, begin: number): number {
    const wire = new Wire({ kernel, uptime: 0 });
    wire.at(begin).timeWait(PORT);
    for (let tenths = 500; tenths < 640; tenths += 1)
      if (wire.at(begin + tenths / 10).count(TcpState.TIME_WAIT) === 0) return tenths / 10;
    throw new Error("it does not end");
  }

  it("ends on a beat of 7.5 s up to 4.0, after 52.5 to 60 s", () => {
    expect([life("4.0", 15), life("4.0", 20), life("4.0", 22.4), life("4.0", 22.5)]).toEqual([60, 55, 52.6, 60]);
  });

  it("is 60 s to the tick from 4.1 on, and up to a granule more from 4.8 on", () => {
    expect([life("4.1", 15), life("4.1", 20), life("4.1", 22.4)]).toEqual([60, 60, 60]);
    expect(life("4.8", 20)).toBeGreaterThan(60);
    expect(life("4.8", 20)).toBeLessThanOrEqual(62.1);
  });
});

const ONE_PORT = { "net.ipv4.ip_local_port_range": "50000 50000" };

describe("connect() to a tuple in TIME_WAIT", () => {
  /** One port only; a first connection to `daddr` closed first at time 0.2 s. @returns when connect() succeeds again. */
  function reuseMoments(
    kernel: string,
    daddr: Ipv4,
    mode: string | Readonly<Record<string, string>> | undefined,
    moments: readonly number[],
  ): boolean[] {
    const sysctls = {
      "net.ipv4.ip_local_port_range": "50000 50000",
      ...(typeof mode === "string" ? { "net.ipv4.tcp_tw_reuse": mode } : mode),
    };
    return moments.map((moment) => {
      const wire = new Wire({ kernel, sysctls, uptime: 100_000_000_000 });
      const server = new RecordingOwner();
      server.onPeerClosed = (slot) => wire.tcp.close(slot);
      if (daddr === LOOPBACK || daddr === HOST) {
        listen(wire.tcp, wire.host, server, PORT);
        wire.owner.onConnected = (slot) => wire.tcp.close(slot);
        wire.at(0.2);
        wire.tryConnect(PORT, daddr);
        wire.at(0.25);
      } else wire.at(0.2).timeWait(PORT);
      expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
      wire.at(moment);
      const outcome = wire.tryConnect(PORT, daddr);
      expect([0, -Errno.EADDRNOTAVAIL]).toContain(outcome);
      return outcome === 0;
    });
  }
  const peer = parseIpv4("192.0.2.2") ?? 0;
  const minute = [0.9, 1.5, 10, 59.9];

  it.each(["4.4.11", "4.18.0-147.el8", "5.4.188", "6.1", "6.18.44"])(
    "of another host is refused for the whole minute by default on %s",
    (kernel) => {
      expect(reuseMoments(kernel, peer, undefined, minute)).toEqual([false, false, false, false]);
      expect(reuseMoments(kernel, peer, undefined, [62.5])).toEqual([true]);
    },
  );

  it("of another host succeeds with tcp_tw_reuse=1 once the last timestamp is old enough for the kernel's rule", () => {
    // Last timestamp at 0.2 s. Up to 4.18: more than one second apart as whole seconds; to 6.13: another second; then 1,000 ms.
    expect(reuseMoments("4.4.11", peer, "1", [0.9, 1.1, 1.9, 2.1])).toEqual([false, false, false, true]);
    expect(reuseMoments("5.4.188", peer, "1", [0.3, 0.9, 1.01])).toEqual([false, false, true]);
    expect(reuseMoments("6.18.44", peer, "1", [0.9, 1.1, 1.19, 1.21])).toEqual([false, false, false, true]);
  });

  it("waits for tcp_tw_reuse_delay in place of a second", () => {
    const delay = { "net.ipv4.tcp_tw_reuse": "1", "net.ipv4.tcp_tw_reuse_delay": "3000" };
    expect(reuseMoments("6.18.44", peer, delay, [1.21, 3.19, 3.21])).toEqual([false, false, true]);
  });

  it("counts the seconds of 4.19 to 6.13 from boot, wherever the run begins in them", () => {
    const moments = (uptime: Micros): boolean[] =>
      [0.49, 0.51, 0.99, 1.01].map((moment) => {
        const wire = new Wire({ kernel: "5.4.188", sysctls: { ...ONE_PORT, "net.ipv4.tcp_tw_reuse": "1" }, uptime });
        wire.at(0.2).timeWait(PORT);
        return wire.at(moment).tryConnect(PORT) === 0;
      });
    expect(moments(100_000_500_000)).toEqual([false, true, true, true]);
    expect(moments(100_000_000_000)).toEqual([false, false, false, true]);
  });

  it("of another host succeeds with tcp_tw_reuse=2 before 4.19, where it is as good as 1, but not on el8", () => {
    expect(reuseMoments("4.4.11", peer, "2", [1.9, 2.1])).toEqual([false, true]);
    expect(reuseMoments("4.18", peer, "2", [1.9, 2.1])).toEqual([false, true]);
    expect(reuseMoments("4.4.11", peer, "-1", [1.9, 2.1])).toEqual([false, true]);
    expect(reuseMoments("4.18.0-147.el8", peer, "2", minute)).toEqual([false, false, false, false]);
    expect(reuseMoments("4.18.0-147.el8", peer, "1", [1.9, 2.1])).toEqual([false, true]);
  });

  it("over loopback succeeds by default from 4.19 on, and not before 4.18", () => {
    expect(reuseMoments("6.18.44", LOOPBACK, undefined, [1.1, 1.3])).toEqual([false, true]);
    expect(reuseMoments("5.4.188", LOOPBACK, undefined, [0.9, 1.01])).toEqual([false, true]);
    expect(reuseMoments("4.4.11", LOOPBACK, undefined, [1.5, 30])).toEqual([false, false]);
    expect(reuseMoments("6.18.44", LOOPBACK, "0", [1.3, 30])).toEqual([false, false]);
  });

  it("to the host's own address that is not 127.0.0.0/8 does not count as loopback", () => {
    expect(reuseMoments("5.4.188", HOST, undefined, minute)).toEqual([false, false, false, false]);
    expect(reuseMoments("6.18.44", HOST, undefined, [1.3, 30])).toEqual([false, false]);
  });

  it("counts the age from the last timestamp in sequence, and from 6.14 on from the begin of TIME_WAIT", () => {
    const afterAck = (kernel: string, moment: number): number => {
      const sysctls = { ...ONE_PORT, "net.ipv4.tcp_tw_reuse": "1" };
      const wire = new Wire({ kernel, sysctls, uptime: 100_000_000_000 });
      const { syn } = wire.at(0.2).timeWait(PORT);
      wire.at(1.5).inject({ sport: PORT, dport: 50000, flags: ".", seq: 5002, ack: syn.seq + 2 });
      return wire.at(moment).tryConnect(PORT, peer);
    };
    const { EADDRNOTAVAIL } = Errno;
    expect([afterAck("5.4.188", 1.9), afterAck("5.4.188", 2.1)]).toEqual([-EADDRNOTAVAIL, 0]);
    expect(afterAck("6.18.44", 1.9)).toBe(0);
  });

  it("begins 65537 above the old connection's numbers", () => {
    const sysctls = { "net.ipv4.ip_local_port_range": "50000 50000", "net.ipv4.tcp_tw_reuse": "1" };
    const wire = new Wire({ kernel: "5.4.188", sysctls });
    const old = wire.timeWait(PORT);
    wire.at(5);
    expect(wire.connect(PORT).syn.seq).toBe((old.syn.seq + 2 + 65537) | 0);
    expect([wire.count(TcpState.TIME_WAIT), wire.host.counters.TcpExtTWRecycled]).toEqual([0, 1]);
  });

  it("from a port that was bound beforehand needs the timestamp alone", () => {
    const rebind = (timestamps: string): number => {
      const wire = new Wire({
        kernel: "6.1",
        sysctls: { "net.ipv4.tcp_timestamps": timestamps, "net.ipv4.tcp_tw_reuse": "0" },
      });
      const bound = (): number => {
        const slot = wire.tcp.socket(wire.host, wire.owner, 0);
        expect(wire.tcp.bind(slot, { address: 0, port: 50000, hasReuseAddress: true })).toBe(0);
        return slot;
      };
      const first = bound();
      expect(wire.tcp.connect(first, peer, PORT)).toBe(0);
      const [syn] = wire.takeSent();
      wire.inject({ sport: PORT, dport: 50000, flags: "S.", seq: 5000, ack: syn!.seq + 1 });
      wire.tcp.close(first);
      wire.inject({ sport: PORT, dport: 50000, flags: "F.", seq: 5001, ack: syn!.seq + 2 });
      expect(wire.count(TcpState.TIME_WAIT)).toBe(1);
      return wire.tcp.connect(bound(), peer, PORT);
    };
    expect([rebind("1"), rebind("0")]).toEqual([0, -Errno.EADDRNOTAVAIL]);
  });

  it("never succeeds without timestamps", () => {
    const wire = new Wire({
      sysctls: {
        "net.ipv4.ip_local_port_range": "50000 50000",
        "net.ipv4.tcp_tw_reuse": "1",
        "net.ipv4.tcp_timestamps": "0",
      },
    });
    wire.timeWait(PORT);
    wire.at(30);
    expect(wire.tryConnect(PORT)).toBe(-Errno.EADDRNOTAVAIL);
  });
});
