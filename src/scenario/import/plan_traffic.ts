import { parseIpv4 } from "../../units.ts";
import { fitChurn, TIME_WAIT_SECONDS, type TrackedSeconds } from "./fit_churn.ts";
import { FlowTable, plainAddress, type Flow, type FlowPlaces } from "./flow_table.ts";
import type { PlanContext } from "./import_options.ts";
import type { ChurnPlan, ExpectPlan, FlowEnd, NodeLocalDnsPlan, PodPlan, ServicePlan } from "./import_plan.ts";
import { podsOfSockets, type ExtraProbe } from "./plan_pods.ts";
import { poissonInterval } from "./poisson_interval.ts";
import { probeTraffic, splitProbes, type ProbeShare } from "./probe_traffic.ts";

/** What stands around the traffic. */
export interface TrafficSetting {
  readonly primaryAddress: string;
  readonly localAddresses: ReadonlySet<string>;
  readonly services: readonly ServicePlan[];
  readonly pods: readonly PodPlan[];
  readonly extraProbes: readonly ExtraProbe[];
  readonly nodeLocalDns: NodeLocalDnsPlan | undefined;
  readonly isInPodNetwork: (address: string) => boolean;
}

/** The workloads beside the probes, what listens for them, and what the export's own figures were. */
export interface TrafficPlan {
  readonly churn: readonly ChurnPlan[];
  readonly churnComment: string;
  readonly pods: readonly PodPlan[];
  readonly expect: readonly ExpectPlan[];
  readonly expectComment: string;
  readonly share?: ProbeShare;
}

/** Fewer sockets than these are left to chance. */
const EXPECTED_LEAST = 10;

/** Divides what the socket tables hold into probes and churn, and says what a run has to give again. */
export function planTraffic(context: PlanContext, setting: TrafficSetting): TrafficPlan {
  const { exports } = context;
  const isGuessed = setting.pods.length === 0 && exports.cluster.pods.length === 0;
  const pods = isGuessed ? guessPods(context, setting) : setting.pods;
  const table = new FlowTable(placesOf({ ...setting, pods }));
  table.addSockets(exports.sockets ?? []);
  table.addTracked(exports.flows ?? []);
  const seconds = trackedSeconds(context);
  const kept = servedFlows(table.flows.values(), setting, pods);
  const expected = probeTraffic(pods, setting.primaryAddress, setting.extraProbes);
  const { rest, share, probes } = splitProbes(kept, { expected, seconds, nodeLocalDns: setting.nodeLocalDns });
  const { churn, merged } = fitChurn(rest, seconds);
  const named = nameChurn(churn, { ...setting, pods });
  const extra = setting.extraProbes.map((probe, index) => extraChurn(probe, index));
  const left = table.flows.size - kept.length;
  return {
    churn: [...named, ...extra],
    churnComment: churnComment(context, { table, left, merged, probes }),
    pods: withListeners(pods, named, setting),
    expect: expectations({ context, table, kept, setting, seconds }),
    expectComment:
      "What the export shows of the node itself, with the 95 % interval of such a count: a run that misses it does\nnot describe this node.",
    ...(share === undefined ? {} : { share }),
  };
}

function placesOf({ localAddresses, services, pods, nodeLocalDns, primaryAddress }: TrafficSetting): FlowPlaces {
  const byAddress = new Map(pods.flatMap((pod) => (pod.address === undefined ? [] : [[pod.address, pod] as const])));
  const clusterIps = new Set(services.flatMap(({ clusterAddress }) => clusterAddress ?? []));
  const nodePorts = new Set(services.flatMap(({ ports }) => ports.flatMap(({ nodePort }) => nodePort ?? [])));
  return {
    isLocal: (address) => localAddresses.has(address),
    isService: (address) => clusterIps.has(address),
    isNodePort: (port) => nodePorts.has(port),
    podOf: (address) => {
      const pod = byAddress.get(address);
      return pod === undefined ? undefined : { namespace: pod.namespace, name: pod.name };
    },
    primaryAddress,
    linkLocal: nodeLocalDns?.address,
  };
}

/** The pods that the node's sockets in the pod network show. */
function guessPods({ exports }: PlanContext, setting: TrafficSetting): readonly PodPlan[] {
  const asked = new Map<string, Map<number, number>>();
  for (const { state, local, peer } of exports.sockets ?? []) {
    const [own, other] = [plainAddress(local.address), plainAddress(peer.address)];
    const isProbe = state === "TIME-WAIT" && setting.isInPodNetwork(other);
    if (!isProbe || setting.localAddresses.has(other) || !setting.localAddresses.has(own)) continue;
    const ports = asked.get(other) ?? new Map<number, number>();
    asked.set(other, ports.set(peer.port, (ports.get(peer.port) ?? 0) + 1));
  }
  return podsOfSockets(asked);
}

