import { formatCount } from "../../../src/report/number_text.ts";
import type { BenchCase, Point } from "../bench_case.ts";
import { holdOnEventLoop, holdOnHeapInC, type HoldSize } from "./hold_model.ts";

const SIZES = [10, 1_000, 10_000, 100_000, 1_000_000];

function sizeOf(pending: number, scale: number): HoldSize {
  return { pending, warmUp: Math.max(500_000, pending) * scale, events: 2_000_000 * scale };
}

function eventLoop(pending: number): Point {
  return {
    name: `event loop, ${formatCount(pending)} pending`,
    isFullOnly: pending !== 1_000 && pending !== 100_000,
    measure: async (scale) => {
      const { events, cpuSeconds } = await holdOnEventLoop(sizeOf(pending, scale));
      const rss_kb = Math.round(process.memoryUsage.rss() / 1024);
      return {
        rows: [{ measure: "event", unit: "ns/event", value: (cpuSeconds / events) * 1e9 }],
        line: { w: "W1", peer: "portfall event loop", n: pending, ops: events, cpu: cpuSeconds, rss_kb },
      };
    },
  };
}

function heapInC(pending: number): Point {
  return {
    name: `C binary heap, ${formatCount(pending)} pending`,
    isFullOnly: pending !== 1_000 && pending !== 100_000,
    measure: async (scale) => {
      const run = await holdOnHeapInC(sizeOf(pending, scale));
      if (run === undefined) return { rows: [], missing: "no C compiler (cc) is here" };
      return { rows: [{ measure: "event", unit: "ns/event", value: (run.cpuSeconds / run.events) * 1e9 }] };
    },
  };
}

const loopEvent = (pending: number) => ({ point: `event loop, ${formatCount(pending)} pending`, measure: "event" });
const heapEvent = (pending: number) => ({ point: `C binary heap, ${formatCount(pending)} pending`, measure: "event" });

/** The cost of a bare event: the hold model. */
export const HOLD: BenchCase = {
  name: "hold",
  about: "A bare event: the earliest of N pending events fires and schedules one more, an exponential time later.",
  points: SIZES.flatMap((pending) => [eventLoop(pending), heapInC(pending)]),
  bounds: [
    {
      says: "event loop, 1,000,000 : 1,000 pending",
      figure: loopEvent(1_000_000),
      over: loopEvent(1_000),
      atMost: 4,
    },
    ...SIZES.map((pending) => ({
      says: `event loop : C binary heap, ${formatCount(pending)} pending`,
      figure: loopEvent(pending),
      over: heapEvent(pending),
    })),
  ],
};
