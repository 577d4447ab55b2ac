import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KernelCase } from "../../src/conform/case_file.ts";
import { compareCase } from "../../src/conform/compare.ts";
import type { Observation, ObservedMoment, ObservedPacket, ObservedTcpPacket } from "../../src/conform/observation.ts";
import { findOtherOutcome } from "../../src/conform/race.ts";
import { recordedCase, recordedRun, RECORDINGS } from "./recordings.ts";

// Goal: a run that does what was recorded has no difference, and a run that does not has one that says where.
// Method: each recording is turned into the run it would be, compared with itself, then changed in one thing at a time.

const C02 = recordedCase("6.1/C02.json");

function withPackets(kernelCase: KernelCase, change: (packets: ObservedPacket[]) => ObservedPacket[]): Observation {
  const run = recordedRun(kernelCase);
  return { ...run, packets: change([...run.packets]) };
}

/** The run with one TCP packet (by its place in the capture) changed. */
function withPacket(kernelCase: KernelCase, place: number, fields: Partial<ObservedTcpPacket>): Observation {
  return withPackets(kernelCase, (packets) =>
    packets.map((packet, index) => (index === place && packet.kind === "tcp" ? { ...packet, ...fields } : packet)),
  );
}

function withMoments(kernelCase: KernelCase, change: (moment: ObservedMoment) => ObservedMoment[]): Observation {
  const run = recordedRun(kernelCase);
  return { ...run, snapshots: run.snapshots.map(({ moments }) => ({ moments: moments.flatMap(change) })) };
}

/** `in C02: where | expected | actual` of each difference. */
function tell(kernelCase: KernelCase, run: Observation): string[] {
  return compareCase(kernelCase, run).map(({ where, expected, actual }) => `${where} | ${expected} | ${actual}`);
}

describe("A recording compared with itself", () => {
  it.each(RECORDINGS.map(({ file }) => file))("%s has no difference", (file) => {
    const kernelCase = recordedCase(file);
    expect(compareCase(kernelCase, recordedRun(kernelCase))).toEqual([]);
  });
});