/** Whether the scenario can have a flow: not with pods that are gone, and not from other hosts to a ClusterIP. */
function servedFlows(flows: Iterable<Flow>, setting: TrafficSetting, pods: readonly PodPlan[]): Flow[] {
  const { isInPodNetwork, localAddresses, services } = setting;
  const podAddresses = new Set(pods.flatMap(({ address }) => address ?? []));
  const clusterIps = new Set(services.flatMap(({ clusterAddress }) => clusterAddress ?? []));
  const isThere = (address: string): boolean =>
    podAddresses.has(address) || localAddresses.has(address) || !isInPodNetwork(address);
  return [...flows].filter(({ from, address }) => {
    if (parseIpv4(address) === undefined || !isThere(address) || address === "0.0.0.0") return false;
    if (from.kind !== "address") return true;
    return isThere(from.address) && parseIpv4(from.address) !== undefined && !clusterIps.has(address);
  });
}

function trackedSeconds({ exports: { running, sockets } }: PlanContext): TrackedSeconds {
  const read = (name: string, byDefault: number): number => {
    const value = Number(running?.get(`net.netfilter.nf_conntrack_tcp_timeout_${name}`) ?? byDefault);
    return Number.isInteger(value) && value > 0 ? value : byDefault;
  };
  return { timeWait: read("time_wait", 120), close: read("close", 10), hasSockets: sockets !== undefined };
}

function nameChurn(rates: ReturnType<typeof fitChurn>["churn"], { services, pods }: TrafficSetting): ChurnPlan[] {
  const counts = new Map<string, number>();
  const byClusterIp = new Map(services.map((service) => [service.clusterAddress, service]));
  const byAddress = new Map(pods.map((pod) => [pod.address, pod]));
  return rates.map(({ address, ...rate }) => {
    const kind = rate.from.kind === "node" ? "node" : rate.from.kind === "named" ? "pod" : "in";
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const service = byClusterIp.get(address);
    const isService = service?.ports.some(({ port, protocol }) => port === rate.port && protocol === "TCP") === true;
    const pod = byAddress.get(address);
    const named = isService ? service : pod;
    const to: FlowEnd =
      named === undefined
        ? { kind: "address", address }
        : { kind: "named", namespace: named.namespace, name: named.name };
    return { ...rate, name: `${kind}-${count}`, to };
  });
}

function extraChurn({ namespace, name, isHostNetwork, port, periodSeconds }: ExtraProbe, index: number): ChurnPlan {
  return {
    name: `probe-${index + 1}`,
    from: { kind: "node" },
    to: isHostNetwork ? { kind: "node" } : { kind: "named", namespace, name },
    port,
    perMinute: 60 / periodSeconds,
    arrivals: "periodic",
    closes: "client",
    isKept: false,
    comment: "The probe of a further container of a pod.",
  };
}

/** The pods, with the ports that churn goes to; what listens on the node itself is one more pod. */
function withListeners(
  pods: readonly PodPlan[],
  churn: readonly ChurnPlan[],
  setting: TrafficSetting,
): readonly PodPlan[] {
  const wanted = new Map<string, Set<number>>();
  const want = (name: string, port: number): void => {
    wanted.set(name, (wanted.get(name) ?? new Set()).add(port));
  };
  const byAddress = new Map(pods.map((pod) => [pod.address, pod]));
  for (const { ports, endpoints } of setting.services) {
    for (const endpoint of endpoints) {
      const pod = byAddress.get(endpoint);
      const owner =
        pod === undefined ? (endpoint === setting.primaryAddress ? "" : undefined) : `${pod.namespace}/${pod.name}`;
      if (owner === undefined) continue;
      for (const { targetPort, protocol } of ports) if (protocol === "TCP") want(owner, targetPort);
    }
  }
  for (const { to, port } of churn) {
    if (to.kind === "named") want(`${to.namespace}/${to.name}`, port);
    else if (to.kind === "node" || to.address === setting.primaryAddress) want("", port);
  }
  const nodePorts = new Set(setting.services.flatMap(({ ports }) => ports.flatMap(({ nodePort }) => nodePort ?? [])));
  const open = new Set(pods.filter(({ address }) => address === undefined).flatMap(({ listen }) => listen));
  const own = [...(wanted.get("") ?? [])].filter((port) => !open.has(port) && !nodePorts.has(port));
  const made = pods.map((pod) => {
    const more = wanted.get(`${pod.namespace}/${pod.name}`) ?? new Set();
    return pod.address === undefined ? pod : { ...pod, listen: [...new Set([...pod.listen, ...more])] };
  });
  if (own.length === 0) return made;
  const comment = "What listens on the node itself, as one pod.";
  return [
    ...made,
    { namespace: "host", name: "processes", listen: own.toSorted((a, b) => a - b), probes: {}, comment },
  ];
}

