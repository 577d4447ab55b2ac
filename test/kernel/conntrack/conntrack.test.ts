import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Protocol } from "../../../src/kernel/packet.ts";
import { ConntrackBench } from "../../support/conntrack_bench.ts";

describe("Conntrack of one connection", () => {
  it("goes SYN_SENT, SYN_RECV, ESTABLISHED [ASSURED], with the timeout of each state", () => {
    const bench = new ConntrackBench();
    expect(bench.pass(">", "S")).toBe("NEW");
    expect(bench.show()).toBe("SYN_SENT 120 [UNREPLIED]");
    expect(bench.at(1).pass("<", "S.", { ack: 1001 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("SYN_RECV 60");
    expect(bench.at(2).pass(">", ".", { seq: 1001, ack: 5001 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("ESTABLISHED 432000 [ASSURED]");
  });

  it("closes through FIN_WAIT, CLOSE_WAIT, LAST_ACK to TIME_WAIT", () => {
    const bench = new ConntrackBench();
    bench.establish();
    const shown = [
      bench.pass(">", "F.", { seq: 1001, ack: 5001 }),
      bench.show(),
      bench.pass("<", ".", { seq: 5001, ack: 1002 }),
      bench.show(),
      bench.pass("<", "F.", { seq: 5001, ack: 1002 }),
      bench.show(),
      bench.pass(">", ".", { seq: 1002, ack: 5002 }),
      bench.show(),
    ].filter((_, index) => index % 2 === 1);
    expect(shown).toEqual([
      "FIN_WAIT 120 [ASSURED]",
      "CLOSE_WAIT 60 [ASSURED]",
      "LAST_ACK 30 [ASSURED]",
      "TIME_WAIT 120 [ASSURED]",
    ]);
  });

  it("is not refreshed by a SYN that comes again without an answer", () => {
    const bench = new ConntrackBench({ kernel: "6.2" });
    bench.pass(">", "S");
    expect(bench.at(1).pass(">", "S")).toBe("NEW");
    expect(bench.show()).toBe("SYN_SENT 119 [UNREPLIED]");
    expect(bench.at(119).show()).toBe("SYN_SENT 1 [UNREPLIED]");
    expect(bench.at(120).show()).toBeUndefined();
  });

  it("is refreshed by such a SYN up to 6.1, and later by one that a mere ACK had answered", () => {
    const old = new ConntrackBench({ kernel: "6.1.8" });
    old.pass(">", "S");
    expect(old.at(1).pass(">", "S")).toBe("NEW");
    expect(old.show()).toBe("SYN_SENT 120 [UNREPLIED]");
    const answered = new ConntrackBench({ kernel: "6.2" });
    answered.pass(">", "S");
    answered.pass("<", ".", { ack: 77 });
    answered.at(1).pass(">", "S");
    expect(answered.show()).toBe("SYN_SENT 120");
  });

  it("is not refreshed in SYN_RECV by a SYN, nor by a SYN-ACK that merely comes again", () => {
    const bench = new ConntrackBench();
    bench.pass(">", "S");
    bench.pass("<", "S.", { ack: 1001 });
    expect(bench.at(1).pass("<", "S.", { ack: 1001 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("SYN_RECV 59");
    expect(bench.at(2).pass(">", "S")).toBe("ESTABLISHED");
    expect(bench.show()).toBe("SYN_RECV 58");
  });

  it("is refreshed to 60 s by the SYN-ACK that answers such a SYN, also one with a new ISN", () => {
    const bench = new ConntrackBench();
    bench.pass(">", "S");
    bench.pass("<", "S.", { seq: 5000, ack: 1001 });
    bench.at(1).pass(">", "S");
    expect(bench.pass("<", "S.", { seq: 9_000_000, ack: 1001 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("SYN_RECV 60");
    expect(bench.at(2).pass("<", "S.", { seq: 9_000_000, ack: 1001 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("SYN_RECV 59");
  });

  it("is not refreshed by a SYN-ACK that acknowledges something else than that SYN", () => {
    const bench = new ConntrackBench();
    bench.pass(">", "S");
    bench.pass("<", "S.", { ack: 1001 });
    bench.at(1).pass(">", "S");
    bench.pass("<", "S.", { ack: 1002 });
    expect(bench.show()).toBe("SYN_RECV 59");
  });

  it("is killed at once by a RST as the only answer, which is still let through", () => {
    const bench = new ConntrackBench();
    bench.pass(">", "S");
    expect(bench.pass("<", "R.", { seq: 0, ack: 1001 })).not.toBe("DROP");
    expect([bench.show(), bench.count]).toEqual([undefined, 0]);
  });

  it("goes to CLOSE for 10 s by a RST in sequence after an answer", () => {
    const bench = new ConntrackBench();
    bench.pass(">", "S");
    bench.pass("<", "S.", { ack: 1001 });
    expect(bench.at(3).pass(">", "R", { seq: 1001 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("CLOSE 10");
  });

  it("does not close by a RST that lies before what the other side has acknowledged", () => {
    const bench = new ConntrackBench();
    bench.establish();
    bench.pass("<", "P.", { seq: 5001, ack: 1001, len: 10 });
    expect(bench.pass("<", "R", { seq: 4000 })).toBe("INVALID");
    expect(bench.show()).toMatch(/^ESTABLISHED/);
  });

  it.each([
    ["4.4.11", "CLOSE 10 [ASSURED]"],
    ["5.4.188", "ESTABLISHED 10 [ASSURED]"],
    ["6.1", "ESTABLISHED 10 [ASSURED]"],
    ["6.12", "ESTABLISHED 10 [ASSURED]"],
    ["6.12.117", "ESTABLISHED 300 [ASSURED]"],
  ])("on %s is %s after a RST that lies beyond what is expected", (kernel, shown) => {
    const bench = new ConntrackBench({ kernel });
    bench.establish();
    expect(bench.pass("<", "R", { seq: 5500 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe(shown);
  });

  it.each(["4.4.11", "5.4.188", "6.12"])(
    "closes on %s by a RST at what is expected, or at the end of the segment before",
    (kernel) => {
      const exact = new ConntrackBench({ kernel });
      exact.establish();
      exact.pass("<", "R", { seq: 5001 });
      const train = new ConntrackBench({ kernel });
      train.establish();
      train.pass("<", "P.", { seq: 5001, ack: 1001, len: 19 });
      train.pass("<", "R", { seq: 5020 });
      expect([exact.show(), train.show()]).toEqual(["CLOSE 10 [ASSURED]", "CLOSE 10 [ASSURED]"]);
    },
  );

  it("lives 300 s at most while data of either side is not acknowledged", () => {
    for (const [there, back, sent, answer] of [
      [">", "<", { seq: 1001, ack: 5001, len: 80 }, { seq: 5001, ack: 1081 }],
      ["<", ">", { seq: 5001, ack: 1001, len: 80 }, { seq: 1001, ack: 5081 }],
    ] as const) {
      const bench = new ConntrackBench();
      bench.establish();
      bench.pass(there, "P.", sent);
      expect(bench.show()).toBe("ESTABLISHED 300 [ASSURED]");
      bench.at(1).pass(back, ".", { ...answer, ack: answer.ack - 1 });
      expect(bench.show()).toBe("ESTABLISHED 300 [ASSURED]");
      bench.at(2).pass(back, ".", answer);
      expect(bench.show()).toBe("ESTABLISHED 432000 [ASSURED]");
    }
  });

  it("lives no longer than the timeout of max_retrans from the third repetition of a segment on", () => {
    const bench = new ConntrackBench({ sysctls: { "net.netfilter.nf_conntrack_tcp_timeout_max_retrans": "200" } });
    bench.establish();
    const left = (seq: number): string | undefined => {
      bench.pass(">", "P.", { seq, ack: 5001, len: 80 });
      return bench.show();
    };
    expect([1001, 1001, 1001, 1001, 1001, 1081].map(left)).toEqual([
      "ESTABLISHED 300 [ASSURED]",
      "ESTABLISHED 300 [ASSURED]",
      "ESTABLISHED 300 [ASSURED]",
      "ESTABLISHED 200 [ASSURED]",
      "ESTABLISHED 200 [ASSURED]",
      "ESTABLISHED 300 [ASSURED]",
    ]);
  });

  it("takes the shorter of a state's timeout and the one for data that is not acknowledged", () => {
    const bench = new ConntrackBench({ sysctls: { "net.netfilter.nf_conntrack_tcp_timeout_established": "100" } });
    bench.establish();
    bench.pass(">", "P.", { seq: 1001, ack: 5001, len: 80 });
    expect(bench.show()).toBe("ESTABLISHED 100 [ASSURED]");
  });

  it("closes by any RST that answers a SYN which was ignored", () => {
    // The client has begun anew, the server has forgotten the connection and answers RST+ACK with sequence number 0.
    const bench = new ConntrackBench();
    bench.establish();
    expect(bench.pass(">", "S", { seq: 77_000 })).toBe("ESTABLISHED");
    expect(bench.pass("<", "R.", { seq: 0, ack: 77_001 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("CLOSE 10 [ASSURED]");
  });

  it("gives way to a new entry when a SYN comes in TIME_WAIT, or after the client's own RST", () => {
    const closed = new ConntrackBench();
    closed.establish();
    closed.pass(">", "F.", { seq: 1001, ack: 5001 });
    closed.pass("<", "F.", { seq: 5001, ack: 1002 });
    closed.pass(">", ".", { seq: 1002, ack: 5002 });
    expect([closed.pass(">", "S", { seq: 90_000 }), closed.show()]).toEqual(["NEW", "SYN_SENT 120 [UNREPLIED]"]);
    const reset = new ConntrackBench();
    reset.establish();
    reset.pass(">", "R", { seq: 1001 });
    expect([reset.pass(">", "S", { seq: 90_000 }), reset.show()]).toEqual(["NEW", "SYN_SENT 120 [UNREPLIED]"]);
  });

  it("stays when a SYN comes after the server's RST: it is ignored", () => {
    const bench = new ConntrackBench();
    bench.establish();
    bench.pass("<", "R", { seq: 5001 });
    expect(bench.at(2).pass(">", "S", { seq: 90_000 })).toBe("ESTABLISHED");
    expect(bench.show()).toBe("CLOSE 8 [ASSURED]");
  });
});

describe("A packet that belongs to no connection", () => {
  it.each(["S.", "F.", "R", "R.", "", "F"])("%j makes no entry: INVALID, and let through", (flags) => {
    const bench = new ConntrackBench();
    expect([bench.pass(">", flags), bench.count]).toEqual(["INVALID", 0]);
    expect(bench.wire.host.counters.nf_conntrack_invalid).toBe(1);
  });

  it("a bare ACK makes one that lives 300 s until it is answered, if nf_conntrack_tcp_loose", () => {
    const bench = new ConntrackBench();
    expect([bench.pass(">", "."), bench.show()]).toEqual(["NEW", "ESTABLISHED 300 [UNREPLIED]"]);
    bench.at(1).pass(">", ".");
    expect(bench.show()).toBe("ESTABLISHED 300 [UNREPLIED]");
    const strict = new ConntrackBench({ sysctls: { "net.netfilter.nf_conntrack_tcp_loose": "0" } });
    expect([strict.pass(">", "."), strict.count]).toEqual(["INVALID", 0]);
  });

  it("a UDP datagram makes one of 30 s", () => {
    const bench = new ConntrackBench();
    const udp = { protocol: Protocol.UDP };
    expect([bench.pass(">", "", udp), bench.pass("<", "", udp), bench.pass(">", "", udp)]).toEqual([
      "NEW",
      "ESTABLISHED",
      "ESTABLISHED",
    ]);
    expect(bench.conntrack.table.expires(0) / 1e6).toBe(30);
  });
});

describe("A conntrack table that is full", () => {
  const six = { "net.netfilter.nf_conntrack_max": "6" };

  it("drops what is new and counts it when every entry is ASSURED; known connections go on", () => {
    const bench = new ConntrackBench({ sysctls: six });
    for (let client = 1; client <= 6; client += 1) bench.establish(client);
    for (let client = 7; client <= 15; client += 1) expect(bench.pass(">", "S", {}, client)).toBe("DROP");
    const { nf_conntrack_drop, nf_conntrack_early_drop } = bench.wire.host.counters;
    expect([nf_conntrack_drop, nf_conntrack_early_drop, bench.count]).toEqual([9, 0, 6]);
    expect(bench.pass(">", "P.", { seq: 1001, ack: 5001, len: 3 }, 1)).toBe("ESTABLISHED");
  });

  it("drops entries that are not ASSURED early, if one is within eight buckets, and never an ASSURED one", () => {
    // 1,024 buckets, 60 tuples that are not ASSURED: three searches of eight buckets in five find none of them.
    const sysctls = { "net.netfilter.nf_conntrack_max": "180", "net.netfilter.nf_conntrack_buckets": "1024" };
    const bench = new ConntrackBench({ sysctls });
    for (let client = 1; client <= 150; client += 1) bench.establish(client);
    let dropped = 0;
    for (let client = 1001; client <= 1400; client += 1) {
      if (bench.pass(">", "S", {}, client) === "DROP") dropped += 1;
    }
    const { nf_conntrack_drop, nf_conntrack_early_drop: early } = bench.wire.host.counters;
    expect(nf_conntrack_drop).toBe(dropped);
    expect([dropped > 20, early > 20, bench.count]).toEqual([true, true, 150 + 400 - dropped - early]);
    for (let client = 1; client <= 150; client += 1) expect(bench.show(client)).toMatch(/ASSURED/);
  });

  it("looks for such an entry in the new tuple's bucket and the seven behind it, and no further", () => {
    const sysctls = { "net.netfilter.nf_conntrack_max": "1", "net.netfilter.nf_conntrack_buckets": "1024" };
    const seen = Array.from({ length: 11 }, (_, distance) => {
      const bench = new ConntrackBench({ sysctls });
      const buckets = bench.bucketsOf(1);
      let client = 2;
      const behind = (): number => Math.min(...buckets.map((bucket) => (bucket - bench.bucketsOf(client)[0]) & 1023));
      while (behind() !== distance) client += 1;
      bench.pass(">", "S", {}, 1);
      return bench.pass(">", "S", {}, client);
    });
    expect(seen).toEqual([...Array<string>(8).fill("NEW"), ...Array<string>(3).fill("DROP")]);
  });

  it("is helped by the collector from 95 % on: closing entries go, established ones stay", () => {
    const bench = new ConntrackBench({ sysctls: six });
    for (let client = 1; client <= 6; client += 1) bench.establish(client);
    bench.pass(">", "F.", { seq: 1001, ack: 5001 }, 3);
    expect(bench.pass(">", "S", {}, 7)).toBe("DROP");
    bench.at(61);
    expect([bench.show(3), bench.count, bench.pass(">", "S", {}, 7)]).toEqual([undefined, 5, "NEW"]);
  });

  it("never holds more than nf_conntrack_max under random traffic, and its count is that of its live slots", () => {
    const packets = fc.array(
      fc.tuple(fc.constantFrom(">", "<"), fc.constantFrom("S", "S.", ".", "F.", "R", "P."), fc.nat({ max: 40 })),
      { minLength: 50, maxLength: 300 },
    );
    fc.assert(
      fc.property(packets, (traffic) => {
        const bench = new ConntrackBench({ sysctls: { "net.netfilter.nf_conntrack_max": "8" } });
        for (const [index, [direction, flags, client]] of traffic.entries()) {
          bench.at(index);
          bench.pass(direction, flags, { seq: 1000 + (index % 5), ack: 5000, len: flags === "P." ? 1 : 0 }, client + 1);
          expect(bench.count).toBeLessThanOrEqual(8);
        }
        const { table } = bench.conntrack;
        const live = [...Array(table.extent).keys()].filter((slot) => table.isUsed(slot));
        expect(live).toHaveLength(bench.count);
        expect(bench.conntrack.peak).toBeLessThanOrEqual(8);
      }),
      { numRuns: 40 },
    );
  });
});

describe("An entry whose time is over", () => {
  it("leaves the count at that moment up to 4.8, where each entry has a timer", () => {
    const bench = new ConntrackBench({ kernel: "4.8.17" });
    bench.pass(">", "S", {}, 1);
    bench.at(10).pass(">", "S", {}, 2);
    bench.establish(3);
    const counts = [119.999, 120, 129.999, 130, 1000].map((moment) => bench.at(moment).count);
    expect(counts).toEqual([3, 2, 2, 1, 1]);
  });

  it("stays in the count until the collector comes from 4.9 on", () => {
    const bench = new ConntrackBench({ kernel: "6.1" });
    bench.at(1).pass(">", "S");
    expect([bench.at(121.1).count, bench.at(181).count]).toEqual([1, 0]);
  });

  it.each([
    ["5.4.143", 128],
    ["5.15.24", 240],
    ["6.1", 180],
  ])("leaves on %s with the collector's next round, at %i s", (kernel, moment) => {
    const bench = new ConntrackBench({ kernel });
    bench.at(1).pass(">", "S");
    expect([bench.at(moment - 0.1).count, bench.at(moment + 0.1).count]).toEqual([1, 0]);
  });

  it("ends on its timer when that was put off and then brought forward", () => {
    const bench = new ConntrackBench({ kernel: "4.4.11" });
    bench.establish();
    bench.at(200).pass(">", "P.", { seq: 1001, ack: 5001, len: 3 });
    bench.pass("<", ".", { seq: 5001, ack: 1004 });
    bench.at(300).pass(">", "R", { seq: 1004 });
    expect([bench.at(309.9).count, bench.at(310).count]).toEqual([1, 0]);
    // The slot is taken again; what is left of the timers before does not end the new entry early.
    bench.pass(">", "S", {}, 7);
    expect([bench.at(429.9).count, bench.at(430).count]).toEqual([1, 0]);
  });

  it("makes room in a full table on a kernel with timers, and not yet on one with a collector", () => {
    const refusedAt = (kernel: string): number[] => {
      const sysctls = {
        "net.netfilter.nf_conntrack_max": "3",
        "net.netfilter.nf_conntrack_tcp_timeout_established": "5",
      };
      const bench = new ConntrackBench({ kernel, sysctls });
      for (const client of [1, 2, 3]) bench.establish(client);
      return [4.9, 5.1].filter((moment) => bench.at(moment).pass(">", "S", {}, 10) === "DROP");
    };
    expect([refusedAt("4.4.11"), refusedAt("6.1")]).toEqual([[4.9], [4.9, 5.1]]);
  });

  it("is found by nobody, and its timer leaves no other entry short, under random traffic on a kernel with timers", () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 70 }), fc.constantFrom("S", "R", "F."), fc.nat({ max: 5 })),
      {
        minLength: 20,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(steps, (traffic) => {
        const bench = new ConntrackBench({ kernel: "4.4.11" });
        const { table } = bench.conntrack;
        let now = 0;
        for (const [pause, flags, client] of traffic) {
          now += pause;
          bench.at(now).pass(">", flags, { seq: 1000, ack: 5000 }, client + 1);
          const slots = [...Array(table.extent).keys()].filter((slot) => table.isUsed(slot));
          expect(slots.every((slot) => table.expires(slot) > bench.wire.loop.now)).toBe(true);
          expect(slots).toHaveLength(bench.count);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("A connection that ends unconfirmed", () => {
  it("leaves no entry when a later hook drops its first packet", () => {
    const bench = new ConntrackBench();
    const { host } = bench.wire;
    const dropAll = (): 0 => 0;
    host.hooks.register(2, 0, dropAll);
    expect([bench.pass(">", "S"), bench.count]).toEqual(["DROP", 0]);
    host.hooks.unregister(2, dropAll);
    expect([bench.pass(">", "S"), bench.count]).toEqual(["NEW", 1]);
  });
});
