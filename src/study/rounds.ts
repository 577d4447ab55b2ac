import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { type Micros, SECOND } from "../units.ts";
import { exactForRun, trafficWarnings } from "./exact_twin.ts";
import type { ExactDocument, PrecisionDocument } from "./run_document.ts";
import { runOnPool } from "./replication_pool.ts";
import type { ReplicationPool } from "./replication_pool.ts";
import { decide, firstRound, lookOf } from "./stopping_rule.ts";
import type { Look, LookResult, StoppingDecision, StoppingRule } from "./stopping_rule.ts";
import type { StudyPlan } from "./study_plan.ts";
import { probeInterval } from "./summary.ts";
import { sum, sumOf } from "./sum.ts";

/** How far a run has come, all variants together. */
export interface RunProgress {
  readonly finishedReplications: number;
  readonly replications: number;
  /** Simulated time of all replications together, and how much there will be. */
  readonly simulated: Micros;
  readonly total: Micros;
  readonly failed: number;
}

/** What is to be simulated, and who wants to hear of it. */
export interface RoundsRequest {
  readonly scenario: Scenario;
  readonly pool: ReplicationPool;
  readonly onProgress?: (progress: RunProgress) => void;
  readonly signal?: AbortSignal;
  /** Run only this replication (counted from 0), and only up to a moment: a replay. */
  readonly replication?: number;
  readonly until?: Micros;
  /** Leave the start of each replication out of the figures, up to this moment. */
  readonly warmUp?: Micros;
  /** Read ports, TIME_WAIT and conntrack so many times in each replication, for the document's `series`. */
  readonly gaugeReadings?: number;
  /** Send every packet, also where a connection could be carried at once. No figure depends on it. */
  readonly isPacketByPacket?: boolean;
  /** Check events and tables against plain models, as `ReplicationExtent` says; no figure depends on it. */
  readonly paranoid?: boolean;
  /** Add replications until the failure probability of the scenario as it stands is known so well. */
  readonly stopping?: StoppingRule;
}

/** How a run came to have its replications, where they were not given. */
export interface StoppedRun {
  readonly look: Look;
  readonly precision: PrecisionDocument;
}

/** Runs the replications that are asked for, round by round where a precision is. */
export async function runRounds(
  request: RoundsRequest,
  rounds: Rounds,
  cpuSeconds: () => number,
): Promise<StoppedRun | undefined> {
  const { scenario, stopping: rule } = request;
  if (request.replication !== undefined) {
    await rounds.run([request.replication]);
    return undefined;
  }
  const first = rule === undefined ? scenario.replications : firstRound(scenario.replications);
  let done = 0;
  let decision: StoppingDecision = { kind: "more", replications: first };
  let number = 0;
  // Each round adds a quarter at least, so that a hundred of them would exceed any limit.
  while (decision.kind === "more") {
    const { replications } = decision;
    await rounds.run(Array.from({ length: replications - done }, (_, index) => done + index));
    done = replications;
    if (rule === undefined) return undefined;
    number += 1;
    decision = decide(rule, lookAt(scenario, rounds.resultsOf(0), number), {
      first,
      replicationTime: scenario.duration * rounds.plan.scenarios.length,
      cpuSeconds: cpuSeconds(),
    });
  }
  if (rule === undefined) return undefined;
  const { precision: asked, budget, cpuBudgetSeconds } = rule;
  const { isReached, why } = decision;
  return {
    look: lookOf(number, LEVEL),
    precision: {
      asked,
      isReached,
      looks: number,
      why,
      ...(budget === undefined ? {} : { budgetSeconds: budget / SECOND }),
      ...(cpuBudgetSeconds === undefined ? {} : { cpuBudgetSeconds }),
    },
  };
}

const LEVEL = 0.95;

/** What the results say at a look. */
function lookAt(scenario: Scenario, results: readonly ReplicationResult[], number: number): LookResult {
  const exact = exactForRun(scenario, results);
  const probed = sumOf(results, ({ probes }) => probes.total);
  const { low, high } = probeInterval(results, lookOf(number, LEVEL).level, mayLock(scenario, results, exact));
  return {
    number,
    level: LEVEL,
    replications: results.length,
    probability: probed === 0 ? 0 : sumOf(results, ({ probes }) => probes.failed) / probed,
    low,
    high,
    exact: "declined" in exact ? undefined : exact.probability,
  };
}

