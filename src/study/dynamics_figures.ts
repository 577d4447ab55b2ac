import type { LoadBalancerResult, ReplicationResult } from "../cluster/replication_result.ts";
import { SECOND } from "../units.ts";
import { proportionInterval } from "./intervals.ts";
import type { RunFigures } from "./run_document.ts";
import { sumOf } from "./sum.ts";

/** Lines of kube-proxy's log in the document. */
const LOG_LINES = 10;

/** What load balancers saw of all nodes: one replication is one node. */
export function loadBalancerFigures(results: readonly ReplicationResult[], level: number): RunFigures["loadBalancers"] {
  return (results[0]?.loadBalancers ?? []).map(({ name, service }, place) => {
    const parts = results.flatMap(({ loadBalancers }) => loadBalancers.slice(place, place + 1));
    const add = (value: (part: LoadBalancerResult) => number): number => sumOf(parts, value);
    const checks = add((part) => part.checks);
    const failed = add((part) => part.failed);
    const time = sumOf(results, ({ duration }) => duration);
    const marked = parts.map((part) => ({ n: 1, x: part.markedUnhealthy > 0 ? 1 : 0 }));
    const nodes = sumOf(marked, ({ x }) => x);
    const { designEffect: _designEffect, ...interval } = proportionInterval(marked, level);
    return {
      name,
      service,
      checks,
      failed,
      failedShare: checks === 0 ? 0 : failed / checks,
      timesMarkedUnhealthy: add((part) => part.markedUnhealthy),
      unhealthyShare: time === 0 ? 0 : add((part) => part.unhealthy) / time,
      nodesMarkedUnhealthy: nodes,
      nodesMarkedUnhealthyShare: nodes / parts.length,
      interval,
      connects: add((part) => part.connects),
      connectsFailed: add((part) => part.connectsFailed),
    };
  });
}

/** What kube-proxy did on all nodes. */
export function kubeProxyFigures(results: readonly ReplicationResult[]): RunFigures["kubeProxy"] {
  const parts = results.map(({ kubeProxy }) => kubeProxy);
  const add = (value: (part: ReplicationResult["kubeProxy"]) => number): number => sumOf(parts, value);
  const log = parts.find(({ logLines }) => logLines > 0)?.log ?? [];
  return {
    syncs: add(({ syncs }) => syncs),
    restarts: add(({ restarts }) => restarts),
    hangs: add(({ hangs }) => hangs),
    hungNodes: add(({ hungNodes }) => hungNodes),
    hungSeconds: add(({ hung }) => hung) / SECOND,
    staleServers: add(({ staleServers }) => staleServers),
    logLines: add(({ logLines }) => logLines),
    log: log.slice(0, LOG_LINES).map(({ at, text }) => ({ atSeconds: at / SECOND, text })),
  };
}
