import type { CauseCounts } from "../cluster/replication_result.ts";

/** A confidence interval of a proportion or a rate. */
export interface IntervalDocument {
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** How it was made, in words a statistician would use. */
  readonly method: string;
}

/** The failure probability by enumeration, or why there is none. */
export type ExactDocument =
  { readonly probability: number; readonly assumptions: readonly string[] } | { readonly declined: string };

/** One expectation of the scenario and what came of it. */
export interface ExpectationDocument {
  readonly that: string;
  readonly want: string;
  readonly got: number | null;
  readonly ok: boolean;
}

/** What kube-proxy's rules cost the node, and what a sync of them costs kube-proxy. */
export interface DataPlaneFigures {
  readonly mode: "ipvs" | "iptables" | "nftables";
  /** Rules, which are tested one after the other. */
  readonly rules: number;
  /** What one look-up finds however many there are: elements of nft sets and maps, IPVS virtual and real servers. */
  readonly entries: number;
  /** Rules of nat chains that the first packet of a connection was tested against. */
  readonly rulesPerNewConnectionMean: number;
  /** Rules of filter chains that a packet was tested against in one chain. */
  readonly rulesPerPacketMean: number;
  /** Estimated processor time of the rules for a new connection. */
  readonly newConnectionMicrosMean: number;
  /** Lines of rules, in IPVS mode netlink messages, of the first sync and of one after a service has changed; estimated seconds. */
  readonly sync: {
    readonly fullLines: number;
    readonly fullSeconds: number;
    readonly changeLines: number;
    readonly changeSeconds: number;
  };
  /** Connections whose source was translated, and those of them that got the number of a TCP NodePort as their port. */
  readonly sourceNat: { readonly connections: number; readonly onNodePort: number };
}

/** What one variant of a scenario gave: the figures of `run/1`. */
export interface RunFigures {
  readonly probes: {
    readonly total: number;
    readonly failed: number;
    readonly probability: number;
    readonly interval: IntervalDocument;
    readonly exact: ExactDocument;
    readonly byCause: CauseCounts;
    readonly longestRunOfFailures: number;
    readonly failuresPerHour: number;
    /** `null` when nothing failed. */
    readonly meanSecondsBetweenFailures: number | null;
    /** Between-replication variance over the binomial one; 1 = as if probes were independent. */
    readonly designEffect: number;
  };
  readonly readiness: { readonly flips: number; readonly unreadySeconds: number };
  readonly restarts: { readonly count: number; readonly perNodeWeek: number; readonly interval: IntervalDocument };
  readonly workloads: readonly {
    readonly name: string;
    readonly connects: number;
    readonly failed: number;
    readonly byCause: CauseCounts;
  }[];
  readonly ports: {
    readonly timeWaitMax: number;
    readonly timeWaitByAddress: Readonly<Record<string, number>>;
    readonly inUseMax: number;
    readonly candidatesPerConnect: { readonly mean: number; readonly p99: number; readonly max: number };
  };
  readonly conntrack: {
    readonly max: number;
    readonly peak: number;
    readonly dropped: number;
    readonly earlyDropped: number;
  };
  /** What kube-proxy's rules cost; times are estimates, whose constants `cluster/kube_proxy/data_plane_cost.ts` states. */
  readonly dataPlane: DataPlaneFigures;
  readonly counters: Readonly<Record<string, number>>;
  /** Things a reader should know before trusting the figures, e.g. destinations that lock together on a shared cursor. */
  readonly warnings: readonly string[];
  /** The first failures with the kubelet's log line, for the report. */
  readonly firstFailures: readonly {
    readonly replication: number;
    readonly atSeconds: number;
    readonly series: string;
    readonly localPort: number;
    readonly cause: string;
    readonly logLine: string;
  }[];
}

/** The document of `sim run --format json` (`run/1`). With the same scenario, settings and version only the two time fields of `engine` differ. */
export interface RunDocument extends RunFigures {
  readonly format: "run/1";
  readonly scenario: { readonly file: string; readonly digest: string; readonly about: string };
  readonly settings: {
    readonly seed: string;
    readonly kernel: string;
    readonly portWalk: string;
    readonly replications: number;
    readonly durationSeconds: number;
    readonly overrides: Readonly<Record<string, string>>;
  };
  /** NodePorts that `connect()` could pick, for the finding's words; sorted. */
  readonly exposure: {
    readonly portRange: readonly [low: number, high: number];
    readonly nodePorts: readonly number[];
    /** Those a connect can be given: in the range, not reserved, not held, of a parity the walk reaches. */
    readonly reachable: readonly number[];
    /** NodePorts that are reserved. */
    readonly reserved: readonly number[];
    readonly heldByKubeProxy: boolean;
  };
  readonly expectations: readonly ExpectationDocument[];
  readonly engine: {
    readonly version: string;
    readonly events: number;
    readonly connections: number;
    readonly packets: number;
    readonly fingerprint: string;
    readonly cpuSeconds: number;
    readonly wallSeconds: number;
  };
}
