import { SECOND } from "../units.ts";
import type { ChosenEstimator } from "./estimator.ts";
import type { PrecisionDocument, RunFigures, SettingsDocument } from "./run_document.ts";
import type { StoppingRule } from "./stopping_rule.ts";

/**
 * The figures of a pilot with the exact failure probability and rate of restarts in the place of its estimates, and what
 * follows from them. All counts and peaks stay those of the pilot.
 */
export function withExact(
  figures: RunFigures,
  { probability, restartsPerNodeWeek }: NonNullable<ChosenEstimator["exact"]>,
  { replications, durationSeconds }: SettingsDocument,
): RunFigures {
  const { probes, restarts } = figures;
  const perSecond = (probability.mean * probes.total) / (replications * durationSeconds);
  return {
    ...figures,
    probes: {
      ...probes,
      probability: probability.mean,
      interval: probability.interval,
      failuresPerHour: 3600 * perSecond,
      meanSecondsBetweenFailures: perSecond === 0 ? null : 1 / perSecond,
    },
    restarts: { ...restarts, perNodeWeek: restartsPerNodeWeek.mean, interval: restartsPerNodeWeek.interval },
  };
}

/** What a precision that was asked for has come to where the value is exact. */
export function exactPrecision({ precision, budget, cpuBudgetSeconds }: StoppingRule): PrecisionDocument {
  return {
    asked: precision,
    isReached: true,
    looks: 0,
    why: "the value is exact",
    ...(budget === undefined ? {} : { budgetSeconds: budget / SECOND }),
    ...(cpuBudgetSeconds === undefined ? {} : { cpuBudgetSeconds }),
  };
}