/**
 * Whether destinations may lock together on a shared cursor: then whole boots fail, or do not.
 *
 * @param exact the exact value of these results.
 */
export function mayLock(scenario: Scenario, results: readonly ReplicationResult[], exact: ExactDocument): boolean {
  const isDeclined = "declined" in exact && exact.declined.includes("lock together");
  return isDeclined || trafficWarnings(scenario, results).length > 0;
}

/** The replications of all settings so far, which grow round by round. */
export class Rounds {
  readonly plan: StudyPlan;
  readonly #request: RoundsRequest;
  readonly #results: ReplicationResult[][];
  readonly #progress: ProgressSum;

  constructor(request: RoundsRequest, plan: StudyPlan) {
    this.plan = plan;
    this.#request = request;
    this.#results = plan.scenarios.map(() => []);
    this.#progress = new ProgressSum(request);
  }

  /** Of a setting, by its place in the plan, in the order of their numbers. */
  resultsOf(place: number): readonly ReplicationResult[] {
    return this.#results[place]!;
  }

  /** Adds replications of each setting. */
  async run(replications: readonly number[]): Promise<void> {
    const { until, warmUp, gaugeReadings, isPacketByPacket, paranoid, pool, signal } = this.#request;
    const given = {
      ...(until === undefined ? {} : { until }),
      ...(warmUp === undefined ? {} : { warmUp }),
      ...(gaugeReadings === undefined ? {} : { gaugeReadings }),
      ...(isPacketByPacket === undefined ? {} : { isPacketByPacket }),
      ...(paranoid === undefined ? {} : { paranoid }),
    };
    const tasks = this.plan.scenarios.flatMap((scenario) =>
      replications.map((replication) => ({ scenario, replication, ...given })),
    );
    const before = this.#progress.expect(tasks.length);
    const results = await runOnPool({
      tasks,
      pool,
      ...(signal === undefined ? {} : { signal }),
      onSlice: (task, simulated, failed) => this.#progress.slice(before + task, simulated, failed),
      onResult: () => this.#progress.finished(),
    }).catch((error: unknown) => {
      throw this.plan.placed(error, replications.length);
    });
    for (const [task, result] of results.entries()) {
      this.#results[Math.floor(task / replications.length)]!.push(result);
    }
  }
}

/** What a reader should know of a precision that was asked for. */
export function precisionWarnings(stopped: StoppedRun | undefined): readonly string[] {
  if (stopped === undefined) return [];
  const { isReached, asked, why, cpuBudgetSeconds } = stopped.precision;
  const warnings = isReached
    ? []
    : [`The precision of ${Number((100 * asked).toPrecision(12))} % was not reached: ${why}.`];
  if (cpuBudgetSeconds === undefined) return warnings;
  return [
    ...warnings,
    "With a budget of CPU seconds the number of replications depends on the machine and its load: another run may differ.",
  ];
}

/** Adds up the progress of replications that run side by side. */
class ProgressSum {
  readonly #request: RoundsRequest;
  #replications = 0;
  readonly #simulated = new Map<number, Micros>();
  readonly #failed = new Map<number, number>();
  #finished = 0;

  constructor(request: RoundsRequest) {
    this.#request = request;
  }

  /** So many more are to come. @returns the number of the first of them. */
  expect(replications: number): number {
    const before = this.#replications;
    this.#replications += replications;
    return before;
  }

  slice(task: number, simulated: Micros, failed: number): void {
    this.#simulated.set(task, simulated);
    this.#failed.set(task, failed);
    this.#tell();
  }

  finished(): void {
    this.#finished += 1;
    this.#tell();
  }

  #tell(): void {
    const { onProgress, scenario, until } = this.#request;
    const each = Math.min(until ?? scenario.duration, scenario.duration);
    onProgress?.({
      finishedReplications: this.#finished,
      replications: this.#replications,
      simulated: sum(this.#simulated.values()),
      total: each * this.#replications,
      failed: sum(this.#failed.values()),
    });
  }
}
