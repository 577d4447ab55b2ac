import { EventLoop } from "../sim/event_loop.ts";
import { RandomStreams } from "../sim/random.ts";
import { TcpState } from "../kernel/tcp/tcp_states.ts";
import { formatIpv4, type Micros, type Port, SECOND } from "../units.ts";
import { Node } from "./node.ts";
import type { NodeOptions } from "./options.ts";
import type { ReplicationResult } from "./replication_result.ts";

/** How a run is watched and cut short. */
export interface ReplicationControl {
  /** Stop here instead of at the scenario's duration, for a replay. */
  readonly until?: Micros;
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
 * Simulates one boot of a node: fresh boot secret, NodePort draw and probe phases, then the scenario's duration.
 *
 * @throws the engine's broken invariant, with `replication` and `at` added.
 */
export function runReplication(
  options: NodeOptions,
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
  options: NodeOptions,
  replication: number,
  control: ReplicationControl,
  loop: EventLoop,
): ReplicationResult {
  const node = new Node(options, loop, new RandomStreams(options.seed, replication));
  node.start();
  const heldPorts = node.kubeProxy.heldPorts();
  const end = Math.min(control.until ?? options.duration, options.duration);
  while (loop.now < end) {
    loop.runUntil(Math.min(loop.now + SLICE, end));
    control.onSlice?.(loop.now, node.kubelet.totals.failed);
  }
  return collect(node, options, { replication, end, heldPorts });
}

function collect(
  node: Node,
  options: NodeOptions,
  run: { readonly replication: number; readonly end: Micros; readonly heldPorts: readonly Port[] },
): ReplicationResult {
  const { machine, netns, kubelet } = node;
  const conntrack = netns.conntrack;
  const { candidates } = netns;
  const workloads = [...(node.selfCheck === undefined ? [] : [node.selfCheck]), ...node.churn];
  machine.tcp.timeWaits.expire();
  return {
    replication: run.replication,
    duration: run.end,
    probes: kubelet.totals,
    series: kubelet.series(),
    failures: kubelet.failures,
    readiness: kubelet.readiness(),
    restarts: kubelet.restarts(),
    workloads: workloads.map(({ counts }) => counts.result()),
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

/** TIME_WAIT entries of the node's namespace by local address, in order of first appearance in the table. */
function timeWaitByAddress(node: Node): Record<string, number> {
  const { sockets } = node.machine.tcp;
  const counts: Record<string, number> = {};
  for (let slot = 0; slot < sockets.extent; slot += 1) {
    if (sockets.state[slot] !== TcpState.TIME_WAIT || sockets.scope[slot] !== node.netns.id) continue;
    const address = formatIpv4(sockets.local[slot]!);
    counts[address] = (counts[address] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
