import type { Cluster } from "../../src/cluster/cluster.ts";
import type { ClusterOptions } from "../../src/cluster/options.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import type { EventLoop } from "../../src/sim/event_loop.ts";
import { cpuSecondsOf } from "./bench_case.ts";
import { engine } from "./engine.ts";

/** A synthetic load: connections from the node to ports of one pod. Times in seconds. */
export interface Load {
  /** The kernel's build; that of incident 001 if left out. */
  readonly kernel?: string;
  /** Connections a second, shared evenly by the destinations. */
  readonly rate: number;
  readonly destinations: number;
  readonly arrivals?: "poisson" | "periodic";
  /** `ip_local_port_range`. */
  readonly range?: readonly [low: number, high: number];
  /** `ip_local_reserved_ports`. */
  readonly reserved?: string;
  /** NodePort services, with five endpoints each, at each of the node's addresses: five of eth0 and that of cni0. */
  readonly services?: number;
  /** Whether half of the connections go through one more service's ClusterIP. */
  readonly isThroughService?: boolean;
  /** kube-proxy's; IPVS if left out. */
  readonly mode?: "ipvs" | "iptables";
  /** Pods beside that one, with two probes each in every period. */
  readonly pods?: number;
  /** `periodSeconds` of the probes; the kubelet's default, 10, if left out. */
  readonly probePeriod?: number;
  /** `nf_conntrack_tcp_timeout_time_wait`. */
  readonly conntrackTimeWait?: number;
}

/** How many connections a node has made in a part of its time, and how long that took. */
export interface Timed {
  readonly connections: number;
  readonly cpuSeconds: number;
}

/** All that it has done. */
export interface Work extends Timed {
  readonly packets: number;
  readonly events: number;
}

/** Several parts together. */
export function sumOf(parts: readonly Timed[]): Timed {
  return {
    connections: parts.reduce((total, part) => total + part.connections, 0),
    cpuSeconds: parts.reduce((total, part) => total + part.cpuSeconds, 0),
  };
}

/** Microseconds of CPU per connection. */
export function perConnection({ cpuSeconds, connections }: Timed): number {
  return (cpuSeconds / connections) * 1e6;
}

/** A kernel like that of incident 001 whose conntrack collects garbage every 16 s and not every 120 s, so that a table holds what it should. */
export const TIDY_KERNEL = "5.4.100";

/** A scenario's text for a load: kube-proxy, conntrack and room in all tables. */
export function loadScenario(load: Load): string {
  const { rate, destinations, arrivals = "poisson", range = [32_768, 60_999], services = 20, pods = 0 } = load;
  const ports = Array.from({ length: destinations }, (_, index) => 1024 + index);
  const addresses = [10, 11, 12, 13, 14].map((host) => `10.10.85.${host}/24`);
  const endpoints = [1, 2, 3, 4, 5].map((host) => `10.23.200.${host}`);
  const churn = ports.map((port, index) => {
    const to = load.isThroughService === true && index % 2 === 1 ? "10.96.0.10:80" : `10.23.0.10:${port}`;
    return `  - { name: to-${port}, to: "${to}", rate: ${rate / destinations}/s, arrivals: ${arrivals} }`;
  });
  const probe = `{ tcpSocket: { port: 8080 }, periodSeconds: ${load.probePeriod ?? 10} }`;
  return [
    `kernel: "${load.kernel ?? "5.4.188"}"`,
    "duration: 100d",
    "node:",
    "  interfaces:",
    `    - { name: eth0, addresses: [${addresses.join(", ")}] }`,
    "    - { name: cni0, kind: bridge, addresses: [10.23.0.1/20] }",
    "sysctls:",
    `  net.ipv4.ip_local_port_range: ${range[0]} ${range[1]}`,
    `  net.ipv4.ip_local_reserved_ports: "${load.reserved ?? ""}"`,
    "  net.netfilter.nf_conntrack_buckets: 1048576",
    "  net.netfilter.nf_conntrack_max: 4194304",
    "  net.ipv4.tcp_max_tw_buckets: 4194304",
    `  net.netfilter.nf_conntrack_tcp_timeout_time_wait: ${load.conntrackTimeWait ?? 120}`,
    "kubelet: { version: 1.23.10 }",
    `kubeProxy: { version: 1.23.10, mode: ${load.mode ?? "ipvs"}, nodePortRange: 10000-30000 }`,
    "services:",
    "  - { name: default/server, type: ClusterIP, clusterIP: 10.96.0.10, ports: [{ port: 80, targetPort: 1024 }],",
    "      endpoints: [10.23.0.10] }",
    `  - { generate: ${services}, endpoints: [${endpoints.join(", ")}] }`,
    "pods:",
    `  - { name: default/server, address: 10.23.0.10, listen: [${ports.join(", ")}] }`,
    `  - { name: default/app, replicas: ${pods}, listen: [8080], readinessProbe: ${probe}, livenessProbe: ${probe} }`,
    `churn: ${churn.length === 0 ? "[]" : ""}`,
    ...churn,
    "",
  ].join("\n");
}

