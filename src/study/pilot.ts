import type { ReplicationResult } from "../cluster/replication_result.ts";
import { chooseEstimator, PILOT_BOOTS, PILOT_TIME, pilotRefusal } from "./estimator.ts";
import type { ChosenEstimator } from "./estimator.ts";
import { Rounds } from "./rounds.ts";
import type { RoundsRequest } from "./rounds.ts";
import { StudyPlan } from "./study_plan.ts";

/** A pilot's replications, none where it was not worth running, and the estimator that follows from them. */
export interface PilotedRun {
  readonly pilot: readonly ReplicationResult[];
  readonly estimator: ChosenEstimator;
}

/**
 * Runs the pilot of a study and chooses its estimator. The pilot is the beginning of the boots that a simulation has: 8 of
 * them, 10 minutes behind the warm-up, or as long as a boot is.
 *
 * @returns `undefined` where simulation is asked for.
 */
export async function runPilot(
  request: RoundsRequest & { readonly falseAlarm?: number },
): Promise<PilotedRun | undefined> {
  const { scenario, stopping, falseAlarm, warmUp = 0 } = request;
  if (falseAlarm === undefined || stopping === undefined || request.replication !== undefined) return undefined;
  const why = pilotRefusal(scenario);
  if (why !== undefined) return { pilot: [], estimator: { document: { name: "flow", why } } };
  const until = Math.min(scenario.duration, warmUp + PILOT_TIME);
  const rounds = new Rounds({ ...request, until }, new StudyPlan(scenario, []));
  await rounds.run(Array.from({ length: PILOT_BOOTS }, (_, boot) => boot));
  const pilot = rounds.resultsOf(0);
  return { pilot, estimator: chooseEstimator(scenario, pilot, { falseAlarm, precision: stopping.precision }) };
}
