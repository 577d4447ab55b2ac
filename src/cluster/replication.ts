import { assert } from "../sim/assert.ts";
import { CheckedLoop } from "../sim/checked_loop.ts";
import { type BrokenEvent, EventLoop } from "../sim/event_loop.ts";
import { OverlapError } from "../kernel/flow/overlapping_connections.ts";
import { RandomStreams } from "../sim/random.ts";
import { type Micros, SECOND } from "../units.ts";
import { Cluster } from "./cluster.ts";
import { checkInvariants, checkResult } from "./invariants.ts";
import { Gauges, readingsIn } from "./gauges.ts";
import { joinNodeResults, nodeResult } from "./node_result.ts";
import type { ClusterOptions } from "./options.ts";
import { watchClosely } from "./paranoid.ts";
import type { ReplicationResult } from "./replication_result.ts";
import { forgetWarmUp } from "./warm_up.ts";

/** Which part of a run is simulated. */
export interface ReplicationExtent {
  /** Stop here instead of at the scenario's duration, for a replay. */
  readonly until?: Micros;
  /** Count from this moment on; it lies before the end. */
  readonly warmUp?: Micros;
  /** How many times gauges are read at most; not at all if left out. No outcome depends on it. */
  readonly gaugeReadings?: number;
  /** Sends every packet, also where the flow path could carry a connection at once. The result is the same. */
  readonly isPacketByPacket?: boolean;
  /** Check the order of all events and all tables against plain models; several times slower, with the same result. */
  readonly paranoid?: boolean;
}

/** How a run is watched and cut short. */
export interface ReplicationControl extends ReplicationExtent {
  /** Called between two slices of the run with what has been simulated so far. */
  readonly onSlice?: (simulated: Micros, failed: number) => void;
}

/** A run between two of its slices. */
export interface ReplicationSlice {
  readonly simulated: Micros;
  readonly failed: number;
  /** What a run would yield that ended here. Asking changes nothing in the run. */
  readonly resultSoFar: () => ReplicationResult;
}

/** Broken invariants carry the place at which they can be replayed. */
export interface ReplayPlace {
  readonly replication: number;
  readonly at: Micros;
  /** Events fired by then, that of the handler included. */
  readonly event: number;
  /** In whose handler it broke; absent if it was found between two events. */
  readonly handler?: BrokenEvent;
}

const SLICE: Micros = 600 * SECOND;

/**
 * Invariants are checked for the first time when so much simulated time has passed, then whenever that has grown fourfold,
 * and at the end. Each hour would take 8 % of a run whose flows are carried.
 */
const FIRST_CHECK: Micros = 3600 * SECOND;

/**
 * The cluster that was built last, kept until the next one stands: once no object is left of a shape that V8 has compiled
 * code for, it drops that code, and would compile the same functions again every few replications.
 */
const built: { last?: Cluster } = {};

/**
 * Simulates one boot of a node, or of several on one clock: fresh boot secret, NodePort draw and probe phases, then the scenario's duration.
 *
 * @throws the engine's broken invariant, with the fields of a `ReplayPlace` added.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const read = parseScenario(readFileSync(file, "utf8"), file, ["duration=20s"]);
 * if (read.ok) console.log(runReplication(read.scenario, 0).probes.total); // 283
 * ```
 */
export function runReplication(
  options: ClusterOptions,
  replication: number,
  control: ReplicationControl = {},
): ReplicationResult {
  const slices = replicationInSlices(options, replication, { ...control, slice: SLICE });
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
    control.onSlice?.(step.value.simulated, step.value.failed);
  }
}

/**
 * Simulates as `runReplication` does, and comes back to its caller after each slice, who may do other things between two
 * slices or stop asking. The result does not depend on how long a slice is.
 *
 * @throws as `runReplication` does.
 */
