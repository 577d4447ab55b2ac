import type { AuditedChange, IntervalDocument, VariantDocument } from "./run_document.ts";

/** A figure under both settings; `b` less `a` is the difference. */
export interface DiffFigure {
  /** Path of the figure: `probes.probability`, `restarts.perNodeWeek`, `readiness.flipsPerNodeWeek`, a workload's or a peak. */
  readonly figure: string;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  readonly interval: IntervalDocument;
  /** Differences up to this size do not matter, either way. */
  readonly margin: number;
  /** How many times greater the variance would be without pairing; `null` where nothing varies between boots. */
  readonly varianceReduction: number | null;
  /** `no-difference` if the whole interval lies within the margin. */
  readonly change: AuditedChange;
}

/** Whether B is better than A. `no-difference` is at this precision: the interval lies within the margin of indifference. */
export type DiffVerdict = "better" | "worse" | "no-difference" | "undecided";

/** How the cursor of `connect()` is shared: by the machine, by the destinations of a group, or drawn anew every 10 s. */
export type CursorScope = "machine" | "destination" | "destination-and-epoch";

/** What decides on one side which connects take a NodePort, and how many in a row. */
export interface MechanismFactors {
  readonly portWalk: string;
  readonly cursor: CursorScope;
  readonly portRange: readonly [low: number, high: number];
  /** NodePorts, and those of them that a connect can be given; the mean over boots, as each may draw its own. */
  readonly nodePorts: number;
  readonly reachable: number;
  /** NodePorts of the range that are reserved, held by a socket, or of the parity that comes second; the mean over boots. */
  readonly reserved: number;
  readonly held: number;
  readonly otherParity: number;
  /** The longest block of neighbouring NodePorts in the range, 30080 beside 30081; the median over boots. */
  readonly adjacent: number;
  /** The longest row of NodePorts that one walk meets step by step; the median over boots. */
  readonly inARow: number;
  /** The most starting places of the walk that lead to one NodePort: 1, and more behind closed ports; the largest of all boots. */
  readonly startsOfOneNodePort: number;
  /** Connects to the busiest probed destination in 10 s. */
  readonly connectsPerEpoch: number;
  /** Failures in a row that the least patient liveness probe takes to restart a container; `null` without one. */
  readonly livenessThreshold: number | null;
}

/** One of the files compared, and what its side sets. */
export interface DiffSideDocument extends VariantDocument {
  readonly file: string;
  readonly digest: string;
  readonly about: string;
  readonly mechanism: MechanismFactors;
}

/** The document of `sim diff --format json` (`diff/1`). With the same scenarios, settings and version only the two time fields of `engine` differ. */
export interface DiffDocument {
  readonly format: "diff/1";
  readonly settings: {
    readonly seed: string;
    readonly replications: number;
    readonly durationSeconds: number;
    /** Share of A's figure up to which a difference does not matter. */
    readonly margin: number;
    /** What the command line changed on both sides, by path. */
    readonly overrides: Readonly<Record<string, string>>;
  };
  readonly verdict: DiffVerdict;
  /** The figure that the verdict rests on. */
  readonly decidedBy: string;
  /** The weightiest first; peaks come last and have no part in the verdict. */
  readonly figures: readonly DiffFigure[];
  /** Whether both sides had the same history, outcome by outcome, in all boots. */
  readonly isSameHistory: boolean;
  /** Names of the factors that differ. */
  readonly changed: readonly (keyof MechanismFactors)[];
  readonly a: DiffSideDocument;
  readonly b: DiffSideDocument;
  readonly engine: { readonly version: string; readonly cpuSeconds: number; readonly wallSeconds: number };
}
