import { parseIpv4 } from "../units.ts";
import type { CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { Expectation } from "./model.ts";
import { closestWord } from "./spelling.ts";
import { NODE_LOCAL_DNS } from "./workload_section.ts";

/** The causes a failure can have in `run/1`. */
export const CAUSE_NAMES: readonly string[] = [
  "nodeport-collision",
  "port-exhaustion",
  "conntrack-full",
  "connection-refused",
  "slow-server",
  "connect-timeout",
  "host-unreachable",
  "other",
];

const CAUSE_PATHS = CAUSE_NAMES.map((cause) => `byCause.${cause}`);

/** The numeric paths of `run/1` that do not depend on the scenario. */
export const FIGURE_PATHS: readonly string[] = [
  ...["total", "failed", "probability", "interval.low", "interval.high", "exact.probability", ...CAUSE_PATHS].map(
    inProbes,
  ),
  ...["longestRunOfFailures", "failuresPerHour", "meanSecondsBetweenFailures", "designEffect"].map(inProbes),
  "readiness.flips",
  "readiness.unreadySeconds",
  "restarts.count",
  "restarts.perNodeWeek",
  "restarts.interval.low",
  "restarts.interval.high",
  "ports.timeWaitMax",
  "ports.inUseMax",
  "ports.candidatesPerConnect.mean",
  "ports.candidatesPerConnect.p99",
  "ports.candidatesPerConnect.max",
  "conntrack.max",
  "conntrack.peak",
  "conntrack.atEnd",
  "conntrack.dropped",
  "conntrack.earlyDropped",
  "kubeProxy.syncs",
  "kubeProxy.restarts",
  "kubeProxy.hangs",
  "kubeProxy.hungNodes",
  "kubeProxy.hungSeconds",
  "kubeProxy.staleServers",
  "kubeProxy.logLines",
  "dataPlane.rules",
  "dataPlane.entries",
  "dataPlane.rulesPerNewConnectionMean",
  "dataPlane.rulesPerPacketMean",
  "dataPlane.newConnectionMicrosMean",
  "dataPlane.sync.fullLines",
  "dataPlane.sync.fullSeconds",
  "dataPlane.sync.changeLines",
  "dataPlane.sync.changeSeconds",
  "dataPlane.sourceNat.connections",
  "dataPlane.sourceNat.onNodePort",
  "dataPlane.sourceNat.onNodePortShare",
  "engine.events",
  "engine.connections",
  "engine.packets",
];

/** Checks what is expected: a path that the result has, and at least one bound. */
export function resolveExpectations({ sections, place, problems }: CheckContext): readonly Expectation[] {
  const workloads = (sections.churn ?? []).map(({ name }) => name);
  if (sections.nodeLocalDns !== undefined && sections.nodeLocalDns !== "off") workloads.unshift(NODE_LOCAL_DNS);
  const hasAllWorkloads = !place.isLeftOut("churn", "nodeLocalDns") && !place.at("churn").isLeftOut("*");
  const balancers = (sections.loadBalancers ?? []).flatMap(({ name }) => loadBalancerPaths(name));
  const plain = [...FIGURE_PATHS, ...workloads.flatMap(workloadPaths), ...balancers];
  const variants = Object.keys(sections.variants ?? {});
  return (sections.expect ?? []).map(({ that, between, below, above, equals }, index) => {
    const at = place.at("expect", index);
    const variant = plain.includes(that) ? undefined : variants.find((name) => that.startsWith(`${name}.`));
    const own = variant === undefined ? that : that.slice(variant.length + 1);
    const isUnread = place.isLeftOut("variants") || place.at("variants").isLeftOut(that.split(".", 1)[0] ?? "");
    const isOpen = isUnread || isNamedByKernel(own) || (!hasAllWorkloads && own.startsWith("workloads."));
    if (!plain.includes(own) && !isOpen) {
      const known = [...plain, ...variants.flatMap((name) => plain.map((path) => `${name}.${path}`))];
      const closest = closestWord(that, known);
      problems.add(at.at("that").value, {
        message: `Cannot expect anything of ${quote(that)}: the result has no such figure${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
        expected: "a number of the document that `sim run --format json` prints",
        toMend: `write ${closest ?? "probes.probability"}`,
      });
    }
    const bounds = {
      ...(between === undefined ? {} : { between: [between[0] ?? 0, between[1] ?? 0] as const }),
      ...(below === undefined ? {} : { below }),
      ...(above === undefined ? {} : { above }),
      ...(equals === undefined ? {} : { equals }),
    };
    if (Object.keys(bounds).length === 0 && !at.isLeftOut("between", "below", "above", "equals")) {
      problems.add(at.at("that").key, {
        message: `Cannot check ${quote(that)}: nothing is said of its value`,
        expected: "between: [low, high], below, above or equals",
        toMend: "add one of them",
      });
    }
    if (bounds.between !== undefined && bounds.between[0] > bounds.between[1]) {
      problems.add(at.at("between").value, {
        message: `Cannot check a value between ${bounds.between.join(" and ")}: the bounds run backwards`,
        expected: "the lower bound first",
        toMend: `write [${bounds.between.toReversed().join(", ")}]`,
      });
    }
    return { that, ...bounds };
  });
}

function inProbes(path: string): string {
  return `probes.${path}`;
}

function workloadPaths(name: string): readonly string[] {
  const times = ["mean", "p99", "max", "slowShare"].map((figure) => `connectSeconds.${figure}`);
  return ["connects", "failed", ...CAUSE_PATHS, ...times].map((path) => `workloads.${name}.${path}`);
}

const LOAD_BALANCER_FIGURES: readonly string[] = [
  "checks",
  "failed",
  "failedShare",
  "timesMarkedUnhealthy",
  "unhealthyShare",
  "nodesMarkedUnhealthy",
  "nodesMarkedUnhealthyShare",
  "interval.low",
  "interval.high",
  "connects",
  "connectsFailed",
];

function loadBalancerPaths(name: string): readonly string[] {
  return LOAD_BALANCER_FIGURES.map((figure) => `loadBalancers.${name}.${figure}`);
}

/** Counters and addresses are whatever the kernel counts and uses: only the form of their names can be checked. */
function isNamedByKernel(that: string): boolean {
  if (/^counters\.[A-Za-z][A-Za-z0-9_]*$/.test(that)) return true;
  const address = /^ports\.timeWaitByAddress\.(.+)$/.exec(that)?.[1];
  return address !== undefined && parseIpv4(address) !== undefined;
}
