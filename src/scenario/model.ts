import type { KernelEra } from "../kernel/kernel_era.ts";
import type { Ipv4, Micros, Port } from "../units.ts";
import type { Endpoint, InterfaceAddress, ProtocolPort, Version } from "./values.ts";

/** An interface of the node. */
export interface NodeInterface {
  readonly name: string;
  readonly kind: "physical" | "bridge" | "dummy";
  readonly addresses: readonly InterfaceAddress[];
}

/** A node: its interfaces and how it reaches its pods. */
export interface NodeSetup {
  /** Unique; absent where there is one node that the scenario does not name. */
  readonly name?: string;
  readonly interfaces: readonly NodeInterface[];
  /** The address of the first physical interface, which also is the address of pods with `hostNetwork`. */
  readonly primaryAddress: Ipv4;
  /** `bridge`: pods hang on a bridge that has an address. `routed`: one route per pod, as Calico and AWS do. */
  readonly podNetwork: "bridge" | "routed";
  /** The network that pods take addresses from; absent if the scenario names none. */
  readonly podCidr?: InterfaceAddress;
  /** Whether what pods send to other networks is masqueraded: no, keeping the port where it is free, or drawing it. */
  readonly ipMasq: "off" | "on" | "random-fully";
  /** Absent when the network of the first physical interface has no second host. */
  readonly gateway?: Ipv4;
  readonly memoryBytes: number;
  /** Sysctls of this node alone, in the order of the file. */
  readonly sysctls: readonly (readonly [name: string, text: string])[];
}

/** How pods of different nodes reach each other. */
export interface Overlay {
  readonly kind: "vxlan" | "host-gw";
  readonly port: Port;
  /** What a firewall between the nodes does with packets to that port. */
  readonly blocked: "off" | "drop" | "reject";
  readonly masquerade: boolean;
}

/** Limits of the network between the nodes. */
export interface Cloud {
  readonly sourceDestCheck: boolean;
  readonly blockedPorts: readonly ProtocolPort[];
}

/** Whom a probe asks; `exec` opens no connection. */
export type ProbeHandler =
  | { readonly kind: "httpGet"; readonly port: Port; readonly path: string }
  | { readonly kind: "tcpSocket"; readonly port: Port }
  | { readonly kind: "grpc"; readonly port: Port }
  | { readonly kind: "exec" };

