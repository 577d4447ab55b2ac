import { brokenMachines } from "../kernel/invariants/machine_invariants.ts";
import type { Cluster } from "./cluster.ts";
import type { CauseCounts, ReplicationResult } from "./replication_result.ts";

/** Sentences that a message holds at most: one fault often breaks much. */
const SENTENCES_MOST = 5;

/** How closely a run is looked at. */
export interface InvariantOptions {
  /** Look at every bucket of every hash as well, which may be far more than there are rows. */
  readonly isThorough?: boolean;
}

/**
 * Checks between two events that what must always hold of a cluster holds: of the events to come, of the packets under
 * way, of the tables of all kernels, and of the connections of all clients. It changes nothing, so a run that is checked
 * is the run that is not. O(rows of all tables).
 *
 * @throws Error, as `assert` does, with a sentence for each thing that does not hold, five at most.
 */
export function checkInvariants(cluster: Cluster, { isThorough = false }: InvariantOptions = {}): void {
  throwIfAny(brokenCluster(cluster, isThorough));
}

/**
 * Checks that the figures of a result agree with each other: every failure has one cause, and sums are those of their parts.
 *
 * @throws as `checkInvariants` does.
 */
export function checkResult(result: ReplicationResult): void {
  throwIfAny(brokenResult(result));
}

function* brokenCluster(cluster: Cluster, isThorough: boolean): Generator<string> {
  const [first] = cluster.machines();
  if (first === undefined) return;
  yield* brokenMachines(first.group, isThorough);
  for (const { clients } of cluster.sites()) yield* clients.broken();
}

function* brokenResult(result: ReplicationResult): Generator<string> {
  const { probes, series, workloads, ports } = result;
  yield* brokenCauses("probes", probes);
  for (const workload of workloads) yield* brokenCauses(workload.name, { ...workload, total: workload.connects });
  yield* brokenSum(
    "probes",
    probes.total,
    series.map((one) => one.probes),
  );
  yield* brokenSum(
    "failed probes",
    probes.failed,
    series.map((one) => one.failed),
  );
  for (const { name, probes: total, failed, longestRunOfFailures: longest } of series) {
    if (longest > failed || failed > total)
      yield `a run of failures is no longer than there are: that of "${name}" is ${longest}, of ${failed}`;
  }
  const examined = ports.candidates.reduce((sum, count) => sum + count, 0);
  if (ports.candidatesSum < examined - (ports.candidates[0] ?? 0))
    yield `a port search examines candidates: ${examined} searches examined ${ports.candidatesSum}`;
}

function* brokenCauses(
  name: string,
  { total, failed, byCause }: { readonly total: number; readonly failed: number; readonly byCause: CauseCounts },
): Generator<string> {
  if (failed > total) yield `failures are among the connections: ${failed} of ${total} of "${name}"`;
  yield* brokenSum(`failures of "${name}" by cause`, failed, Object.values(byCause));
}

function* brokenSum(what: string, total: number, parts: readonly number[]): Generator<string> {
  const sum = parts.reduce((before, part) => before + part, 0);
  if (sum !== total) yield `a total is the sum of its parts: ${what} are ${total}, their parts ${sum}`;
}

function throwIfAny(broken: Iterable<string>): void {
  const sentences: string[] = [];
  for (const sentence of broken) {
    sentences.push(sentence);
    if (sentences.length === SENTENCES_MOST) break;
  }
  if (sentences.length === 0) return;
  throw new Error(["Broken invariant:", ...sentences].join(sentences.length === 1 ? " " : "\n  "));
}
