import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Probe, Scenario } from "../scenario/scenario.ts";
import type { OtherDestination } from "./connect_counts.ts";
import { type ExactRuns, runsFrom } from "./exact_runs.ts";
import { startsInputOf } from "./exact_twin.ts";
import { enumerateStarts, type Starts, type StartsInput } from "./port_starts.ts";
import type { ExactDocument, ExactRestartsDocument } from "./run_document.ts";

const WEEK_SECONDS = 7 * 86_400;

/**
 * Failures in a row and restarts of containers beside a run's estimate, by enumeration, for the NodePorts, reservations
 * and held ports that each replication had, averaged over the replications.
 *
 * A liveness probe restarts its container at each `failureThreshold`-th failure of a run.
 *
 * @param single the exact probability of a single failure; where that is declined, so is this.
 */
export function exactRestarts(
  scenario: Scenario,
  results: readonly ReplicationResult[],
  single: ExactDocument,
): ExactRestartsDocument {
  if ("declined" in single) return single;
  if (scenario.nodes.length > 1)
    return { declined: "There are several nodes, and the exact value is that of one kernel with its ports." };
  const series = seriesOf(scenario);
  const slow = series.find(({ probe }) => probe.timeoutSeconds > probe.periodSeconds);
  if (slow !== undefined)
    return {
      declined: `a probe that fails outlasts its period (${slow.probe.periodSeconds} s), and the next comes late`,
    };
  const byExposure = new Map<string, Rates>();
  const total = new Rates();
  for (const { exposure } of results) {
    const key = JSON.stringify([exposure.portRange, exposure.intercepted, exposure.heldPorts, exposure.reservedPorts]);
    const rates = byExposure.get(key) ?? new Rates();
    if (!byExposure.has(key)) {
      const input = startsInputOf(scenario, exposure);
      const starts = enumerateStarts(input);
      for (const kind of series) {
        const runs = runsOf(starts, input, kind);
        if ("declined" in runs) return runs;
        rates.addSeries(kind, runs.consecutive);
        runs.assumptions.forEach((assumption) => total.assumptions.add(assumption));
      }
    }
    byExposure.set(key, rates);
    total.add(rates, 1 / results.length);
  }
  return {
    perNodeWeek: total.restarts,
    runs: total.runs.map((perNodeWeek, place) => ({ length: place + 1, perNodeWeek })),
    assumptions: [...total.assumptions, AFTER_RESTART],
  };
}

const AFTER_RESTART = "A container that restarts is probed on without a gap.";

/** Alike series of probes: same probe, same traffic to the destination, same traffic elsewhere. */
interface SeriesKind {
  readonly probe: Probe;
  readonly isLiveness: boolean;
  readonly sameDestination: OtherDestination;
  readonly otherDestinations: readonly OtherDestination[];
  /** How many there are. */
  count: number;
}

/** Restarts and runs of failures of one node and week. */
class Rates {
  restarts = 0;
  /** `[k]` = runs of k + 1 failures. */
  readonly runs: number[] = [];
  readonly assumptions = new Set<string>();

  addSeries({ probe, isLiveness, count }: SeriesKind, consecutive: readonly number[]): void {
    const probes = (count * WEEK_SECONDS) / probe.periodSeconds;
    const at = (length: number): number => consecutive[length - 1] ?? 0;
    for (let length = 1; length <= consecutive.length; length += 1) {
      // A run begins after a success: that a probe and those after it fail, less that the one before it failed too.
      const longEnough = at(length) - at(length + 1);
      if (isLiveness && length % probe.failureThreshold === 0) this.restarts += probes * longEnough;
      const exactlySo = longEnough - (at(length + 1) - at(length + 2));
      if (at(length) > 0) this.#addRuns(length, probes * Math.max(0, exactlySo));
    }
  }

  add(other: Rates, weight: number): void {
    this.restarts += weight * other.restarts;
    for (const [place, runs] of other.runs.entries()) this.#addRuns(place + 1, weight * runs);
  }

  #addRuns(length: number, perNodeWeek: number): void {
    while (this.runs.length < length) this.runs.push(0);
    this.runs[length - 1] = this.runs[length - 1]! + perNodeWeek;
  }
}

