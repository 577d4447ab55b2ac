import { modelTables } from "../kernel/invariants/modelled_machines.ts";
import type { CheckedLoop } from "../sim/checked_loop.ts";
import type { Cluster } from "./cluster.ts";
import { checkInvariants } from "./invariants.ts";

/** Events between two checks of all tables, at least. */
const EVENTS_BETWEEN = 1000;

/** How often a paranoid run checks everything. */
export interface ParanoidOptions {
  /** Events between two checks; 1 checks after each. If left out, as many as the tables have rows, 1,000 at least. */
  readonly every?: number;
}

/**
 * Watches a cluster closely that has not been started: plain maps stand beside all its tables from now on, and all
 * invariants are checked again and again, with every bucket of every hash. A run that is watched is the run that is not,
 * but takes several times as long.
 *
 * @throws in the event that breaks something, or at the next check, with the event up to which all held.
 */
export function watchClosely(cluster: Cluster, loop: CheckedLoop, { every }: ParanoidOptions = {}): void {
  const group = cluster.machines()[0]?.group;
  if (group !== undefined) modelTables(group);
  let soundUpTo = 0;
  let next = every ?? EVENTS_BETWEEN;
  loop.afterEach = () => {
    const isUnderWay = group?.flowPath !== undefined && group.flowPath.underWay > 0;
    if (loop.fired < next || isUnderWay) return;
    try {
      checkInvariants(cluster, { isThorough: true });
    } catch (error) {
      if (error instanceof Error) error.message += `\n  All held after event ${soundUpTo} of the run.`;
      throw error;
    }
    soundUpTo = loop.fired;
    next = loop.fired + (every ?? Math.max(EVENTS_BETWEEN, rowsOf(cluster)));
  };
}

/** Rows and buckets that a check looks at. */
function rowsOf(cluster: Cluster): number {
  let rows = 0;
  for (const { tcp, namespaces } of cluster.machines()) {
    rows += tcp.sockets.extent;
    for (const { conntrack, ipvs } of namespaces)
      rows +=
        (conntrack === undefined ? 0 : conntrack.table.extent + conntrack.table.chains) +
        (ipvs?.connections.extent ?? 0);
  }
  return rows;
}