/** Microseconds that a node runs in one go. */
const SLICE = 100e6;

/** Which boot of a node it is, and who watches it. */
export interface Boot {
  readonly replication?: number;
  /** Settings as `--set` takes them. */
  readonly overrides?: readonly string[];
  readonly trace?: TraceSink;
  readonly hasEventFingerprint?: boolean;
  /** Whether whole connections are carried at once where that makes no difference; else every packet is sent. */
  readonly carriesFlows?: boolean;
}

/** One boot of a scenario's node, which is measured slice by slice. */
export class MeasuredNode {
  readonly cluster: Cluster;
  readonly #loop: EventLoop;

  private constructor(cluster: Cluster, loop: EventLoop) {
    this.cluster = cluster;
    this.#loop = loop;
  }

  /** Boots it; nothing has happened yet. @throws if the scenario has a problem. */
  static async boot(
    text: string,
    { replication = 0, overrides = [], trace, hasEventFingerprint = false, carriesFlows = false }: Boot = {},
  ): Promise<MeasuredNode> {
    const { Cluster, EventLoop, RandomStreams } = await engine();
    const options = await readOptions(text, overrides);
    const loop = new EventLoop();
    if (hasEventFingerprint) loop.traceEvents();
    const cluster = new Cluster(options, loop, new RandomStreams(options.seed, replication), trace);
    if (carriesFlows) cluster.carryFlows();
    cluster.start();
    return new MeasuredNode(cluster, loop);
  }

  /** Runs the next so many seconds of its time. */
  run(seconds: number): Work {
    return this.runParts([seconds]).all;
  }

  /**
   * Runs its time in parts of so many seconds each. Counters are brought up to date once, at the end, as those of a study's
   * replication are: connections are known of each part, packets and events of all.
   */
  runParts(parts: readonly number[]): { readonly parts: readonly Timed[]; readonly all: Work } {
    const { machine } = this.cluster.nodes[0]!.node;
    const { packetsSent } = machine;
    const { fired } = this.#loop;
    const timed = parts.map((seconds) => {
      const { connections } = machine.tcp;
      const cpuSeconds = cpuSecondsOf(() => this.#advance(seconds));
      return { connections: machine.tcp.connections - connections, cpuSeconds };
    });
    const settling = cpuSecondsOf(() => this.cluster.settle());
    const { connections, cpuSeconds } = sumOf(timed);
    return {
      parts: timed,
      all: {
        connections,
        packets: machine.packetsSent - packetsSent,
        events: this.#loop.fired - fired,
        cpuSeconds: cpuSeconds + settling,
      },
    };
  }

  /** In slices like those of a study's replication: one long call would run code that was compiled in its midst. */
  #advance(seconds: number): void {
    const end = this.#loop.now + Math.round(seconds * 1e6);
    for (let until = this.#loop.now; until < end;) {
      until = Math.min(until + SLICE, end);
      this.#loop.runUntil(until);
    }
  }

  /** TIME_WAIT sockets of the node's namespace now. */
  get timeWaits(): number {
    const { machine, netns } = this.cluster.nodes[0]!.node;
    machine.tcp.timeWaits.expire();
    return machine.tcp.timeWaits.countOf(netns);
  }

  /** Conntrack entries of the node's namespace now. */
  get conntrackEntries(): number {
    return this.cluster.nodes[0]!.node.netns.conntrack?.table.count ?? 0;
  }
}

/** A scenario's options. @throws if the scenario has a problem. */
async function readOptions(text: string, overrides: readonly string[] = []): Promise<ClusterOptions> {
  const { parseScenario } = await engine();
  const parsed = parseScenario(text, "load.yaml", overrides);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ line, message }) => `${line}: ${message}`).join("; "));
  return parsed.scenario;
}