function runsOf(starts: Starts, input: StartsInput, kind: SeriesKind): ExactRuns {
  return runsFrom(starts, {
    ...input,
    periodSeconds: kind.probe.periodSeconds,
    sameDestination: kind.sameDestination,
    otherDestinations: kind.otherDestinations,
  });
}

/** A destination (address and port) of a node's connects. */
interface Destination {
  readonly probes: { readonly probe: Probe; readonly isLiveness: boolean }[];
  /** Periods of what connects there beside the probes. */
  readonly periods: number[];
  randomPerSecond: number;
}

/** The series of all probes, alike ones together. */
function seriesOf(scenario: Scenario): readonly SeriesKind[] {
  const destinations = [...destinationsOf(scenario).values()];
  const traffic = destinations.map((one) => trafficOf(one));
  const kinds = new Map<string, SeriesKind>();
  for (const [place, destination] of destinations.entries()) {
    for (const [which, own] of destination.probes.entries()) {
      const sameDestination = trafficOf(destination, which);
      const { periodSeconds, failureThreshold } = own.probe;
      const key = JSON.stringify([periodSeconds, failureThreshold, own.isLiveness, sameDestination, traffic[place]]);
      const kind = kinds.get(key);
      if (kind !== undefined) kind.count += 1;
      else
        kinds.set(key, {
          ...own,
          sameDestination,
          otherDestinations: alikeFirst(traffic.toSpliced(place, 1)),
          count: 1,
        });
    }
  }
  return [...kinds.values()];
}

/** Alike destinations beside each other, so that equal cases meet early. */
function alikeFirst(destinations: readonly OtherDestination[]): readonly OtherDestination[] {
  const groups = new Map<string, OtherDestination[]>();
  for (const destination of destinations) {
    const key = JSON.stringify(destination);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [destination]);
    else group.push(destination);
  }
  return [...groups.values()].toSorted((a, b) => b.length - a.length).flat();
}

/** What connects to a destination, without one of its probes (its place among them) if that is given. */
function trafficOf(destination: Destination, without?: number): OtherDestination {
  const others = destination.probes.filter((_, which) => which !== without).map(({ probe }) => probe.periodSeconds);
  return {
    periods: [...others, ...destination.periods].toSorted((a, b) => a - b),
    randomPerSecond: destination.randomPerSecond,
  };
}

/** How churn names the node; a name of its own means the same. */
const NODE = "node";

/** Everything that the machine connects to, from whatever namespace. */
function destinationsOf(scenario: Scenario): ReadonlyMap<string, Destination> {
  const destinations = new Map<string, Destination>();
  const at = (from: string, address: number, port: number): Destination => {
    // The hash is over the source address as well: a pod's connects to a place are not the node's.
    const key = `${from} ${address}:${port}`;
    const known = destinations.get(key) ?? { probes: [], periods: [], randomPerSecond: 0 };
    destinations.set(key, known);
    return known;
  };
  const dns = scenario.nodeLocalDns;
  for (const { address, readinessProbe, livenessProbe } of scenario.pods) {
    for (const [isLiveness, probe] of [[false, readinessProbe] as const, [true, livenessProbe] as const]) {
      if (probe === undefined || probe.handler.kind === "exec") continue;
      at(NODE, address, probe.handler.port).probes.push({ probe, isLiveness });
    }
  }
  if (dns !== undefined) {
    const own = at(NODE, dns.address, dns.healthPort);
    if (dns.livenessProbe.handler.kind !== "exec") own.probes.push({ probe: dns.livenessProbe, isLiveness: true });
    if (dns.selfCheck) own.periods.push(1);
  }
  for (const { from, to, ratePerSecond, arrivals, source } of scenario.churn) {
    // A host elsewhere takes ports of its own.
    if (ratePerSecond === 0 || source !== undefined) continue;
    const destination = at(from === scenario.node.name ? NODE : from, to.address, to.port);
    if (arrivals === "poisson") destination.randomPerSecond += ratePerSecond;
    else destination.periods.push(1 / ratePerSecond);
  }
  return destinations;
}
