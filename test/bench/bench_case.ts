/** Units of figures, and whether less is better; `undefined` where a figure only describes the load. */
export const UNITS = {
  "ns/event": "less",
  "ns/operation": "less",
  "ns/step": "less",
  "us/connection": "less",
  ms: "less",
  s: "less",
  bytes: "less",
  MB: "less",
  "connections/s": "more",
  "packets/s": "more",
  "events/s": "more",
  "candidates/connect": undefined,
  "packets/connection": undefined,
  entries: undefined,
} as const satisfies Record<string, "less" | "more" | undefined>;

/** A unit of `UNITS`. Seconds and their parts are CPU time, unless the figure's name says `wall`. */
export type Unit = keyof typeof UNITS;

/** One figure that a point yields. Its name and its unit tell it from the point's other figures. */
export interface Row {
  readonly measure: string;
  readonly unit: Unit;
  readonly value: number;
}

/** A line that other programs read, one for each case that they have, too. */
export interface ResultLine {
  readonly w: string;
  readonly peer: string;
  readonly n: number;
  readonly ops: number;
  /** CPU seconds of the measured section. */
  readonly cpu: number;
  readonly packets?: number;
  readonly rss_kb: number;
}

/** What one process of one point yields. */
export interface PointResult {
  readonly rows: readonly Row[];
  readonly line?: ResultLine;
  /** Why there are no rows here, such as that there is no compiler. */
  readonly missing?: string;
}

/** One point of a series; each round gives it a process of its own. */
export interface Point {
  readonly name: string;
  /** Whether `--quick` leaves it out. */
  readonly isFullOnly?: boolean;
  /** Sets up, warms up and measures. @param scale 1 for the whole work; less of it, if it is less. */
  readonly measure: (scale: number) => PointResult | Promise<PointResult>;
}

/** A figure of a point. */
export interface FigureName {
  readonly point: string;
  readonly measure: string;
}

/** One figure over another of the same round, or one figure by itself, and how large or small it may be. */
export interface Bound {
  readonly says: string;
  readonly figure: FigureName;
  readonly over?: FigureName;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One thing that is measured, at one or more points. */
export interface BenchCase {
  readonly name: string;
  /** What is measured, in one sentence. */
  readonly about: string;
  readonly points: readonly Point[];
  readonly bounds: readonly Bound[];
}

/** CPU seconds, user and system, of some work in this process. */
export function cpuSecondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
