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
    const bench = new ConntrackBench();
    bench.pass(">", "S");
    expect(bench.at(1).pass(">", "S")).toBe("NEW");
    expect(bench.show()).toBe("SYN_SENT 119 [UNREPLIED]");
    expect(bench.at(119).show()).toBe("SYN_SENT 1 [UNREPLIED]");
    expect(bench.at(120).show()).toBeUndefined();
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
    const strict = new ConntrackBench({ sysctls: { "net.netfilter.nf_conntrack_tcp_loose": "0" } });
    expect([strict.pass(">", "."), strict.count]).toEqual(["INVALID", 0]);
  });

  it("a UDP datagram makes one of 30 s, and of 120 s once it is answered", () => {
    const bench = new ConntrackBench();
    const udp = { protocol: Protocol.UDP };
    expect([bench.pass(">", "", udp), bench.pass("<", "", udp), bench.pass(">", "", udp)]).toEqual([
      "NEW",
      "ESTABLISHED",
      "ESTABLISHED",
    ]);
    const { table } = bench.conntrack;
    expect(table.expires[0]! / 1e6).toBe(120);
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
