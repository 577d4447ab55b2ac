import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { assert } from "../sim/assert.ts";
import { type Micros, type Port, SECOND } from "../units.ts";
import { studentQuantile } from "./binomial.ts";
import { exactRestarts } from "./exact_restarts.ts";
import { exactForRun } from "./exact_twin.ts";
import { clumpOf } from "./life_figures.ts";
import { pilotVerdict } from "./pilot_verdict.ts";
import { mayLock } from "./rounds.ts";
import type {
  EstimatorDocument,
  ExactDocument,
  ExactRestartsDocument,
  IntervalDocument,
  PilotDocument,
} from "./run_document.ts";

/** Boots of a pilot. */
export const PILOT_BOOTS = 8;

/** The simulated time that each boot of a pilot counts: TIME_WAIT and conntrack are at their levels after 4 minutes. */
export const PILOT_TIME: Micros = 600 * SECOND;

/** How the cheapest sound estimator is chosen. */
export interface EstimatorRule {
  /** The share of right exact values that a pilot may contradict by chance: of this one point. */
  readonly falseAlarm: number;
  /** The relative half-width that is asked for. */
  readonly precision: number;
}

/** A mean over boots and its interval: of no width where all boots have the same NodePorts. */
export interface ExactFigure {
  readonly mean: number;
  readonly interval: IntervalDocument;
}

/** The estimator of a point, and its exact figures if it is `exact`. */
export interface ChosenEstimator {
  readonly document: EstimatorDocument;
  readonly exact?: {
    readonly probability: ExactFigure;
    readonly restartsPerNodeWeek: ExactFigure;
    /** The enumeration for the pilot, with its assumptions. */
    readonly twin: { readonly probability: ExactDocument; readonly restarts: ExactRestartsDocument };
  };
}

/** Why a scenario is simulated whatever the exact value is, as a clause; `undefined` if a pilot may find out. */
export function pilotRefusal(scenario: Scenario): string | undefined {
  if (scenario.variants.length > 0) return "its variants are compared boot by boot";
  if (scenario.nodes.length > 1) return "the exact value is that of one node, and there are several";
  if (scenario.timeline.length > 0)
    return "the exact value is that of a node that stays as it is, and the timeline changes it";
  const long = scenario.churn.find(({ lasts = 0 }) => lasts > PILOT_TIME / 2);
  if (long !== undefined) return `connections of ${long.name} last too long to gather within a pilot`;
  return undefined;
}

/**
 * The cheapest estimator that is sound for a point, after its pilot: the exact value where the enumeration answers for it,
 * for runs of failures too, where every failure seen is a NodePort collision, and where the pilot does not contradict it;
 * else simulation. A cursor that destinations share with a reserved or held block is always simulated.
 *
 * @param pilot the replications of the pilot, in the order of their numbers; two or more.
 */
export function chooseEstimator(
  scenario: Scenario,
  pilot: readonly ReplicationResult[],
  rule: EstimatorRule,
): ChosenEstimator {
  const exact = exactForRun(scenario, pilot);
  if ("declined" in exact) return simulated(`no exact value: ${exact.declined}`);
  if (mayLock(scenario, pilot, exact))
    return simulated("all traffic is periodic, and each probe meets only a part of the ports");
  if (pilot.some(({ exposure }) => isBlocked(scenario, exposure)))
    return simulated("a reserved or held block bends a cursor that destinations share");
  const others = pilot.reduce((sum, { probes }) => sum + probes.failed - probes.byCause["nodeport-collision"], 0);
  if (others > 0)
    return simulated("the pilot saw failures that are no NodePort collisions, of which the exact value does not speak");
  const restarts = exactRestarts(scenario, pilot, exact);
  if ("declined" in restarts) return simulated(`no exact rate of restarts: ${restarts.declined}`);
  const boots = exactBoots(scenario, pilot, { probability: exact.probability, restarts: restarts.perNodeWeek });
  const test = testOf(pilot, boots, expectedClump(scenario, pilot, restarts), rule);
  if (test.isContradicted) return simulated("exact value contradicted by the pilot", test);
  const probability = figureOf(
    boots.map((boot) => boot.probability),
    exact.probability,
  );
  const { low, high } = probability.interval;
  if (high - low > 2 * rule.precision * probability.mean)
    return simulated("boots draw their own NodePorts, and the exact values of so few of them differ too much", test);
  const rates = boots.map((boot) => boot.restarts);
  return {
    document: { name: "exact", why: "the exact value answers, and the pilot does not contradict it", pilot: test },
    exact: {
      probability,
      restartsPerNodeWeek: figureOf(rates, restarts.perNodeWeek),
      twin: { probability: exact, restarts },
    },
  };
}

/** Simulation, and why. */
function simulated(why: string, test?: PilotDocument): ChosenEstimator {
  return { document: { name: "flow", why, ...(test === undefined ? {} : { pilot: test }) } };
}

