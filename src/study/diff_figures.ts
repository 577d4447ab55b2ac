import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { DiffFigure, DiffVerdict } from "./diff_document.ts";
import { counterOf, type Counted } from "./figure_counts.ts";
import { pairedDifference } from "./paired_difference.ts";
import type { FigureKind } from "./paired_difference.ts";
import type { AuditedChange, IntervalDocument } from "./run_document.ts";
import { nodeWeeks } from "./life_figures.ts";

/** A figure that is compared: how a boot counts it, and what does not matter even where A's figure is 0. */
interface Measure {
  readonly figure: string;
  readonly kind: FigureKind;
  readonly count: (result: ReplicationResult) => Counted;
  readonly leastMargin: number;
}

/** Figures that a verdict rests on, the weightiest first: a restart is worse than a lost Ready, and that than a failure. */
const JUDGED: readonly Measure[] = [
  {
    figure: "restarts.perNodeWeek",
    kind: "rate",
    count: (result) => ({ ...counterOf("restarts.count")(result), among: nodeWeeks(result) }),
    leastMargin: 1,
  },
  {
    figure: "readiness.flipsPerNodeWeek",
    kind: "rate",
    count: (result) => ({ ...counterOf("readiness.flips")(result), among: nodeWeeks(result) }),
    leastMargin: 1,
  },
  {
    figure: "probes.probability",
    kind: "proportion",
    count: counterOf("probes.probability"),
    leastMargin: 1e-6,
  },
];

/** Peaks of tables: they say how full something was, and neither better nor worse. */
const PEAKS: readonly Measure[] = [
  peak("ports.inUseMax", ({ ports }) => ports.inUseMax),
  peak("ports.timeWaitMax", ({ ports }) => ports.timeWaitMax),
  peak("conntrack.peak", ({ conntrack }) => conntrack.peak),
];

function peak(figure: string, of: (result: ReplicationResult) => number): Measure {
  return { figure, kind: "level", count: (result) => ({ events: of(result), among: 1 }), leastMargin: 1 };
}

/**
 * All figures of two settings, boot against boot: restarts, flips of Ready, the failure probability, that of each
 * workload which both have, and the peaks. Peaks are means over boots here, where `run/1` has the largest.
 *
 * @param margin the share of A's figure up to which a difference does not matter.
 */
export function diffFigures(
  a: readonly ReplicationResult[],
  b: readonly ReplicationResult[],
  margin: number,
): readonly DiffFigure[] {
  const common = (a[0]?.workloads ?? []).filter(({ name }) => b[0]?.workloads.some((other) => other.name === name));
  const workloads = common.map(({ name }): Measure => {
    const count = counterOf(`workloads.${name}.failed`);
    return { figure: `workloads.${name}.probability`, kind: "proportion", count, leastMargin: 1e-6 };
  });
  return [...JUDGED, ...workloads, ...PEAKS].flatMap((measure) => {
    const boots = a.map((result, boot) => ({ a: measure.count(result), b: measure.count(b[boot]!) }));
    const isMeasured = boots.some((boot) => boot.a.among > 0) && boots.some((boot) => boot.b.among > 0);
    if (!isMeasured) return [];
    const found = pairedDifference(boots, measure.kind);
    const own = Math.max(measure.leastMargin, margin * found.a);
    const change = boots.length === 1 ? "undecided" : changeOf(found.interval, own);
    return [{ figure: measure.figure, ...found, margin: own, change }];
  });
}

function changeOf({ low, high }: IntervalDocument, margin: number): AuditedChange {
  if (low >= -margin && high <= margin) return "no-difference";
  if (high < 0) return "lower";
  return low > 0 ? "higher" : "undecided";
}

/** Whether a verdict may rest on a figure. */
export function isJudged({ figure }: Pick<DiffFigure, "figure">): boolean {
  return PEAKS.every((measure) => measure.figure !== figure);
}

/** A verdict, and the figure that it rests on. */
export interface DecidedVerdict {
  readonly verdict: DiffVerdict;
  readonly decidedBy: string;
}

/**
 * B against A: the weightiest figure that went up or down decides. If none did, one that is undecided leaves the verdict
 * open. A figure that is 0 on both sides has no say while another is not, and workloads have none while a probe failed.
 */
export function verdictOf(figures: readonly DiffFigure[]): DecidedVerdict {
  const judged = figures.filter(isJudged);
  const changed = judged.find(({ change }) => change === "lower" || change === "higher");
  if (changed !== undefined) {
    return { verdict: changed.change === "lower" ? "better" : "worse", decidedBy: changed.figure };
  }
  const counted = judged.filter(({ a, b }) => a > 0 || b > 0);
  const ofProbes = counted.filter(({ figure }) => JUDGED.some((measure) => measure.figure === figure));
  const spoken = ofProbes.length > 0 ? ofProbes : counted;
  const speaking = spoken.length > 0 ? spoken : judged.filter(({ figure }) => figure === "probes.probability");
  const open = speaking.find(({ change }) => change === "undecided");
  const [first] = speaking;
  if (open !== undefined || first === undefined) {
    return { verdict: "undecided", decidedBy: open?.figure ?? "probes.probability" };
  }
  return { verdict: "no-difference", decidedBy: first.figure };
}
