import type { RunDocument } from "../study/run_document.ts";
import { formatCount, formatFigure, formatPercent, formatSpan, plural } from "./number_text.ts";
import { labelled, printable } from "./text_layout.ts";

/** Lines of kube-proxy's log in the report. */
const SHOWN_LOG_LINES = 3;

/** What each load balancer saw of the nodes; a replication is one node. */
export function loadBalancerLines(document: RunDocument, columns: number): string[] {
  const nodes = document.settings.replications;
  return document.loadBalancers.flatMap((balancer) => {
    const { name, service, checks, failed, unhealthyShare, nodesMarkedUnhealthy, interval } = balancer;
    const marked =
      nodesMarkedUnhealthy === 0
        ? `marked none of ${plural(formatCount(nodes), "node")} unhealthy`
        : `marked ${formatCount(nodesMarkedUnhealthy)} of ${plural(formatCount(nodes), "node")} unhealthy ` +
          `(${formatPercent(interval.level)} interval of the share ${share(interval.low)} to ${share(interval.high)}), ` +
          `for ${share(unhealthyShare)} of their time`;
    const text = `${printable(service)}: ${marked}; ${formatCount(failed)} of ${formatCount(checks)} checks failed`;
    return labelled(printable(name), text, columns);
  });
}

/** Hangs, restarts and real servers without an endpoint; none if kube-proxy did nothing but sync. */
export function kubeProxyLines(document: RunDocument, columns: number): string[] {
  const { syncs, restarts, hangs, hungNodes, hungSeconds, staleServers, logLines, log } = document.kubeProxy;
  if (hangs + restarts + staleServers + logLines === 0) return [];
  const row = (label: string, text: string): string[] => labelled(label, text, columns);
  const hung =
    hangs === 0
      ? "its sync loop never hung"
      : `its sync loop hung ${plural(formatCount(hangs), "time")}, on ${plural(formatCount(hungNodes), "node")}, for ${formatSpan(hungSeconds)} in all`;
  const lines = [
    ...row("syncs", `${formatCount(syncs)}; ${hung}`),
    ...row("restarts", formatCount(restarts)),
    ...row("stale servers", `${formatCount(staleServers)} real servers without a ready endpoint at the end`),
  ];
  if (logLines === 0) return lines;
  const shown = log
    .slice(0, SHOWN_LOG_LINES)
    .flatMap(({ atSeconds, text }) => row(`at ${formatFigure(atSeconds)} s`, text));
  return [
    ...lines,
    ...row("log", `${plural(formatCount(logLines), "line")} of graceful termination, of which the first`),
    ...shown,
  ];
}

function share(value: number): string {
  return formatPercent(value);
}