describe("Packets", () => {
  it("differ in a flag, with the packets before it", () => {
    expect(compareCase(C02, withPacket(C02, 15, { flags: "." }))).toEqual([
      {
        where: "packets p1/eth0 in #3",
        expected: "1006.413 ms 10.23.77.129:36704 > 10.23.77.138:80 S seq c0 len 0 ttl 64",
        actual: "1006.413 ms 10.23.77.129:36704 > 10.23.77.138:80 . seq c0 len 0 ttl 64",
        before: [
          "0.433 ms 10.23.77.129:36704 > 10.23.77.138:80 S seq c0 len 0 ttl 64",
          "0.555 ms 10.23.77.129:36704 > 10.23.77.138:80 R seq c0+1 len 0 ttl 64",
        ],
      },
    ]);
  });

  it.each([
    ["a source", { src: "10.23.77.129:36705" }],
    ["a destination", { dst: "10.23.77.140:443" }],
    ["a TTL", { ttl: 63 }],
    ["a length", { len: 1 }],
    ["an acknowledgement", { ack: 1 }],
    ["a new sequence number for a retransmission", { seq: 77 }],
  ])("differ in %s", (_, fields) => {
    const retransmittedSynAck = 21;
    expect(tell(C02, withPacket(C02, retransmittedSynAck, fields))).toHaveLength(1);
  });

  it("are missed one by one", () => {
    const recorded = C02.observed.packets ?? [];
    fc.assert(
      fc.property(fc.nat(recorded.length - 1), (place) => {
        const run = withPackets(C02, (packets) => packets.filter((_, index) => index !== place));
        const { interface: seenOn = "", dir = "in" } = recorded[place] ?? {};
        const wheres = compareCase(C02, run).map(({ where }) => where);
        expect(wheres.some((where) => where.startsWith(`packets ${seenOn} ${dir === "out" ? "out" : "in"} `))).toBe(
          true,
        );
      }),
    );
  });

  it("may not be more than were recorded, but for the last moments of the capture", () => {
    const again = (atMs: number) => (packets: ObservedPacket[]) => [
      ...packets,
      ...packets.slice(0, 1).map((packet) => ({ ...packet, at: atMs * 1000 })),
    ];
    expect(tell(C02, withPackets(C02, again(3100)))).toEqual([
      "packets node/cni0 out #5 | no further packet | 3100.000 ms 10.23.77.129:36704 > 10.23.77.138:80 S seq c0 len 0 ttl 64",
    ]);
    expect(tell(C02, withPackets(C02, again(4700)))).toEqual([]);
    expect(tell(C02, withPackets(C02, again(6000)))).toEqual([]);
  });

  it("may be 100 ms or 6 % early or late, whichever is more, and no more", () => {
    const retransmission = 13;
    expect(tell(C02, withPacket(C02, retransmission, { at: 1_106_000 }))).toEqual([]);
    expect(tell(C02, withPacket(C02, retransmission, { at: 907_000 }))).toEqual([]);
    expect(tell(C02, withPacket(C02, retransmission, { at: 1_107_000 }))).toHaveLength(1);
    expect(tell(C02, withPacket(C02, retransmission, { at: 906_000 }))).toHaveLength(1);
  });

  it("count in and other as one direction", () => {
    expect((C02.observed.packets ?? []).filter(({ dir }) => dir === "other")).not.toEqual([]);
    expect(recordedRun(C02).packets.filter(({ dir }) => dir !== "in" && dir !== "out")).toEqual([]);
    expect(compareCase(C02, recordedRun(C02))).toEqual([]);
  });

  it("keep their order on an interface, even within the tolerance", () => {
    const [syn, rst] = [2, 12];
    const swapped = withPackets(C02, (packets) =>
      packets.map((packet, index) => packets[index === syn ? rst : index === rst ? syn : index] ?? packet),
    );
    expect(compareCase(C02, swapped).map(({ where }) => where)).toEqual(["packets p1/eth0 in #1"]);
  });
});

describe("ICMP errors", () => {
  it("differ in code and in what they quote", () => {
    const C06 = recordedCase("6.1/C06.json");
    const change = (fields: object) =>
      withPackets(C06, (packets) =>
        packets.map((packet) => (packet.kind === "icmp" ? { ...packet, ...fields } : packet)),
      );
    expect(tell({ ...C06, races: [] }, change({ code: 1 })).length).toBeGreaterThan(0);
    expect(tell({ ...C06, races: [] }, change({ quotedDst: "10.23.77.140:443" })).length).toBeGreaterThan(0);
  });
});

describe("Ports that the kernel chose", () => {
  const C21 = recordedCase("6.1/C21.json");
  const C18 = recordedCase("6.1/C18.json");
  const renamed = (run: Observation, from: string, to: string): Observation => {
    const packets = run.packets.map((packet) => ({
      ...packet,
      src: packet.src === from ? to : packet.src,
      dst: packet.dst === from ? to : packet.dst,
    }));
    const snapshots = run.snapshots.map(({ moments }) => ({
      moments: moments.map((moment) => ({
        ...moment,
        ss: new Map(
          [...moment.ss].map(([namespace, sockets]) => [
            namespace,
            sockets.map((socket) => ({ ...socket, local: socket.local === from ? to : socket.local })),
          ]),
        ),
        conntrack: moment.conntrack.map((entry) => ({
          ...entry,
          original: entry.original.replace(from, to),
          reply: entry.reply.replace(from, to),
        })),
      })),
    }));
    return { ...run, packets, snapshots };
  };

  it("may be any, in packets and listings alike", () => {
    expect(tell(C21, renamed(recordedRun(C21), "10.23.77.129:6672", "10.23.77.129:50123"))).toEqual([]);
  });

  it("are the same one everywhere", () => {
    const { snapshots } = recordedRun(C21);
    const run = { ...renamed(recordedRun(C21), "10.23.77.129:6672", "10.23.77.129:50123"), snapshots };
    expect(tell(C21, run)).toHaveLength(1);
  });

  it("keep their address", () => {
    expect(tell(C21, renamed(recordedRun(C21), "10.23.77.129:6672", "10.10.85.235:6672"))).not.toEqual([]);
  });

  it("may be given to sockets in any order", () => {
    const ports = C18.observed.chosen_ports.map(({ address, port }) => `${address}:${port}`);
    const run = ports.reduce((so, port, index) => renamed(so, port, `10.23.77.138:${20000 - index}`), recordedRun(C18));
    expect(tell(C18, run)).toEqual([]);
  });
});

