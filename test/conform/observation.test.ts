import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameSequences } from "../../src/conform/observation.ts";
import type { ObservedPacket } from "../../src/conform/observation.ts";
import { recordedCase, recordedRun, RECORDINGS } from "./recordings.ts";

function segment(flags: string, seq: number, ack: number | null): ObservedPacket {
  const place = { at: 0, interface: "node/cni0", dir: "out", src: "10.0.0.1:1", dst: "10.0.0.2:2" } as const;
  return { kind: "tcp", ...place, flags, seq, ack, len: 0, ttl: 64 };
}

function names(...packets: ObservedPacket[]): (string | null)[][] {
  return nameSequences(packets).map((packet) => (packet.kind === "tcp" ? [packet.seq, packet.ack] : []));
}

describe("nameSequences", () => {
  it("numbers clients and servers by first appearance and keeps a retransmission's name", () => {
    expect(
      names(
        segment("S", 1000, null),
        segment("S.", 70_000, 1001),
        segment("S", 1000, null),
        segment("S.", 90_000, 1001),
        segment("S", 50_000_000, null),
        segment("P.", 1001, 70_001),
        segment("F.", 90_005, 1047),
      ),
    ).toEqual([
      ["c0", null],
      ["s0", "c0+1"],
      ["c0", null],
      ["s1", "c0+1"],
      ["c1", null],
      ["c0+1", "s0+1"],
      ["s1+5", "c0+47"],
    ]);
  });

  it("keeps the zero of a RST that answers a SYN", () => {
    expect(names(segment("S", 7, null), segment("R.", 0, 8))).toEqual([
      ["c0", null],
      ["0", "c0+1"],
    ]);
  });

  it("reads numbers modulo 2^32, signed or not", () => {
    expect(names(segment("S", -1, null), segment(".", 0, 46), segment("P.", 4294967295, 46))).toEqual([
      ["c0", null],
      ["c0+1", "c0+47"],
      ["c0", "c0+47"],
    ]);
  });

  it("shows a number whose SYN it has not seen as it is", () => {
    expect(names(segment(".", 5, null))).toEqual([["?5", null]]);
  });

  it("names the numbers of a long storm without looking at all connections for each", () => {
    const connections = 30_000;
    const storm = Array.from({ length: connections }, (_, index) => [
      segment("S", index * 1000, null),
      segment(".", index * 1000 + 1, null),
      segment("F.", index * 1000 + 47, null),
    ]);
    expect(names(...storm.flat()).at(-1)).toEqual([`c${connections - 1}+47`, null]);
  });

  it("gives the recorded names back, whatever the initial numbers are", () => {
    const cases = RECORDINGS.filter(({ file }) => /\/C/.test(file)).map(({ file }) => recordedCase(file));
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.integer(), (kernelCase, shift) => {
        const shifted = recordedRun(kernelCase).packets.map((packet) => {
          // The real zero stays one.
          if (packet.kind !== "tcp" || (packet.seq === 0 && packet.flags.includes("R"))) {
            return packet.kind === "tcp" && packet.ack !== null ? { ...packet, ack: packet.ack + shift } : packet;
          }
          return { ...packet, seq: packet.seq + shift, ack: packet.ack === null ? null : packet.ack + shift };
        });
        const recorded = (kernelCase.observed.packets ?? []).map((packet) => ({
          ...packet,
          dir: packet.dir === "out" ? "out" : "in",
        }));
        expect(nameSequences(shifted)).toEqual(recorded);
      }),
    );
  });
});
