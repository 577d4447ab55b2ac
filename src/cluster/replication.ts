import { assert } from "../sim/assert.ts";
import { EventLoop } from "../sim/event_loop.ts";
import { RandomStreams } from "../sim/random.ts";
import { type Micros, SECOND } from "../units.ts";
import { Cluster } from "./cluster.ts";
import { Gauges, readingsIn } from "./gauges.ts";
import { joinNodeResults, nodeResult } from "./node_result.ts";
import type { ClusterOptions } from "./options.ts";
import type { ReplicationResult } from "./replication_result.ts";
import { forgetWarmUp } from "./warm_up.ts";

/** How a run is watched and cut short. */
export interface ReplicationControl {
  /** Stop here instead of at the scenario's duration, for a replay. */
  readonly until?: Micros;
  /** Count from this moment on; it lies before the end. */
  readonly warmUp?: Micros;
  /** How many times gauges are read at most; not at all if left out. No outcome depends on it. */
  readonly gaugeReadings?: number;
  /** Called between two slices of the run with what has been simulated so far. */
  readonly onSlice?: (simulated: Micros, failed: number) => void;
}

/** Broken invariants carry the place from which they can be replayed. */
export interface ReplayPlace {
  readonly replication: number;
  readonly at: Micros;
}

const SLICE: Micros = 600 * SECOND;

/**
 * Simulates one boot of a node, or of several on one clock: fresh boot secret, NodePort draw and probe phases, then the scenario's duration.
 *
 * @throws the engine's broken invariant, with `replication` and `at` added.
 */
export function runReplication(
  options: ClusterOptions,
  replication: number,
  control: ReplicationControl = {},
): ReplicationResult {
  const loop = new EventLoop();
  try {
    return simulate(options, replication, control, loop);
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { replication, at: loop.now } satisfies ReplayPlace);
    throw error;
  }
}

function simulate(
  options: ClusterOptions,
  replication: number,
  control: ReplicationControl,
  loop: EventLoop,
): ReplicationResult {
  const cluster = new Cluster(options, loop, new RandomStreams(options.seed, replication));
  cluster.start();
  const heldPorts = cluster.nodes.map(({ node }) => node.kubeProxy.heldPorts());
  const end = Math.min(control.until ?? options.duration, options.duration);
  const { warmUp } = control;
  assert(warmUp === undefined || warmUp < end, "a warm-up is shorter than the run");
  const start = warmUp ?? 0;
  const gauges =
    control.gaugeReadings === undefined
      ? undefined
      : new Gauges(cluster, { start, end, readings: readingsIn(end - start, control.gaugeReadings) });
  for (const stop of warmUp === undefined ? [end] : [warmUp, end]) {
    while (loop.now < stop) {
      loop.runUntil(Math.min(loop.now + SLICE, stop, gauges?.next ?? Infinity));
      gauges?.read(loop.now);
      control.onSlice?.(loop.now, cluster.failedProbes());
    }
    if (stop === warmUp) forgetWarmUp(cluster);
  }
  const results = cluster.nodes.map((node, index) =>
    nodeResult(node, {
      replication,
      end,
      heldPorts: heldPorts[index] ?? [],
      ...(warmUp === undefined ? {} : { warmUp }),
    }),
  );
  const result = joinNodeResults(results, cluster.fabric?.result());
  return gauges === undefined ? result : { ...result, gauges: gauges.result() };
}
