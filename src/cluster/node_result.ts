import { CtStatus } from "../kernel/conntrack/ct_status.ts";
import { TcpState } from "../kernel/tcp/tcp_states.ts";
import { Fingerprint } from "../sim/fingerprint.ts";
import { formatIpv4, type Ipv4, type Micros, type Port } from "../units.ts";
import type { ClusterNode } from "./cluster.ts";
import type { OutsideResult } from "./fabric.ts";
import type { Node } from "./node.ts";
import type { NodeOptions } from "./options.ts";
import type { DataPlaneWork } from "./kube_proxy/data_plane_cost.ts";
import { LOG_LINES_KEPT } from "./kube_proxy/kube_proxy_log.ts";
import {
  FAILURES_KEPT,
  type FirstTimes,
  type KubeProxyResult,
  type LifeResult,
  type ReplicationResult,
} from "./replication_result.ts";
import { addCauses, addCounts } from "./add_counts.ts";

/** What a result says of its run. */
export interface ResultPlace {
  readonly replication: number;
  readonly end: Micros;
  /** From when on it was counted; 0 if left out. */
  readonly warmUp?: Micros;
  /** NodePorts that kube-proxy held when the run began. */
  readonly heldPorts: readonly Port[];
}

/** What one node has lived through by the end of a run. */
export function nodeResult({ node, options }: ClusterNode, run: ResultPlace): ReplicationResult {
  const { machine, netns, kubelet } = node;
  const conntrack = netns.conntrack;
  const { candidates } = netns;
  machine.tcp.timeWaits.expire();
  return {
    replication: run.replication,
    duration: run.end - (run.warmUp ?? 0),
    probes: kubelet.totals,
    series: kubelet.series(),
    failures: kubelet.failures,
    readiness: kubelet.readiness(),
    restarts: kubelet.restarts(),
    life: lifeSince(run.warmUp ?? 0, kubelet.life()),
    workloads: node.workloads.map(({ counts }) => counts.result()),
    kubeProxy: node.kubeProxy.result(),
    loadBalancers: node.loadBalancers.map((balancer) => balancer.result()),
    exposure: exposureOf(node, options, run.heldPorts),
    ports: {
      timeWaitMax: machine.tcp.timeWaits.mostOf(netns),
      timeWaitByAddress: timeWaitByAddress(node),
      inUseMax: netns.ports.inUseMost,
      candidates: [...candidates.histogram],
      candidatesSum: candidates.sum,
      candidatesMax: candidates.max,
    },
    conntrack: {
      max: conntrack?.max ?? 0,
      peak: conntrack?.peak ?? 0,
      atEnd: listedEntries(node),
      dropped: netns.counters.nf_conntrack_drop,
      earlyDropped: netns.counters.nf_conntrack_early_drop,
    },
    dataPlane: node.kubeProxy.dataPlane(),
    counters: Object.fromEntries(Object.entries(netns.counters)),
    engine: {
      events: machine.loop.fired,
      connections: machine.tcp.connections,
      packets: machine.packetsSent,
      fingerprint: node.fingerprint.hex(),
    },
  };
}

/** NodePorts at which a virtual server waits for answers to probes (in IPVS mode only: rules see no replies), and the ports that `connect()` passes over because somebody holds them. */
function exposureOf(node: Node, options: NodeOptions, heldByKubeProxy: readonly Port[]): ReplicationResult["exposure"] {
  const source = node.probeSource();
  const hasServers = options.kubeProxy.mode === "ipvs" && node.kubeProxy.nodePortAddresses().includes(source);
  const nodePorts = node.services
    .flatMap((service) => service.ports)
    .flatMap(({ nodePort, protocol }) => (nodePort === undefined || protocol !== "TCP" ? [] : [nodePort]))
    .toSorted((a, b) => a - b);
  const [low, high] = node.netns.sysctls.localPortRange;
  const held: Port[] = [];
  for (let port = low; port <= high; port += 1) if (node.netns.ports.isClosedToConnect(port)) held.push(port);
  const reserved: Port[] = [];
  for (let port = low; port <= high; port += 1) if (node.netns.sysctls.reservedPorts[port] === 1) reserved.push(port);
  return {
    portRange: [low, high],
    nodePorts,
    intercepted: hasServers ? nodePorts : [],
    heldPorts: held,
    reservedPorts: reserved,
    heldByKubeProxy,
    destinations: options.pods.length,
  };
}

