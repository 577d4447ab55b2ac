import type { TopLevelSpec } from "vega-lite";

/** The kinds of charts, by what they answer. */
export const CHART_KINDS = [
  "failure-probability",
  "failure-heatmap",
  "port-map",
  "occupancy",
  "candidates",
  "runs-of-failures",
  "time-to-failure",
  "time-to-restart",
  "before-after",
  "sequence",
] as const;

/** One of `CHART_KINDS`. */
export type ChartKind = (typeof CHART_KINDS)[number];

/** A chart as plain data; it can be stored, compared, drawn here or in a browser. */
export interface Chart {
  readonly kind: ChartKind;
  /** The finding, as one sentence. */
  readonly title: string;
  /** What is to be seen, in sentences, for those who do not see it. */
  readonly description: string;
  /** The Vega-Lite specification, its data included. It names no address, so nothing is fetched. */
  readonly spec: TopLevelSpec;
}

/** What a user may ask of charts beside their kind. */
export interface ChartOptions {
  /** A failure probability that is not to be exceeded, for the limit line; by itself it is that of the expectations. */
  readonly limit?: number;
}
