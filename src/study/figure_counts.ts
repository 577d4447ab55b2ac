import { FAILURE_CAUSES } from "../cluster/replication_result.ts";
import type { CauseCounts, ReplicationResult } from "../cluster/replication_result.ts";

/** Events of a figure in one replication, and among how many trials (1 where it has none). */
export interface Counted {
  readonly events: number;
  readonly among: number;
}

/** How a figure of `isAuditFigure` is counted in one replication. */
export function counterOf(figure: string): (result: ReplicationResult) => Counted {
  if (figure === "probes.probability" || figure === "probes.failed") {
    return ({ probes }) => ({ events: probes.failed, among: probes.total });
  }
  if (figure === "restarts.count") return ({ restarts }) => ({ events: restarts, among: 1 });
  if (figure === "readiness.flips") return ({ readiness }) => ({ events: readiness.flips, among: 1 });
  const cause = FAILURE_CAUSES.find((name) => figure.endsWith(`.byCause.${name}`));
  const failures = ({ failed, byCause }: { readonly failed: number; readonly byCause: CauseCounts }): number =>
    cause === undefined ? failed : byCause[cause];
  if (figure.startsWith("probes.")) return ({ probes }) => ({ events: failures(probes), among: probes.total });
  if (figure.startsWith("loadBalancers.")) return checksOf(figure.slice("loadBalancers.".length, -".failed".length));
  const end = cause === undefined ? ".failed" : `.byCause.${cause}`;
  const name = figure.slice("workloads.".length, -end.length);
  return ({ workloads }) => {
    const workload = workloads.find((each) => each.name === name);
    return workload === undefined ? { events: 0, among: 0 } : { events: failures(workload), among: workload.connects };
  };
}

/** The failed checks of a load balancer among all. */
function checksOf(name: string): (result: ReplicationResult) => Counted {
  return ({ loadBalancers }) => {
    const balancer = loadBalancers.find((each) => each.name === name);
    return { events: balancer?.failed ?? 0, among: balancer?.checks ?? 0 };
  };
}
