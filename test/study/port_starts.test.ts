import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PORT_WALKS } from "../../src/kernel/kernel_era.ts";
import { enumerateStarts, pickable, startCount, startsByPort } from "../../src/study/port_starts.ts";

const none = (): boolean => false;

describe("startsByPort", () => {
  it("sends all starts within a reservation to the first port behind it", () => {
    const isReserved = (port: number): boolean => port >= 38_000 && port <= 39_999;
    const counts = startsByPort({ walk: "5.18+", range: [32_768, 60_999], isReserved, isHeld: none });
    expect([counts[40_000], counts[40_002], counts[39_998], counts[40_001]]).toEqual([1_001, 1, 0, 0]);
  });

  it("lets the walk of 4.2 fall to the odd port behind a reserved even one", () => {
    const isReserved = (port: number): boolean => port === 30_080;
    const isPickable = pickable({ walk: "4.2-4.5", range: [30_000, 30_999], isReserved, isHeld: none });
    expect([30_079, 30_080, 30_081, 30_082].map(isPickable)).toEqual([false, false, true, true]);
  });

  it("takes the other parity for pickable where nothing of the first is open", () => {
    const isReserved = (port: number): boolean => port % 2 === 0;
    const isPickable = pickable({ walk: "5.18+", range: [30_000, 30_009], isReserved, isHeld: none });
    expect([30_001, 30_002, 30_009, 30_011].map(isPickable)).toEqual([true, false, true, false]);
  });

  it("counts every start once, and those that find no port apart", () => {
    const all = startsByPort({ walk: "4.6-5.11", range: [100, 119], isReserved: () => true, isHeld: none });
    expect([all[65_536], all.reduce((sum, count) => sum + count, 0)]).toEqual([10, 10]);
  });

  it("agrees with the enumeration of failing starts, for any range, holes and NodePorts", () => {
    const ports = fc.uniqueArray(fc.integer({ min: 1_000, max: 1_040 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.constantFrom(...PORT_WALKS),
        fc.integer({ min: 1_000, max: 1_020 }),
        fc.integer({ min: 0, max: 20 }),
        fc.tuple(ports, ports),
        (walk, low, more, [closed, nodePorts]) => {
          const range = [low, low + more] as const;
          const isReserved = (port: number): boolean => closed.includes(port);
          const counts = startsByPort({ walk, range, isReserved, isHeld: none });
          const { isFailing } = enumerateStarts({ walk, range, isReserved, isHeld: none, nodePorts });
          const failing = nodePorts.reduce((sum, port) => sum + counts[port]!, counts[65_536]!);
          expect(failing).toBe(isFailing.reduce((sum, one) => sum + one, 0));
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(startCount(walk, more + 1));
        },
      ),
    );
  });
});
