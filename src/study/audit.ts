import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Audit } from "../scenario/scenario.ts";
import { assert } from "../sim/assert.ts";
import { countRatio } from "./count_ratio.ts";
import type { CountRatio } from "./count_ratio.ts";
import { counterOf } from "./figure_counts.ts";
import type { AuditDocument, AuditedChange, AuditedVariant } from "./run_document.ts";
import { sumOf } from "./sum.ts";

/** What an audit compares: one setting and its replications. */
export interface AuditedRun {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly results: readonly ReplicationResult[];
}

/** A setting explains a figure if less than this share of it is left without what the setting takes away. */
const EXPLAINED_SHARE = 0.5;

/**
 * Holds a claim against the runs: for each variant how many times the standing figure its own is, with the interval of
 * `countRatio`, whether that is a change, and whether it explains the figure. A variant explains it if the whole
 * interval lies below one half, and does not if all of it lies above; else that is undecided, as it is with one boot,
 * which cannot show how much boots differ. `no-difference` means that a change by one half, up or down, is excluded.
 *
 * @param standing the replications of the scenario as it stands.
 * @param variants those that differ from it, with the same replications.
 */
export function auditRuns(
  audit: Audit,
  standing: readonly ReplicationResult[],
  variants: readonly AuditedRun[],
): AuditDocument {
  const audited = variants.map((variant) => compare(audit, standing, variant));
  return {
    claim: audit.claim,
    figure: audit.figure,
    variants: audited,
    isCause: audited.find(({ isClaimed }) => isClaimed)?.explains ?? "no",
    explainedBy: audited.filter(({ explains }) => explains === "yes").map(({ variant }) => variant),
  };
}

function compare(audit: Audit, standing: readonly ReplicationResult[], run: AuditedRun): AuditedVariant {
  assert(run.results.length === standing.length, "a variant has the replications of the scenario as it stands");
  const count = counterOf(audit.figure);
  const counts = standing.map((result, boot) => ({
    standing: count(result).events,
    varied: count(run.results[boot]!).events,
  }));
  // A variant may have fewer probes; of the probability that is no merit.
  const exposure = sumOf(standing, (result) => count(result).among) / sumOf(run.results, (r) => count(r).among);
  const isShare = audit.figure === "probes.probability";
  const found = scaled(countRatio(counts), isShare && Number.isFinite(exposure) ? exposure : 1);
  const isSingle = standing.length === 1;
  const figure = (results: readonly ReplicationResult[]): number => {
    const events = sumOf(results, (result) => count(result).events);
    const among = sumOf(results, (result) => count(result).among);
    return !isShare ? events : among === 0 ? 0 : events / among;
  };
  return {
    variant: run.name,
    settings: run.settings,
    isClaimed: run.name === audit.cause,
    standing: figure(standing),
    varied: figure(run.results),
    ratio: Number.isFinite(found.ratio) ? found.ratio : null,
    interval: {
      low: found.low,
      high: Number.isFinite(found.high) ? found.high : null,
      level: found.level,
      method: found.method,
    },
    change: isSingle ? "undecided" : changeOf(found),
    explains: isSingle ? "undecided" : explanationOf(found),
  };
}

function changeOf({ low, high }: CountRatio): AuditedChange {
  if (high < 1) return "lower";
  if (low > 1) return "higher";
  return low > 1 - EXPLAINED_SHARE && high < 1 + EXPLAINED_SHARE ? "no-difference" : "undecided";
}

function explanationOf({ low, high }: CountRatio): "yes" | "no" | "undecided" {
  if (high < EXPLAINED_SHARE) return "yes";
  return low > EXPLAINED_SHARE ? "no" : "undecided";
}

function scaled(found: CountRatio, by: number): CountRatio {
  return { ...found, ratio: found.ratio * by, low: found.low * by, high: found.high * by };
}