export function* replicationInSlices(
  options: ClusterOptions,
  replication: number,
  extent: ReplicationExtent & { readonly slice: Micros },
): Generator<ReplicationSlice, ReplicationResult, void> {
  let told = 0;
  let isPacketByPacket = extent.isPacketByPacket === true;
  for (;;) {
    const loop = extent.paranoid === true ? new CheckedLoop() : new EventLoop();
    try {
      const slices = simulate(options, replication, { ...extent, isPacketByPacket }, loop);
      for (;;) {
        const step = slices.next();
        if (step.done === true) return step.value;
        if (step.value.simulated <= told) continue;
        told = step.value.simulated;
        yield step.value;
      }
    } catch (error) {
      if (!(error instanceof OverlapError)) {
        if (error instanceof Error) Object.assign(error, placeOf(loop, replication));
        throw error;
      }
      // What was carried since connections overlapped cannot be taken back: every packet is sent this time.
      isPacketByPacket = true;
    }
  }
}

/** What an error says of its place, if it comes from a replication. */
export function placeIn(error: unknown): Partial<ReplayPlace> {
  if (!(error instanceof Error)) return {};
  const { replication, at, event, handler }: Error & { readonly [Name in keyof ReplayPlace]?: unknown } = error;
  return {
    ...(typeof replication === "number" ? { replication } : {}),
    ...(typeof at === "number" ? { at } : {}),
    ...(typeof event === "number" ? { event } : {}),
    ...(isBrokenEvent(handler) ? { handler } : {}),
  };
}

function isBrokenEvent(value: unknown): value is BrokenEvent {
  if (typeof value !== "object" || value === null) return false;
  return (
    "handler" in value && typeof value.handler === "string" && "argument" in value && typeof value.argument === "number"
  );
}

/** Where a run is that has just broken. */
export function placeOf(loop: EventLoop, replication: number): ReplayPlace {
  const handler = loop.brokenEvent;
  return { replication, at: loop.now, event: loop.fired, ...(handler === undefined ? {} : { handler }) };
}

function* simulate(
  options: ClusterOptions,
  replication: number,
  { until, warmUp, gaugeReadings, isPacketByPacket, slice }: ReplicationExtent & { readonly slice: Micros },
  loop: EventLoop,
): Generator<ReplicationSlice, ReplicationResult, void> {
  const cluster = new Cluster(options, loop, new RandomStreams(options.seed, replication));
  built.last = cluster;
  if (isPacketByPacket !== true) cluster.carryFlows();
  if (loop instanceof CheckedLoop) watchClosely(cluster, loop);
  cluster.start();
  const heldPorts = cluster.nodes.map(({ node }) => node.kubeProxy.heldPorts());
  const end = Math.min(until ?? options.duration, options.duration);
  assert(warmUp === undefined || warmUp < end, "a warm-up is shorter than the run");
  const start = warmUp ?? 0;
  const gauges =
    gaugeReadings === undefined
      ? undefined
      : new Gauges(cluster, { start, end, readings: readingsIn(end - start, gaugeReadings) });
  const resultAt = (now: Micros, counted: Micros | undefined): ReplicationResult => {
    cluster.settle();
    const results = cluster.nodes.map((node, index) =>
      nodeResult(node, {
        replication,
        end: now,
        heldPorts: heldPorts[index] ?? [],
        ...(counted === undefined ? {} : { warmUp: counted }),
      }),
    );
    return joinNodeResults(results, cluster.fabric?.result());
  };
  let nextCheck = FIRST_CHECK;
  for (const stop of warmUp === undefined ? [end] : [warmUp, end]) {
    const counted = stop === warmUp ? undefined : warmUp;
    while (loop.now < stop) {
      loop.runUntil(Math.min(loop.now + slice, stop, gauges?.next ?? Infinity));
      gauges?.read(loop.now);
      const simulated = loop.now;
      if (simulated >= nextCheck || simulated === end) {
        checkInvariants(cluster, { isThorough: loop instanceof CheckedLoop });
        nextCheck = 4 * simulated;
      }
      yield { simulated, failed: cluster.failedProbes(), resultSoFar: () => resultAt(simulated, counted) };
    }
    if (stop === warmUp) forgetWarmUp(cluster);
  }
  const result = resultAt(end, warmUp);
  checkResult(result);
  return gauges === undefined ? result : { ...result, gauges: gauges.result() };
}