/** The pilot's test of the exact values of its boots. */
function testOf(
  pilot: readonly ReplicationResult[],
  boots: readonly ExactBoot[],
  clump: number,
  { falseAlarm }: EstimatorRule,
): PilotDocument {
  const counts = pilot.map(({ probes }, boot) => ({
    probes: probes.total,
    failed: probes.failed,
    probability: boots[boot]!.probability,
  }));
  const verdict = pilotVerdict(counts, Math.max(clump, clumpOf(pilot)));
  return {
    replications: pilot.length,
    durationSeconds: pilot[0]!.duration / SECOND,
    probes: counts.reduce((sum, { probes }) => sum + probes, 0),
    ...verdict,
    falseAlarm,
    isContradicted: verdict.pValue < falseAlarm,
  };
}

/** Whether destinations share a cursor and two ports that it must skip lie side by side, or with one port between them. */
function isBlocked(
  scenario: Scenario,
  { portRange, heldPorts, reservedPorts }: ReplicationResult["exposure"],
): boolean {
  if (scenario.kernel.era.portWalk === "5.18+") return false;
  const [low, high] = portRange;
  const closed = new Set([...heldPorts, ...reservedPorts].filter((port) => port >= low && port <= high));
  // From 4.2 on a walk looks at every second port.
  return [...closed].some((port) => closed.has(port + 1) || closed.has(port + 2));
}

/** What the enumeration gives for one boot. */
interface ExactBoot {
  readonly probability: number;
  readonly restarts: number;
}

/**
 * The exact figures of each boot, enumerated once for boots whose NodePorts are the same.
 *
 * @param mean those of all boots together, which are each one's where all are the same.
 */
function exactBoots(scenario: Scenario, pilot: readonly ReplicationResult[], mean: ExactBoot): readonly ExactBoot[] {
  const keys = pilot.map(({ exposure: { portRange, intercepted, heldPorts, reservedPorts } }) =>
    JSON.stringify([portRange, intercepted, heldPorts, reservedPorts]),
  );
  if (new Set(keys).size === 1) return keys.map(() => mean);
  const known = new Map<string, ExactBoot>();
  for (const [place, key] of keys.entries()) if (!known.has(key)) known.set(key, exactBoot(scenario, pilot[place]!));
  return keys.map((key) => known.get(key)!);
}

/** Of a boot for which the enumeration answers, as it does for all of a pilot or for none. */
function exactBoot(scenario: Scenario, boot: ReplicationResult): ExactBoot {
  const exact = exactForRun(scenario, [boot]);
  const restarts = exactRestarts(scenario, [boot], exact);
  assert(!("declined" in exact) && !("declined" in restarts), "the enumeration answers for each boot of the pilot");
  return { probability: exact.probability, restarts: restarts.perNodeWeek };
}

/** Ports between NodePorts within which one failure may bring the next connect to another one: a connect moves 16 at most. */
const NEIGHBOURS = 16;

/**
 * How many failures come together by the enumeration, seen from one of them: the mean run of one probe that a failure is
 * in, times the probes of a destination where NodePorts lie so near each other that they may meet them in turn.
 */
function expectedClump(
  scenario: Scenario,
  pilot: readonly ReplicationResult[],
  { runs }: Exclude<ExactRestartsDocument, { readonly declined: string }>,
): number {
  let failures = 0;
  let squares = 0;
  for (const { length, perNodeWeek } of runs) {
    failures += length * perNodeWeek;
    squares += length * length * perNodeWeek;
  }
  const run = failures === 0 ? 1 : squares / failures;
  const hasNeighbours = pilot.some(({ exposure }) => areNear(exposure.intercepted));
  const hasBoth = scenario.pods.some((pod) => pod.readinessProbe !== undefined && pod.livenessProbe !== undefined);
  return Math.max(1, run) * (hasNeighbours && hasBoth ? 2 : 1);
}

function areNear(ports: readonly Port[]): boolean {
  const ordered = ports.toSorted((a, b) => a - b);
  return ordered.some((port, place) => place > 0 && port - ordered[place - 1]! <= NEIGHBOURS);
}

const LEVEL = 0.95;

/** The mean over boots. Boots that draw NodePorts of their own are a sample of all such boots. */
function figureOf(values: readonly number[], mean: number): ExactFigure {
  const squares = values.reduce((sum, value) => sum + (value - values[0]!) * (value - values[0]!), 0);
  if (squares === 0) {
    const method = "none needed: the exact value under its assumptions, not contradicted by a pilot";
    return { mean, interval: { low: mean, high: mean, level: LEVEL, method } };
  }
  const variance = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1);
  const half = Math.sqrt(variance / values.length) * studentQuantile((1 + LEVEL) / 2, values.length - 1);
  const method = `Student's t over the exact values of ${values.length} boots, each with its own NodePorts`;
  return { mean, interval: { low: Math.max(0, mean - half), high: mean + half, level: LEVEL, method } };
}
