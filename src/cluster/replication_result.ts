import type { Micros } from "../units.ts";
import type { ConnectTimesResult } from "./connect_times.ts";
import type { GaugeReadings } from "./gauges.ts";
import type { DataPlaneWork } from "./kube_proxy/data_plane_cost.ts";

/** Why a connection or a probe failed; every failure has exactly one cause. */
export const FAILURE_CAUSES = [
  "nodeport-collision",
  "port-exhaustion",
  "conntrack-full",
  "connection-refused",
  "slow-server",
  "connect-timeout",
  "host-unreachable",
  "other",
] as const;

/** Failed probes that a result keeps with their log lines. */
export const FAILURES_KEPT = 1000;

/** One of `FAILURE_CAUSES`. */
export type FailureCause = (typeof FAILURE_CAUSES)[number];

/** Failures by cause; every cause is present. */
export type CauseCounts = Record<FailureCause, number>;

/** What one probe worker (one probe of one container) lived through in one replication. */
export interface ProbeSeries {
  /** `namespace/pod container probeType`, unique in the replication. */
  readonly name: string;
  readonly probes: number;
  readonly failed: number;
  readonly longestRunOfFailures: number;
}

/** A workload that connects beside the probes: churn, the self-check of node-local-dns. */
export interface WorkloadResult {
  readonly name: string;
  readonly connects: number;
  readonly failed: number;
  readonly byCause: CauseCounts;
  readonly connectTimes: ConnectTimesResult;
}

/** One failed probe, for logs and for survival times. */
export interface FailedProbe {
  readonly at: Micros;
  readonly series: string;
  readonly localPort: number;
  readonly cause: FailureCause;
  /** The kubelet's log line, klog header included (its clock starts at the epoch the scenario states). */
  readonly logLine: string;
}

/** One line of kube-proxy's log, without klog's header. */
export interface KubeProxyLogLine {
  readonly at: Micros;
  readonly text: string;
}

/** What kube-proxy has done so far, on one node or on several. */
export interface KubeProxyResult {
  readonly syncs: number;
  /** Processes that ended: restarts and changes of version. */
  readonly restarts: number;
  /** Processes whose sync loop hung, and the nodes that have had one. */
  readonly hangs: number;
  readonly hungNodes: number;
  /** Time in which the sync loop hung. */
  readonly hung: Micros;
  /** Real servers at the end that take connections for an endpoint that is gone. */
  readonly staleServers: number;
  readonly logLines: number;
  /** The first lines of its log. */
  readonly log: readonly KubeProxyLogLine[];
}

/** What a load balancer has seen of this node. */
export interface LoadBalancerResult {
  readonly name: string;
  readonly service: string;
  readonly checks: number;
  readonly failed: number;
  /** How often the node was marked unhealthy, and for how long in all. */
  readonly markedUnhealthy: number;
  readonly unhealthy: Micros;
  readonly isUnhealthyAtEnd: boolean;
  /** Connections of clients. */
  readonly connects: number;
  readonly connectsFailed: number;
}

/** Runs of failures that are told apart by their length; the last entry gathers all that are as long or longer. */
export const RUN_LENGTHS = 64;

/** When something first happened; `null` if it had not by the end. */
export interface FirstTimes {
  /** The first failed probe. */
  readonly failure: Micros | null;
  /** The first restart of a container. */
  readonly restart: Micros | null;
}

/** What became of pods and nodes in the course of a replication. */
export interface LifeResult {
  /** `runs[k - 1]` = runs of exactly k failures in a row of one probe, up to `RUN_LENGTHS`; one that lasts to the end counts with the length it has. */
  readonly runs: readonly number[];
  /** Of each pod that was probed. */
  readonly pods: readonly FirstTimes[];
  readonly nodes: readonly FirstTimes[];
}

/** All that one replication (one boot of all nodes) of a scenario yields: plain data that crosses a worker's boundary. */
export interface ReplicationResult {
  readonly replication: number;
  readonly duration: Micros;
  /** How many nodes there are; 1 if absent. */
  readonly nodes?: number;
  readonly probes: { readonly total: number; readonly failed: number; readonly byCause: CauseCounts };
  readonly series: readonly ProbeSeries[];
  /** At most the first 1,000 failures, in order of time. */
  readonly failures: readonly FailedProbe[];
  readonly readiness: { readonly flips: number; readonly unready: Micros };
  readonly restarts: number;
  /** Absent where nobody kept it. */
  readonly life?: LifeResult;
  readonly workloads: readonly WorkloadResult[];
  readonly kubeProxy: KubeProxyResult;
  /** In the order of the scenario. */
  readonly loadBalancers: readonly LoadBalancerResult[];
  /** What decides which NodePorts a probe can be given, as it was at the end of the run. */
  readonly exposure: {
    readonly portRange: readonly [low: number, high: number];
    /** TCP NodePorts, sorted. */
    readonly nodePorts: readonly number[];
    /** Those of them with a virtual server on the address that probes come from. */
    readonly intercepted: readonly number[];
    /** Ports of the range that some socket holds against `connect()`, kube-proxy's among them. */
    readonly heldPorts: readonly number[];
    /** Ports of the range that are reserved. */
    readonly reservedPorts: readonly number[];
    readonly heldByKubeProxy: readonly number[];
    /** Pods that are probed. */
    readonly destinations: number;
  };
  readonly ports: {
    readonly timeWaitMax: number;
    /** TIME_WAIT sockets of the node's namespace at the end of the run, by local address (dotted quad). */
    readonly timeWaitByAddress: Readonly<Record<string, number>>;
    readonly inUseMax: number;
    /** `candidates[k]` = connects that examined k candidates, k up to 63; entry 64 gathers all above. */
    readonly candidates: readonly number[];
    readonly candidatesSum: number;
    readonly candidatesMax: number;
  };
  readonly conntrack: {
    readonly max: number;
    readonly peak: number;
    readonly dropped: number;
    readonly earlyDropped: number;
  };
  /** Absent unless it was asked for. */
  readonly gauges?: GaugeReadings;
  readonly dataPlane: DataPlaneWork;
  /** Kernel counters of the node's namespace under their names in /proc/net/netstat, snmp and stat/nf_conntrack. */
  readonly counters: Readonly<Record<string, number>>;
  readonly engine: {
    readonly events: number;
    readonly connections: number;
    readonly packets: number;
    readonly fingerprint: string;
  };
}