describe("Results", () => {
  const change = (fields: object): Observation => {
    const run = recordedRun(C02);
    return { ...run, results: run.results.map((result) => ({ ...result, ...fields })) };
  };

  it.each([
    [{ result: "http 200" }, "result of action 0 | timeout in connect | http 200"],
    [{ at: 3_300_000 }, "result of action 0 | at 3001.1 ms (within 180 ms) | at 3300 ms"],
    [{ closedAt: undefined }, "result of action 0 | closed at 3001.1 ms (within 180 ms) | closed at not known"],
    [{ localPort: 36705 }, "result of action 0 | local port 36704 | local port 36705"],
  ])("differ by %o", (fields, expected) => {
    expect(tell(C02, change(fields))).toEqual([expected]);
  });

  it("are missed", () => {
    expect(tell(C02, { ...recordedRun(C02), results: [] })).toEqual([
      "result of action 0 | timeout in connect | no result",
    ]);
  });

  it("of lists without laws differ in their texts", () => {
    const C18 = recordedCase("6.1/C18.json");
    const run = recordedRun(C18);
    const groups = new Map([...run.groups, ["left open", ["connected"]]]);
    expect(tell(C18, { ...run, groups })).toEqual(['group "left open" | timeout | connected']);
  });
});

describe("Snapshots", () => {
  it("differ in a state, and say which line", () => {
    const run = withMoments(C02, (moment) => [
      { ...moment, ipvsConnections: moment.ipvsConnections.map((entry) => ({ ...entry, state: "SYN_RECV" })) },
    ]);
    expect(tell(C02, run)[0]).toBe(
      "snapshot at 401 ms: ipvs_connections | protocol: tcp, state: CLOSE, client: 10.23.77.138:80, virtual: 10.23.77.129:36704, real: 10.23.77.141:443, left_s: 9 | protocol: tcp, state: SYN_RECV, client: 10.23.77.138:80, virtual: 10.23.77.129:36704, real: 10.23.77.141:443, left: 9000000 (at 401.0 ms)",
    );
  });

  it("are right if any moment within the tolerance is, and each listing may have its own", () => {
    const early = (moment: ObservedMoment): ObservedMoment => ({ ...moment, at: moment.at - 90_000, conntrack: [] });
    const late = (moment: ObservedMoment): ObservedMoment => ({ ...moment, at: moment.at + 90_000, ss: new Map() });
    expect(
      tell(
        C02,
        withMoments(C02, (moment) => [early(moment), late(moment)]),
      ),
    ).toEqual([]);
    const tooLate = withMoments(C02, (moment) => [{ ...moment, at: moment.at + 400_000 }]);
    expect(tell(C02, tooLate)).toContain(
      "snapshot at 401 ms: conntrack | 1 lines | no listing at any moment within the tolerance",
    );
  });

  it("allow whole-second timers 2 s and socket timers 0.1 s or 6 % of the time", () => {
    const conntrack = (seconds: number) =>
      withMoments(C02, (moment) => [
        { ...moment, conntrack: moment.conntrack.map((entry) => ({ ...entry, left: entry.left + seconds * 1e6 })) },
      ]);
    expect(tell(C02, conntrack(2))).toEqual([]);
    expect(tell(C02, conntrack(2.1))).toHaveLength(1);
    const sockets = (seconds: number) =>
      withMoments(C02, (moment) => [
        {
          ...moment,
          ss: new Map(
            [...moment.ss].map(([name, list]) => [
              name,
              list.map((socket) => ({ ...socket, left: (socket.left ?? 0) + seconds * 1e6 })),
            ]),
          ),
        },
      ]);
    expect(tell(C02, sockets(0.09))).toEqual([]);
    expect(tell(C02, sockets(0.12))).toHaveLength(3);
  });

  it("list real servers in the kernel's order", () => {
    const run = withMoments(C02, (moment) => [
      {
        ...moment,
        ipvs: moment.ipvs.map((service) => ({ ...service, realServers: service.realServers.toReversed() })),
      },
    ]);
    expect(tell(C02, run)).toHaveLength(1);
    const reordered = withMoments(C02, (moment) => [{ ...moment, ipvs: moment.ipvs.toReversed() }]);
    expect(tell(C02, reordered)).toEqual([]);
  });

  it("count exactly", () => {
    const run = withMoments(C02, (moment) => [
      { ...moment, ipvsStats: moment.ipvsStats.map((stats) => ({ ...stats, inPackets: stats.inPackets + 1 })) },
    ]);
    expect(tell(C02, run)).toHaveLength(1);
  });
});