/** A probe with the defaults of Kubernetes filled in. Times are whole seconds, as the kubelet takes them. */
export interface Probe {
  readonly handler: ProbeHandler;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** One pod; an entry with `replicas: 3` gives three. */
export interface Pod {
  /** `namespace/name`, with `-0`, `-1` … behind it when the entry has several replicas. Unique. */
  readonly name: string;
  /** The name of the entry that it comes from. */
  readonly workload: string;
  /** The node it runs on; absent where there is one node. */
  readonly nodeName?: string;
  /** Its own address, or the node's with `hostNetwork`. */
  readonly address: Ipv4;
  readonly hostNetwork: boolean;
  readonly listen: readonly Port[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
  /** From the request to the response of an HTTP server. */
  readonly responseDelay: Micros;
  /** From the start of the container until its process listens. */
  readonly containerStart: Micros;
}

/** A transport protocol of a service port. */
export type Protocol = "TCP" | "UDP" | "SCTP";

/** A port of a service. */
export interface ServicePort {
  readonly port: Port;
  /** Present for the types NodePort and LoadBalancer. */
  readonly nodePort?: Port;
  readonly targetPort: Port;
  readonly protocol: Protocol;
}

/** A service that the scenario names. */
export interface Service {
  readonly name: string;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer";
  /** Absent for a headless service, and where the scenario says none. */
  readonly clusterIp?: Ipv4;
  readonly externalIps: readonly Ipv4[];
  readonly ports: readonly ServicePort[];
  /** May be empty: kube-proxy then makes virtual servers without real servers. */
  readonly endpoints: readonly Ipv4[];
  /** The entry of pods whose Ready ones are endpoints too. */
  readonly selector?: string;
}

/** Pods of one entry that a service selects, that a rollout replaces, that run elsewhere, or that nobody reaches. */
export interface Workload {
  readonly name: string;
  readonly isElsewhere: boolean;
  /** Whether a network policy lets nobody but their node's kubelet reach them. */
  readonly deniesIngress: boolean;
  readonly pods: readonly Pod[];
  /** Index of `addressPools`; -1 if it is never rolled out. */
  readonly pool: number;
  /** A quarter of the replicas, rounded up and down, as a Deployment has by default. */
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly containerStop: Micros;
}

/** A load balancer outside the cluster. */
export interface LoadBalancerSetup {
  readonly name: string;
  readonly address: Ipv4;
  readonly service: string;
  readonly nodePort: Port;
  readonly healthCheck: {
    readonly protocol: "TCP" | "HTTP";
    readonly interval: Micros;
    readonly timeout: Micros;
    readonly unhealthyThreshold: number;
    readonly healthyThreshold: number;
  };
  readonly connections: number;
  readonly connectionLifetime: Micros;
}

/** What happens at one moment of the timeline. */
export type TimelineAction =
  | { readonly kind: "kubeProxyVersion"; readonly version: Version }
  | { readonly kind: "sysctl"; readonly name: string; readonly text: string }
  | { readonly kind: "rollout"; readonly workload: string }
  | { readonly kind: "restartKubeProxy" };

/** An entry of the timeline. */
export interface TimelineEntry {
  readonly at: Micros;
  readonly every?: Micros;
  readonly actions: readonly TimelineAction[];
}

/** Services of type NodePort that each replication makes; it also draws their NodePorts. */
export interface ServiceGenerator {
  /** Present when the entry has a name; the services are then `name-0`, `name-1` … */
  readonly name?: string;
  readonly count: number;
  /** Drawn from the range one by one, drawn as one block, or given. */
  readonly nodePorts: "random" | "contiguous" | "listed";
  /** The given NodePorts, `count` of them; empty unless `listed`. */
  readonly list: readonly Port[];
  readonly port: Port;
  readonly targetPort: Port;
  readonly protocol: Protocol;
  readonly endpoints: readonly Ipv4[];
}

/** kube-proxy's version and flags. */
export interface KubeProxySetup {
  readonly version: Version;
  readonly mode: "ipvs" | "iptables" | "nftables";
  /** The apiserver's `--service-node-port-range`, both ends included. */
  readonly nodePortRange: readonly [low: Port, high: Port];
  readonly scheduler: "rr" | "wrr";
  /** `--nodeport-addresses`; absent means all local addresses. */
  readonly nodePortAddresses?: readonly InterfaceAddress[];
}

/** node-local-dns on this node. */
export interface NodeLocalDnsSetup {
  /** The CoreDNS release inside it. */
  readonly version: Version;
  readonly address: Ipv4;
  readonly healthPort: Port;
  readonly livenessProbe: Probe;
  /** Whether its health plugin asks itself once a second. */
  readonly selfCheck: boolean;
}

/**
 * Connections that come and go beside the probes.
 *
 * Not modelled: masquerading of what other hosts send to a ClusterIP (`--cluster-cidr`, `--masquerade-all`): endpoints on
 * other hosts answer them past the node, so they get no connection. Where there are several nodes, other hosts have no
 * route to a ClusterIP at all.
 */
export interface Churn {
  readonly name: string;
  /** `node` (the first), the name of a node or of a pod, or the address of a host elsewhere. */
  readonly from: string;
  readonly to: Endpoint;
  /** 0 or more. */
  readonly ratePerSecond: number;
  readonly arrivals: "poisson" | "periodic";
  /** Who closes first, or that the client aborts with RST. */
  readonly closes: "client" | "server" | "reset";
  readonly timeout: Micros;
  /** How long a connection stays open after its answer; absent: closed at once. */
  readonly lasts?: Micros;
  /** Present if `from` is an address: that host, and the source ports that it takes in turn. */
  readonly source?: { readonly address: Ipv4; readonly ports: readonly [low: Port, high: Port] };
}

/** What a figure of the result must be; at least one of the bounds is present. */
export interface Expectation {
  /** A path of `run/1`, such as `probes.probability`. */
  readonly that: string;
  /** Both ends included. */
  readonly between?: readonly [low: number, high: number];
  readonly below?: number;
  readonly above?: number;
  readonly equals?: number;
}

/** The same scenario under other settings. */
export interface Variant {
  /** Letters, digits, blanks, `_` and `-`; unique. */
  readonly name: string;
  /** Values by path of `--set`, in the order in which they apply. */
  readonly settings: Readonly<Record<string, string>>;
  /** The scenario that they give; it expects nothing and has no variants of its own. */
  readonly scenario: Scenario;
}

/** A claim about the cause of a figure, to be held against the variants. */
export interface Audit {
  /** What somebody takes for the cause, in a sentence. */
  readonly claim: string;
  /** The name of the variant without that cause. */
  readonly cause: string;
  /** A path that `isAuditFigure` accepts. */
  readonly figure: string;
}

/** A checked scenario: plain data, every default filled in, ready to cross a worker's boundary. */
export interface Scenario {
  /** Empty if the file says nothing. */
  readonly about: string;
  readonly kernel: { readonly build: string; readonly era: KernelEra };
  readonly duration: Micros;
  readonly replications: number;
  readonly seed: string;
  /** The first of the nodes. */
  readonly node: NodeSetup;
  /** All nodes, at least one. */
  readonly nodes: readonly NodeSetup[];
  readonly overlay?: Overlay;
  readonly cloud?: Cloud;
  /** Names and texts in the order of the file; each was accepted by the kernel's own parser. */
  readonly sysctls: readonly (readonly [name: string, text: string])[];
  readonly kubelet: {
    readonly version: Version;
    /** The share of HTTP probes in which the kubelet closes first and so keeps the TIME_WAIT, 0 to 1. */
    readonly httpProbeClosesFirst: number;
  };
  readonly kubeProxy: KubeProxySetup;
  readonly services: readonly Service[];
  readonly serviceGenerators: readonly ServiceGenerator[];
  readonly pods: readonly Pod[];
  readonly nodeLocalDns: NodeLocalDnsSetup | undefined;
  readonly churn: readonly Churn[];
  readonly workloads: readonly Workload[];
  /** Addresses for the new pods of rollouts, in the order in which they are given out. */
  readonly addressPools: readonly (readonly Ipv4[])[];
  readonly endpointSliceDelay: Micros;
  readonly loadBalancers: readonly LoadBalancerSetup[];
  readonly timeline: readonly TimelineEntry[];
  /** Whether the hosts of endpoints elsewhere drop what their conntrack calls INVALID. */
  readonly endpointHostsDropInvalid: boolean;
  readonly expect: readonly Expectation[];
  readonly variants: readonly Variant[];
  readonly audit: Audit | undefined;
}
