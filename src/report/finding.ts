import { FAILURE_CAUSES } from "../cluster/replication_result.ts";
import type { CauseCounts, FailureCause } from "../cluster/replication_result.ts";
import type { RunDocument } from "../study/run_document.ts";
import { exposureText } from "./exposure_text.ts";
import { formatCount, formatFigure, formatPercent, formatProbability, formatSpan, plural } from "./number_text.ts";
import { capitalised } from "../scenario/wording.ts";

/** Causes that occurred, the most frequent first; causes of equal count keep the order of `FAILURE_CAUSES`. */
export function causesByCount(counts: CauseCounts): { readonly cause: FailureCause; readonly count: number }[] {
  return FAILURE_CAUSES.map((cause) => ({ cause, count: counts[cause] }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
}

/**
 * The finding of a run as paragraphs: what failed, how often and why; or that nothing did, why not, and how sure that is.
 * The first paragraph is the headline.
 */
export function findingParagraphs(document: RunDocument): string[] {
  const { probes } = document;
  const surprise = surpriseText(document);
  const exposure = exposureText(document) + (surprise === undefined ? "" : ` ${surprise}`);
  const paragraphs = [headline(document), exposure];
  if (probes.failed === 0 && probes.total > 0) {
    paragraphs.push(
      `A run without a failure bounds the failure probability from above: it is at most ${formatProbability(probes.interval.high)} ` +
        `(the upper end of the ${formatPercent(probes.interval.level)} interval).`,
    );
  }
  return paragraphs;
}

/** How each cause makes a connection fail, to follow "because". */
export const BECAUSE: Readonly<Record<FailureCause, string>> = {
  "nodeport-collision":
    "connect() picked a NodePort as the source port: IPVS took the answer for traffic to that Service, and the handshake was lost",
  "port-exhaustion": "connect() found no free source port (EADDRNOTAVAIL)",
  "conntrack-full": "the conntrack table was full and the kernel dropped the packet",
  "connection-refused": "nothing listened on the port",
  "slow-server": "the server answered too late",
  "connect-timeout": "nobody answered the SYNs",
  "host-unreachable":
    "the kernel had no way to the address: no route, or no neighbour that answered (EHOSTUNREACH, ENETUNREACH)",
  other: "of causes outside this list",
};

/** One sentence: what failed, how often, why. */
function headline(document: RunDocument): string {
  const { probes } = document;
  if (probes.total === 0) {
    const others = [workloadSentence(document), balancerSentence(document)].filter((text) => text !== undefined);
    return ["No probe was sent.", ...others.map(capitalised)].join(" ");
  }
  if (probes.failed === 0) {
    const workloads = workloadSentence(document);
    const none = `None of ${formatCount(probes.total)} probes failed in ${formatSpan(nodeSeconds(document))} of one node.`;
    return workloads === undefined ? none : `${none} But ${workloads}`;
  }
  const often =
    probes.meanSecondsBetweenFailures === null ? "" : `, one every ${formatSpan(probes.meanSecondsBetweenFailures)}`;
  const count = `${formatCount(probes.failed)} of ${formatCount(probes.total)} probes failed${often}`;
  const [first, ...rest] = causesByCount(probes.byCause);
  if (first === undefined) return `${count}.`;
  if (rest.length === 0) return `${count}, because ${BECAUSE[first.cause]}.`;
  return `${count}. ${formatPercent(first.count / probes.failed)} of them failed because ${BECAUSE[first.cause]}.`;
}

/** What load balancers thought of the nodes. */
function balancerSentence({ loadBalancers, kubeProxy, settings }: RunDocument): string | undefined {
  if (loadBalancers.length === 0) return undefined;
  const nodes = settings.replications * (settings.nodes ?? 1);
  const marked = loadBalancers.map(({ name, nodesMarkedUnhealthy }) => `${name} ${formatCount(nodesMarkedUnhealthy)}`);
  const hung = kubeProxy.hungNodes === 0 ? "" : `; kube-proxy's sync loop hung on ${formatCount(kubeProxy.hungNodes)}`;
  return `load balancers marked unhealthy, of ${plural(formatCount(nodes), "node")}: ${marked.join(", ")}${hung}.`;
}

/** The workloads whose connects failed, if any. */
function workloadSentence(document: RunDocument): string | undefined {
  const failing = document.workloads.filter(({ failed }) => failed > 0);
  if (failing.length === 0) return undefined;
  const clauses = failing.map(({ name, failed, connects, byCause }) => {
    const first = causesByCount(byCause)[0];
    const why =
      first === undefined ? "" : `, ${failed === first.count ? "" : "mostly "}because ${BECAUSE[first.cause]}`;
    return `${formatCount(failed)} of ${formatCount(connects)} connects of ${name} failed${why}`;
  });
  return `${clauses.join("; ")}.`;
}

/** What to think of a run without collisions although NodePorts can be picked. */
function surpriseText(document: RunDocument): string | undefined {
  const { probes, exposure } = document;
  if (exposure.reachable.length === 0 || probes.total === 0 || probes.byCause["nodeport-collision"] > 0)
    return undefined;
  if (!("probability" in probes.exact)) return "None was by a probe of this run.";
  const expected = probes.exact.probability * probes.total;
  const asked = `The exact value lets one expect ${formatFigure(Number(expected.toPrecision(2)))} failures of this kind among so many probes`;
  // With five expected, none at all happens by chance less than once in a hundred runs.
  if (expected < 5) return `${asked}: simulate longer to see them.`;
  return `${asked}; chance does not explain that there is none.`;
}

/** Simulated time of all replications, in seconds. */
function nodeSeconds(document: RunDocument): number {
  const { durationSeconds, replications, nodes = 1 } = document.settings;
  return durationSeconds * replications * nodes;
}