describe("A race", () => {
  const C04 = recordedCase("6.1/C04.json");
  /** The retransmitted SYN came first: one SYN-ACK near 1.06 s instead of two, on every interface. */
  const otherOrder = withPackets(C04, (packets) => {
    const seen = new Map<string, number>();
    return packets.filter((packet) => {
      if (packet.kind !== "tcp" || packet.flags !== "S." || Math.abs(packet.at - 1_060_000) > 50_000) return true;
      const place = `${packet.interface} ${packet.dir} ${packet.dst}`;
      seen.set(place, (seen.get(place) ?? 0) + 1);
      return seen.get(place) !== 1;
    });
  });

  it("that the run decides otherwise ends the comparison there", () => {
    expect(findOtherOutcome(C04, otherOrder)?.race.near_ms).toBe(1060);
    expect(compareCase(C04, otherOrder)).toEqual([]);
    expect(compareCase({ ...C04, races: [] }, otherOrder)).not.toEqual([]);
  });

  it("does not excuse what comes before it", () => {
    const wrong = {
      ...otherOrder,
      packets: otherOrder.packets.map((one, index) => (index === 0 ? { ...one, at: 200_000 } : one)),
    };
    expect(tell(C04, wrong)).toHaveLength(1);
  });

  it("does not excuse a packet that is missing", () => {
    const noSyn = withPackets(C04, (packets) =>
      packets.filter(
        (packet) => packet.kind !== "tcp" || packet.flags !== "S" || Math.abs(packet.at - 1_060_000) > 50_000,
      ),
    );
    expect(findOtherOutcome(C04, noSyn)).toBeUndefined();
    expect(compareCase(C04, noSyn)).not.toEqual([]);
  });

  it("lets the names of sequence numbers differ, but one for one", () => {
    const C08b = recordedCase("6.1/C08b.json");
    const renamed = (names: Record<string, string>): KernelCase => {
      const packets = (C08b.observed.packets ?? []).map((packet) =>
        packet.kind === "tcp" ? { ...packet, seq: names[packet.seq] ?? packet.seq } : packet,
      );
      return { ...C08b, observed: { ...C08b.observed, packets } };
    };
    const swapped = renamed({ s0: "s1", s1: "s0" });
    expect(tell(swapped, recordedRun(C08b))).toEqual([]);
    expect(tell({ ...swapped, races: [] }, recordedRun(C08b))).not.toEqual([]);
    expect(tell(renamed({ s2: "s1" }), recordedRun(C08b))).not.toEqual([]);
  });
});
