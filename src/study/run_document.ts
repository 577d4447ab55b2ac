import type { CauseCounts } from "../cluster/replication_result.ts";
import type { SeriesDocument } from "./series_figures.ts";

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
  | {
      readonly probability: number;
      readonly assumptions: readonly string[];
      /** Estimate less exact value, in standard errors between boots; `null` if the exact value leaves no room for one. */
      readonly gapStandardErrors?: number | null;
    }
  | { readonly declined: string };

/** Failures in a row and the restarts that they bring, by enumeration, or why there is no such figure. */
export type ExactRestartsDocument =
  | {
      readonly perNodeWeek: number;
      /** Runs of so many consecutive failures of one series, of all probes of a node. */
      readonly runs: readonly { readonly length: number; readonly perNodeWeek: number }[];
      readonly assumptions: readonly string[];
      /** Restarts counted less those to be expected, in standard errors; `null` if none are to be expected. */
      readonly gapStandardErrors?: number | null;
    }
  | { readonly declined: string };

/** One expectation of the scenario and what came of it. */
export interface ExpectationDocument {
  readonly that: string;
  readonly want: string;
  readonly got: number | null;
  readonly ok: boolean;
}

/** Runs of failures of one length. */
export interface RunOfFailures {
  /** Failures in a row of one probe of one container. */
  readonly length: number;
  /** Whether longer runs are among them. */
  readonly isAtLeast: boolean;
  readonly count: number;
  readonly perNodeWeek: number;
  readonly interval: IntervalDocument;
}

