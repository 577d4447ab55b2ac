import type { ProbeKind } from "./cluster_facts.ts";

/**
 * What a scenario will hold, as plain values. Comments never name anybody and hold no address, so that redaction has only
 * the fields for names and addresses to change.
 */
export interface ImportPlan {
  readonly nodeName?: string;
  readonly kernel: KernelPlan;
  readonly node: NodePlan;
  readonly sysctls: readonly SysctlPlan[];
  readonly kubelet: KubeletPlan;
  readonly kubeProxy: KubeProxyPlan;
  readonly services: readonly ServicePlan[];
  readonly servicesComment: string;
  readonly pods: readonly PodPlan[];
  readonly podsComment: string;
  readonly nodeLocalDns?: NodeLocalDnsPlan;
  readonly dropsInvalidComment?: string;
  readonly churn: readonly ChurnPlan[];
  readonly churnComment: string;
  readonly expect: readonly ExpectPlan[];
  readonly expectComment: string;
}

/** The kernel; `portWalk` where no row of the era table decides it. */
export interface KernelPlan {
  readonly build: string;
  readonly portWalk?: string;
  readonly hz?: number;
  readonly comment: string;
}

/** An interface of the node. */
export interface InterfacePlan {
  readonly name: string;
  readonly kind: "physical" | "bridge" | "dummy";
  /** With the lengths of their prefixes. */
  readonly addresses: readonly string[];
}

/** The node and its pod network. */
export interface NodePlan {
  readonly interfaces: readonly InterfacePlan[];
  readonly comment?: string;
  readonly podNetwork: "bridge" | "routed";
  readonly ipMasq: "off" | "on" | "random-fully";
  readonly ipMasqComment?: string;
  readonly memoryBytes?: number;
}

/** A sysctl. */
export interface SysctlPlan {
  readonly name: string;
  readonly text: string;
  readonly comment?: string;
}

/** The kubelet. */
export interface KubeletPlan {
  readonly version: string;
  readonly comment?: string;
  readonly httpProbeClosesFirst?: number;
  readonly shareComment?: string;
}

/** kube-proxy. */
export interface KubeProxyPlan {
  readonly version: string;
  readonly versionComment?: string;
  readonly mode: "ipvs" | "iptables" | "nftables";
  readonly modeComment?: string;
  readonly nodePortRange: readonly [low: number, high: number];
  readonly rangeComment?: string;
  readonly scheduler?: string;
  readonly schedulerComment?: string;
  readonly nodePortAddresses?: readonly string[];
}

/** A port of a service. */
export interface ServicePortPlan {
  readonly port: number;
  readonly nodePort?: number;
  readonly targetPort: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

/** A service. */
export interface ServicePlan {
  readonly namespace: string;
  readonly name: string;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer";
  readonly clusterAddress?: string;
  readonly externalAddresses: readonly string[];
  readonly ports: readonly ServicePortPlan[];
  readonly endpoints: readonly string[];
  readonly comment?: string;
}

/** A probe; times that are Kubernetes' defaults are left out. */
export interface ProbePlan {
  readonly handler: "httpGet" | "tcpSocket" | "grpc" | "exec";
  readonly port?: number;
  readonly path?: string;
  readonly times: Readonly<Record<string, number>>;
}

/** A pod of the node. */
export interface PodPlan {
  readonly namespace: string;
  readonly name: string;
  /** Absent with the host network. */
  readonly address?: string;
  readonly listen: readonly number[];
  readonly probes: Readonly<Partial<Record<ProbeKind, ProbePlan>>>;
  readonly comment?: string;
}

/** node-local-dns. */
export interface NodeLocalDnsPlan {
  readonly version: string;
  readonly address: string;
  readonly healthPort: number;
  /** The kubelet's probe of it, where its pod says it. */
  readonly livenessProbe?: ProbePlan;
  readonly comment: string;
}

/** One end of a connection: the node, a pod or a service by name, or an address. */
export type FlowEnd =
  | { readonly kind: "node" }
  | { readonly kind: "named"; readonly namespace: string; readonly name: string }
  | { readonly kind: "address"; readonly address: string };

/** A workload with a measured rate. */
export interface ChurnPlan {
  readonly name: string;
  readonly from: FlowEnd;
  readonly to: FlowEnd;
  readonly port: number;
  readonly perMinute: number;
  readonly arrivals: "poisson" | "periodic";
  readonly closes: "client" | "server" | "reset";
  /** Whether connections stay open, as those do that were open in the export. */
  readonly isKept: boolean;
  readonly comment: string;
}

/** A figure of the export that the scenario has to give again. */
export interface ExpectPlan {
  /** The local address whose TIME_WAIT sockets are counted; absent for the conntrack table. */
  readonly address?: string;
  readonly between: readonly [low: number, high: number];
  readonly comment: string;
}