interface LeftOut {
  readonly table: FlowTable;
  /** Flows that the scenario cannot have. */
  readonly left: number;
  readonly merged: number;
  readonly probes: number;
}

function churnComment({ exports }: PlanContext, { table, left, merged, probes }: LeftOut): string {
  const both = [
    exports.sockets === undefined ? [] : ["ss -tan"],
    exports.flows === undefined ? [] : ["conntrack -L"],
  ].flat();
  if (both.length === 0) return "Assumed: none; neither ss -tan nor conntrack -L is among the exports.";
  const lines = [
    `Fitted from ${both.join(" and ")}. A TIME-WAIT socket stands for a minute at the end that closed first, so their number`,
    `is that of a minute. Probes are left out: ${probes} flows go to a pod's address and port that has one.`,
  ];
  if (exports.sockets === undefined) lines.push("Assumed: the client closes first; without ss -tan nobody can tell.");
  if (exports.flows === undefined)
    lines.push("Without conntrack -L: what the other end closes, and what pods do, is missing.");
  const udp = exports.otherFlows ?? 0;
  const parts = [
    ...(left === 0 ? [] : [`${counted(left, "flow", "flows")} of pods that are gone or to a ClusterIP from outside`]),
    ...(table.passing === 0 ? [] : [`${counted(table.passing, "entry", "entries")} of connections past this node`]),
    ...(table.brief === 0 ? [] : [`${counted(table.brief, "entry", "entries")} of connections that open or close`]),
    ...(udp === 0 ? [] : [`${counted(udp, "entry", "entries")} of UDP`]),
  ];
  if (parts.length > 0) lines.push(`Left out: ${parts.join(", ")}.`);
  if (merged > 0) lines.push(`${merged} small flows are taken together.`);
  const standing = (exports.sockets ?? []).filter(({ state }) => state === "TIME-WAIT").length;
  const most = Number(exports.running?.get("net.ipv4.tcp_max_tw_buckets") ?? Infinity);
  if (standing >= most * 0.95)
    lines.push("TIME-WAIT sockets are at net.ipv4.tcp_max_tw_buckets: rates are at least these.");
  return lines.join("\n");
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

interface ExpectationSetting {
  readonly context: PlanContext;
  readonly table: FlowTable;
  readonly kept: readonly Flow[];
  readonly setting: TrafficSetting;
  readonly seconds: TrackedSeconds;
}

function expectations({ context, table, kept, setting, seconds }: ExpectationSetting): ExpectPlan[] {
  const expect: ExpectPlan[] = [];
  for (const [address, count] of [...table.timeWaits].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (count < EXPECTED_LEAST || parseIpv4(address) === undefined) continue;
    expect.push({ address, between: bounds(count), comment: `${count} TIME-WAIT sockets in ss -tan.` });
  }
  if (context.exports.flows === undefined) return expect;
  const count = kept.reduce((total, flow) => total + tracked(flow), 0);
  // The model has entries for connections that rules of the node exempt from tracking.
  const untracked = kept.filter((flow) => tracked(flow) === 0);
  const closed = untracked.reduce((total, flow) => total + flow.clientTimeWait + flow.serverTimeWait, 0);
  const open = untracked.reduce((total, flow) => total + flow.established, 0);
  const hasUntrackedDns =
    setting.nodeLocalDns !== undefined && !kept.some(({ address }) => address === setting.nodeLocalDns?.address);
  const dns = hasUntrackedDns ? 66 : 0;
  const added = Math.round(((closed + dns) * seconds.timeWait) / TIME_WAIT_SECONDS) + open;
  if (count + added < EXPECTED_LEAST) return expect;
  const exempt =
    added === 0 ? "" : `; ${added} more for connections that have none there (exempt from tracking) but in the model`;
  expect.push({
    between: bounds(count + added),
    comment: `${counted(count, "entry", "entries")} of these flows in conntrack -L${exempt}.`,
  });
  return expect;
}

function tracked({ trackedTimeWait, trackedEstablished, trackedClose }: Flow): number {
  return trackedTimeWait + trackedEstablished + trackedClose;
}

function bounds(count: number): readonly [low: number, high: number] {
  const [low, high] = poissonInterval(count);
  return [Math.floor(low), Math.ceil(high)];
}