/** The time to a first event, of pods or of nodes. */
export interface SurvivalDocument {
  /** How many were watched, and how many of them had the event. */
  readonly watched: number;
  readonly events: number;
  /** `null` if fewer than half have had the event. */
  readonly medianSeconds: number | null;
  /** `high` is `null` where nothing bounds it. */
  readonly medianInterval: Omit<IntervalDocument, "high"> & { readonly high: number | null };
  /** The share without the event at moments evenly spaced up to the end (Kaplan-Meier), with pointwise intervals. */
  readonly curve: readonly {
    readonly atSeconds: number;
    readonly surviving: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** A share of all nodes with its interval. */
export interface ShareDocument {
  readonly share: number;
  readonly interval: IntervalDocument;
}

/** What becomes of pods and nodes in the course of time. */
export interface LifeDocument {
  readonly firstFailure: { readonly perPod: SurvivalDocument; readonly perNode: SurvivalDocument };
  readonly firstRestart: { readonly perPod: SurvivalDocument; readonly perNode: SurvivalDocument };
  readonly nodesHitInAWeek: { readonly failure: ShareDocument; readonly restart: ShareDocument };
}

/** How long a workload's handshakes took, those that ended; `null` where none did. */
export interface ConnectSecondsDocument {
  readonly mean: number | null;
  /** Within 1/32 above the true value. */
  readonly p99: number | null;
  readonly max: number | null;
  /** The share of 1 s or more: the SYN or the SYN-ACK was sent again. */
  readonly slowShare: number | null;
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
  readonly sourceNat: {
    readonly connections: number;
    readonly onNodePort: number;
    readonly onNodePortShare: number;
  };
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
    /** By ascending length; absent where nobody kept them. */
    readonly runsOfFailures?: readonly RunOfFailures[];
    readonly failuresPerHour: number;
    /** `null` when nothing failed. */
    readonly meanSecondsBetweenFailures: number | null;
    /** Between-replication variance over the binomial one; 1 = as if probes were independent, below 1 boots agree more. */
    readonly designEffect: number;
  };
  readonly readiness: {
    readonly flips: number;
    readonly unreadySeconds: number;
    /** Flips in a week of one node, and their interval. */
    readonly perNodeWeek?: number;
    readonly interval?: IntervalDocument;
  };
  readonly restarts: {
    readonly count: number;
    readonly perNodeWeek: number;
    readonly interval: IntervalDocument;
    /** Absent where nobody asked for it. */
    readonly exact?: ExactRestartsDocument;
  };
  /** First failures and restarts; absent where nobody kept them. */
  readonly life?: LifeDocument;
  readonly workloads: readonly {
    readonly name: string;
    readonly connects: number;
    readonly failed: number;
    readonly byCause: CauseCounts;
    readonly connectSeconds: ConnectSecondsDocument;
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
    /** What `conntrack -L` lists at the end, mean of the boots; absent where nobody counted. */
    readonly atEnd?: number;
    readonly dropped: number;
    readonly earlyDropped: number;
  };
  /** How full the tables were over time; present in what `sim run --out` writes. */
  readonly series?: SeriesDocument;
  /** In the order of the scenario; a replication is one node of the cluster. */
  readonly loadBalancers: readonly {
    readonly name: string;
    readonly service: string;
    readonly checks: number;
    readonly failed: number;
    readonly failedShare: number;
    readonly timesMarkedUnhealthy: number;
    /** Share of the nodes' time in which they were out of service. */
    readonly unhealthyShare: number;
    /** Nodes that were marked unhealthy at least once, and their share. */
    readonly nodesMarkedUnhealthy: number;
    readonly nodesMarkedUnhealthyShare: number;
    /** Of the share of nodes. */
    readonly interval: IntervalDocument;
    readonly connects: number;
    readonly connectsFailed: number;
  }[];
  readonly kubeProxy: {
    readonly syncs: number;
    readonly restarts: number;
    readonly hangs: number;
    /** Nodes on which its sync loop hung at least once. */
    readonly hungNodes: number;
    readonly hungSeconds: number;
    /** Real servers at the end that take connections for an endpoint that is gone, on all nodes. */
    readonly staleServers: number;
    readonly logLines: number;
    /** The first lines of its log on the first node that logged any. */
    readonly log: readonly { readonly atSeconds: number; readonly text: string }[];
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

/** NodePorts that `connect()` could pick, for the finding's words; sorted. */
export interface ExposureDocument {
  readonly portRange: readonly [low: number, high: number];
  readonly nodePorts: readonly number[];
  /** Those a connect can be given: in the range, not reserved, not held, of a parity the walk reaches. */
  readonly reachable: readonly number[];
  /** NodePorts that are reserved. */
  readonly reserved: readonly number[];
  readonly heldByKubeProxy: boolean;
  /** The apiserver's `--service-node-port-range`, from which NodePorts to come are drawn. */
  readonly nodePortRange?: readonly [low: number, high: number];
  /** All ports of the range that are reserved, and those that a socket holds against `connect()`: blocks in order. */
  readonly reservedBlocks?: readonly (readonly [first: number, last: number])[];
  readonly heldBlocks?: readonly (readonly [first: number, last: number])[];
  /** Whether a virtual server waits for the answers to probes on every NodePort, so that picking one loses the probe. */
  readonly isIntercepted?: boolean;
  /** Whether the boots drew NodePorts of their own: those named here are of the first. Absent where they did not. */
  readonly isOfFirstBoot?: true;
}

/** The precision that was asked for, and how the run came to stop. */
export interface PrecisionDocument {
  /** Half-width of the interval over the estimate. */
  readonly asked: number;
  readonly isReached: boolean;
  readonly looks: number;
  /** Why there were no more replications. */
  readonly why: string;
  /** Simulated time, and CPU seconds, that were not to be exceeded. */
  readonly budgetSeconds?: number;
  readonly cpuBudgetSeconds?: number;
}

/** A short simulation that could have contradicted the exact value. */
export interface PilotDocument {
  readonly replications: number;
  /** What is counted of each of them. */
  readonly durationSeconds: number;
  readonly probes: number;
  readonly failed: number;
  /** Failures that the exact value lets expect of so many probes. */
  readonly expected: number;
  /** So many failures count as one, since they come together; 1 or more. */
  readonly designEffect: number;
  /** Of a count as far off as this one or farther, on either side, if the exact value is right. */
  readonly pValue: number;
  /** Below this the exact value is contradicted: the share of right values that are refused all the same. */
  readonly falseAlarm: number;
  readonly isContradicted: boolean;
}

/** How the failure probability of a point was come by. */
export interface EstimatorDocument {
  /**
   * `exact`: by enumeration, beside a pilot; `flow`: by simulation, where connections that nothing interferes with are
   * carried at once; `packet`: by simulation of every packet.
   */
  readonly name: "exact" | "flow" | "packet";
  readonly why: string;
  /** Present if the exact value was put to a test. */
  readonly pilot?: PilotDocument;
}

/** What was run. */
export interface SettingsDocument {
  readonly seed: string;
  readonly kernel: string;
  readonly portWalk: string;
  readonly replications: number;
  /** Absent where there is one node. */
  readonly nodes?: number;
  /** What is counted of each replication. */
  readonly durationSeconds: number;
  /** What was left out before it; absent where nothing was. */
  readonly warmUpSeconds?: number;
  /** Absent where the number of replications was given. */
  readonly precision?: PrecisionDocument;
  /** What the command line changed, by path; for a variant, its own settings as well. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** What the engine did: the same for the same scenario, settings and version. */
export interface EngineCounts {
  readonly events: number;
  readonly connections: number;
  readonly packets: number;
  readonly fingerprint: string;
}

/** One variant: its figures stand here as those of the scenario as it stands do in the document. */
export interface VariantDocument extends RunFigures {
  readonly name: string;
  readonly settings: SettingsDocument;
  readonly exposure: ExposureDocument;
  readonly engine: EngineCounts;
}

/** What taking something away did to a figure; `undecided` where the interval leaves it open. */
export type AuditedChange = "lower" | "higher" | "no-difference" | "undecided";

/** One variant held against the scenario as it stands. */
export interface AuditedVariant {
  readonly variant: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Whether this variant is the one without the claimed cause. */
  readonly isClaimed: boolean;
  /** The figure as it stands, and under the variant. */
  readonly standing: number;
  readonly varied: number;
  /** The variant's figure over the standing one; `ratio` is `null` and `high` missing where nothing bounds it. */
  readonly ratio: number | null;
  readonly interval: Omit<IntervalDocument, "high"> & { readonly high: number | null };
  readonly change: AuditedChange;
  /** Whether less than half of the figure is left without what the variant takes away. */
  readonly explains: "yes" | "no" | "undecided";
}

/** Whether the claimed cause explains the figure, and which variants do. */
export interface AuditDocument {
  readonly claim: string;
  readonly figure: string;
  readonly variants: readonly AuditedVariant[];
  /** What the variant without the claimed cause says of the claim. */
  readonly isCause: "yes" | "no" | "undecided";
  /** The variants that explain the figure, by name. */
  readonly explainedBy: readonly string[];
}

/** The document of `sim run --format json` (`run/1`). With the same scenario, settings and version only the two time fields of `engine` differ. */
export interface RunDocument extends RunFigures {
  readonly format: "run/1";
  readonly scenario: { readonly file: string; readonly digest: string; readonly about: string };
  readonly settings: SettingsDocument;
  /** Present if the cheapest sound estimator was asked for. */
  readonly estimator?: EstimatorDocument;
  readonly exposure: ExposureDocument;
  /** Present if the scenario has variants. The figures beside it are those of the scenario as it stands. */
  readonly variants?: readonly VariantDocument[];
  /** Present if the scenario has an audit. */
  readonly audit?: AuditDocument;
  readonly expectations: readonly ExpectationDocument[];
  readonly engine: EngineCounts & {
    readonly version: string;
    /** Of the whole run, variants included. */
    readonly cpuSeconds: number;
    readonly wallSeconds: number;
  };
}
