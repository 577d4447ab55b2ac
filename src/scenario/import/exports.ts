import type { ConntrackRow } from "../../kernel/show/conntrack_rows.ts";
import type { IpvsServiceRow } from "../../kernel/show/ipvs_rows.ts";
import type { SsRow } from "../../kernel/show/ss_rows.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { ExportKind } from "./collector.ts";
import type { ClusterFacts } from "./cluster_facts.ts";

/** A line of a file below `/etc/sysctl.d`. */
export interface ConfiguredSysctl {
  readonly name: string;
  readonly text: string;
}

/** What `iptables-save` tells. */
export interface IptablesFacts {
  readonly hasServiceChains: boolean;
  /** Whether INPUT or FORWARD, or a chain of a network policy, drops what conntrack calls INVALID. */
  readonly dropsInvalid: boolean;
  /** Masquerading of a pod network by somebody other than kube-proxy. */
  readonly masquerade: "off" | "on" | "random-fully";
}

/** All that the exports of a node say, by tool; what was not exported is absent. */
export interface Exports {
  readonly cluster: ClusterFacts;
  sockets?: readonly SsRow[];
  flows?: readonly ConntrackRow[];
  /** How many entries `conntrack -L` listed besides TCP. */
  otherFlows?: number;
  ipvs?: readonly IpvsServiceRow[];
  /** `sysctl -a`: what holds now. */
  running?: ReadonlyMap<string, string>;
  /** `sysctl.d`: what would hold after a reboot, the last line of a name winning. */
  readonly configured: Map<string, ConfiguredSysctl>;
  iptables?: IptablesFacts;
  flags: ReadonlyMap<string, string>;
  kernelBuild?: string;
  /** The upstream release that a vendor's build says it is made from. */
  upstreamRelease?: string;
  nodeName?: string;
  hz?: number;
  memoryBytes?: number;
}

/** What was read from a folder. */
export interface ExportReading {
  readonly exports: Exports;
  /** What each file was taken for, in the order of the files. */
  readonly files: readonly { readonly path: string; readonly kind: ExportKind }[];
  readonly diagnostics: readonly Diagnostic[];
  /** What a reader should know and what keeps nobody from going on. */
  readonly notes: readonly string[];
}