/**
 * The conntrack entries of the node's namespace that `conntrack -L` lists now: confirmed, and not expired.
 *
 * Source: net/netfilter/nf_conntrack_netlink.c ctnetlink_dump_table, v6.1.
 */
function listedEntries({ netns, machine }: Node): number {
  const table = netns.conntrack?.table;
  let count = 0;
  for (let slot = 0; slot < (table?.extent ?? 0); slot += 1) {
    if (table?.isUsed(slot) !== true || !table.has(slot, CtStatus.CONFIRMED)) continue;
    if (table.expires(slot) > machine.loop.now) count += 1;
  }
  return count;
}

/** TIME_WAIT entries of the node's namespace by local address, in the order of the addresses' texts. */
function timeWaitByAddress(node: Node): Record<string, number> {
  const { sockets } = node.machine.tcp;
  const counts = new Map<Ipv4, number>();
  for (let slot = 0; slot < sockets.extent; slot += 1) {
    if (sockets.state(slot) !== TcpState.TIME_WAIT || sockets.scope(slot) !== node.netns.id) continue;
    const address = sockets.local(slot);
    counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  const named = [...counts].map(([address, count]) => [formatIpv4(address), count] as const);
  return Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What several nodes have lived through together. What is counted adds up; what is a state of one kernel, such as the
 * most TIME_WAIT sockets at once, is that of the node where it is largest; `exposure` is that of the first node.
 * The result of a node by itself stays as it is.
 *
 * @param outside present where there are several nodes.
 */
export function joinNodeResults(results: readonly ReplicationResult[], outside?: OutsideResult): ReplicationResult {
  const first = results[0]!;
  if (outside === undefined) return first;
  const sum = (figure: (result: ReplicationResult) => number): number =>
    results.reduce((total, result) => total + figure(result), 0);
  const most = (figure: (result: ReplicationResult) => number): number => Math.max(...results.map(figure));
  const fingerprint = new Fingerprint();
  for (const { engine } of results) fingerprint.addText(engine.fingerprint);
  if (outside.workloads.length > 0) fingerprint.addText(outside.fingerprint);
  return {
    ...first,
    nodes: results.length,
    probes: {
      total: sum(({ probes }) => probes.total),
      failed: sum(({ probes }) => probes.failed),
      byCause: addCauses(results.map(({ probes }) => probes.byCause)),
    },
    series: results.flatMap(({ series }) => series),
    failures: results
      .flatMap(({ failures }) => failures)
      .toSorted((a, b) => a.at - b.at)
      .slice(0, FAILURES_KEPT),
    readiness: {
      flips: sum(({ readiness }) => readiness.flips),
      unready: sum(({ readiness }) => readiness.unready),
    },
    restarts: sum(({ restarts }) => restarts),
    life: joinLives(results.flatMap(({ life }) => life ?? [])),
    workloads: [...results.flatMap(({ workloads }) => workloads), ...outside.workloads],
    kubeProxy: joinKubeProxies(results.map(({ kubeProxy }) => kubeProxy)),
    loadBalancers: results.flatMap(({ loadBalancers }) => loadBalancers),
    ports: {
      timeWaitMax: most(({ ports }) => ports.timeWaitMax),
      timeWaitByAddress: addCounts(results.map(({ ports }) => ports.timeWaitByAddress)),
      inUseMax: most(({ ports }) => ports.inUseMax),
      candidates: first.ports.candidates.map((_, index) => sum(({ ports }) => ports.candidates[index] ?? 0)),
      candidatesSum: sum(({ ports }) => ports.candidatesSum),
      candidatesMax: most(({ ports }) => ports.candidatesMax),
    },
    conntrack: {
      max: most(({ conntrack }) => conntrack.max),
      peak: most(({ conntrack }) => conntrack.peak),
      atEnd: most(({ conntrack }) => conntrack.atEnd ?? 0),
      dropped: sum(({ conntrack }) => conntrack.dropped),
      earlyDropped: sum(({ conntrack }) => conntrack.earlyDropped),
    },
    dataPlane: joinDataPlanes(results.map(({ dataPlane }) => dataPlane)),
    counters: addCounts(results.map(({ counters }) => counters)),
    engine: {
      // The nodes share one event loop, so each result has the events of all.
      events: first.engine.events,
      connections: sum(({ engine }) => engine.connections) + outside.connections,
      packets: sum(({ engine }) => engine.packets) + outside.packets,
      fingerprint: fingerprint.hex(),
    },
  };
}

function joinKubeProxies(parts: readonly KubeProxyResult[]): KubeProxyResult {
  const sum = (figure: (part: KubeProxyResult) => number): number =>
    parts.reduce((total, part) => total + figure(part), 0);
  return {
    syncs: sum(({ syncs }) => syncs),
    restarts: sum(({ restarts }) => restarts),
    hangs: sum(({ hangs }) => hangs),
    hungNodes: sum(({ hungNodes }) => hungNodes),
    hung: sum(({ hung }) => hung),
    staleServers: sum(({ staleServers }) => staleServers),
    logLines: sum(({ logLines }) => logLines),
    log: parts
      .flatMap(({ log }) => log)
      .toSorted((a, b) => a.at - b.at)
      .slice(0, LOG_LINES_KEPT),
  };
}

/** What rules have done adds up; what they hold, and what a sync takes, is that of the node with the most. */
function joinDataPlanes(parts: readonly DataPlaneWork[]): DataPlaneWork {
  const sum = (figure: (part: DataPlaneWork) => number): number =>
    parts.reduce((total, part) => total + figure(part), 0);
  const most = (figure: (part: DataPlaneWork) => number): number => Math.max(...parts.map(figure));
  return {
    mode: parts[0]!.mode,
    rules: most(({ rules }) => rules),
    entries: most(({ entries }) => entries),
    newConnections: sum(({ newConnections }) => newConnections),
    natRulesTested: sum(({ natRulesTested }) => natRulesTested),
    filterPasses: sum(({ filterPasses }) => filterPasses),
    filterRulesTested: sum(({ filterRulesTested }) => filterRulesTested),
    sync: { full: most(({ sync }) => sync.full), change: most(({ sync }) => sync.change) },
    sourceNat: {
      connections: sum(({ sourceNat }) => sourceNat.connections),
      onNodePort: sum(({ sourceNat }) => sourceNat.onNodePort),
    },
  };
}

/** First times, counted from the moment at which counting began. */
function lifeSince(start: Micros, life: LifeResult): LifeResult {
  const since = ({ failure, restart }: FirstTimes): FirstTimes => ({
    failure: failure === null ? null : failure - start,
    restart: restart === null ? null : restart - start,
  });
  return start === 0 ? life : { ...life, pods: life.pods.map(since), nodes: life.nodes.map(since) };
}

function joinLives(lives: readonly LifeResult[]): LifeResult {
  const lengths = Math.max(0, ...lives.map(({ runs }) => runs.length));
  return {
    runs: Array.from({ length: lengths }, (_, index) => lives.reduce((sum, { runs }) => sum + (runs[index] ?? 0), 0)),
    pods: lives.flatMap(({ pods }) => pods),
    nodes: lives.flatMap(({ nodes }) => nodes),
  };
}
