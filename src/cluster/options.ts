import type { KernelEra } from "../kernel/kernel_era.ts";
import type { Ipv4, Micros, Port } from "../units.ts";
import type { CniMasquerade } from "./cni_masquerade.ts";

/** A Kubernetes version as numbers. */
export type Version = readonly [major: number, minor: number, patch: number];

/** An address with its network. */
export interface InterfaceAddressOptions {
  readonly address: Ipv4;
  readonly prefixLength: number;
}

/** An interface of the node. Behind a physical one lies the network with all that is not on the node. */
export interface InterfaceOptions {
  readonly name: string;
  readonly kind: "physical" | "bridge" | "dummy";
  readonly addresses: readonly InterfaceAddressOptions[];
}

/** A probe of a container, times in whole seconds as the kubelet takes them. */
export interface ProbeOptions {
  readonly handler:
    | { readonly kind: "httpGet"; readonly port: Port; readonly path: string }
    | { readonly kind: "tcpSocket"; readonly port: Port }
    | { readonly kind: "grpc"; readonly port: Port }
    | { readonly kind: "exec" };
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** A pod with one container, which is up and ready when the run begins. */
export interface PodOptions {
  readonly name: string;
  readonly workload: string;
  /** The name of the node that it runs on; absent where there is one node. */
  readonly nodeName?: string;
  readonly address: Ipv4;
  readonly hostNetwork: boolean;
  readonly listen: readonly Port[];
  readonly readinessProbe?: ProbeOptions;
  readonly livenessProbe?: ProbeOptions;
  readonly startupProbe?: ProbeOptions;
  readonly responseDelay: Micros;
  readonly containerStart: Micros;
}

/** A service and its endpoints. */
export interface ServiceOptions {
  readonly name: string;
  readonly clusterIp?: Ipv4;
  readonly externalIps: readonly Ipv4[];
  readonly ports: readonly {
    readonly port: Port;
    readonly nodePort?: Port;
    readonly targetPort: Port;
    readonly protocol: "TCP" | "UDP" | "SCTP";
  }[];
  readonly endpoints: readonly Ipv4[];
  /** The workload whose pods are its endpoints, beside those listed. */
  readonly selector?: string;
}

/** Pods of one kind: what a rollout replaces and what a service selects. */
export interface WorkloadOptions {
  readonly name: string;
  /** Whether they run on other nodes: then they are servers in the network, and nobody here probes them. */
  readonly isElsewhere: boolean;
  /** Whether a network policy lets nobody but their own node's kubelet reach them. */
  readonly deniesIngress: boolean;
  readonly pods: readonly PodOptions[];
  /** Which of the address pools new pods take theirs from. */
  readonly pool: number;
  /** Pods above and below their number while a rollout goes on. */
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  /** From SIGTERM until the process has ended and the address is free. */
  readonly containerStop: Micros;
}

/** A load balancer outside the cluster, with this node as one of its targets. */
export interface LoadBalancerOptions {
  readonly name: string;
  /** In the network behind the node. */
  readonly address: Ipv4;
  readonly service: string;
  /** The NodePort that it checks and sends its traffic to. */
  readonly nodePort: Port;
  readonly healthCheck: {
    readonly protocol: "TCP" | "HTTP";
    readonly interval: Micros;
    readonly timeout: Micros;
    readonly unhealthyThreshold: number;
    readonly healthyThreshold: number;
  };
  /** Connections of clients that it keeps open through this node while the node is in service. */
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
  /** It comes again and again after this time. */
  readonly every?: Micros;
  readonly actions: readonly TimelineAction[];
}

/** Services whose NodePorts each replication draws. */
export interface ServiceGeneratorOptions {
  readonly name?: string;
  readonly count: number;
  readonly nodePorts: "random" | "contiguous" | "listed";
  readonly list: readonly Port[];
  readonly port: Port;
  readonly targetPort: Port;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly endpoints: readonly Ipv4[];
}

/** kube-proxy's version and flags. */
export interface KubeProxyOptions {
  readonly version: Version;
  readonly mode: "ipvs" | "iptables" | "nftables";
  readonly nodePortRange: readonly [low: Port, high: Port];
  readonly scheduler: "rr" | "wrr";
  readonly nodePortAddresses?: readonly InterfaceAddressOptions[];
}

/** node-local-dns with its self-check. */
export interface NodeLocalDnsOptions {
  readonly version: Version;
  readonly address: Ipv4;
  readonly healthPort: Port;
  readonly livenessProbe: ProbeOptions;
  readonly selfCheck: boolean;
}

/** Connections that come and go beside the probes. */
export interface ChurnOptions {
  readonly name: string;
  readonly from: string;
  readonly to: { readonly address: Ipv4; readonly port: Port };
  readonly ratePerSecond: number;
  readonly arrivals: "poisson" | "periodic";
  readonly closes: "client" | "server" | "reset";
  /** How long the client waits for a connection and its answer; 3 s if absent. */
  readonly timeout?: Micros;
  /** How long a connection stays open after its answer; closed at once if left out. */
  readonly lasts?: Micros;
  /** Present if a host that is no node connects, from this address and these ports in turn. */
  readonly source?: { readonly address: Ipv4; readonly ports: readonly [low: Port, high: Port] };
}

/** A node as the scenario describes it. */
export interface NodeDescription {
  /** Unique; absent only where there is one node. */
  readonly name?: string;
  readonly interfaces: readonly InterfaceOptions[];
  readonly primaryAddress: Ipv4;
  readonly podNetwork: "bridge" | "routed";
  readonly ipMasq: CniMasquerade;
  /** The network that its pods take addresses from, as other nodes route to it. */
  readonly podCidr?: InterfaceAddressOptions;
  readonly gateway?: Ipv4;
  readonly memoryBytes: number;
  /** Sysctls of this node, written after those of all nodes. */
  readonly sysctls?: readonly (readonly [name: string, text: string])[];
}

/** How pods of different nodes reach each other. */
export interface OverlayOptions {
  /** `vxlan`: in UDP packets between the nodes' addresses. `host-gw`: as they are, with a route per node. */
  readonly kind: "vxlan" | "host-gw";
  /** The UDP port of `vxlan`. */
  readonly port: Port;
  /** What a firewall between the nodes does with packets to that port. */
  readonly blocked: "off" | "drop" | "reject";
  /** Whether what pods send out of the pod networks gets the node's address. */
  readonly masquerade: boolean;
}

/** A destination port that a security group lets nothing through to. */
export interface BlockedPortOptions {
  readonly port: Port;
  readonly protocol: "TCP" | "UDP";
}

/** Limits of the cloud network between the nodes. */
export interface CloudOptions {
  /** Whether packets are dropped that an interface sends from, or gets for, an address that it does not have. */
  readonly sourceDestCheck: boolean;
  readonly blockedPorts: readonly BlockedPortOptions[];
}

/** A node and all that happens on it: plain data, every default filled in. A checked scenario is one. */
export interface NodeOptions {
  readonly kernel: { readonly era: KernelEra };
  readonly duration: Micros;
  readonly seed: string;
  readonly node: NodeDescription;
  readonly sysctls: readonly (readonly [name: string, text: string])[];
  readonly kubelet: { readonly version: Version; readonly httpProbeClosesFirst: number };
  readonly kubeProxy: KubeProxyOptions;
  readonly services: readonly ServiceOptions[];
  readonly serviceGenerators: readonly ServiceGeneratorOptions[];
  readonly pods: readonly PodOptions[];
  readonly nodeLocalDns: NodeLocalDnsOptions | undefined;
  readonly churn: readonly ChurnOptions[];
  /** Workloads that a service selects, that a rollout replaces, or that run elsewhere. */
  readonly workloads: readonly WorkloadOptions[];
  /** Addresses for new pods, in the order in which they are given out. */
  readonly addressPools: readonly (readonly Ipv4[])[];
  /** From a change of a pod's readiness until kube-proxy hears of the changed EndpointSlice. */
  readonly endpointSliceDelay: Micros;
  readonly loadBalancers: readonly LoadBalancerOptions[];
  readonly timeline: readonly TimelineEntry[];
  /** Whether the hosts of endpoints elsewhere drop what their conntrack calls INVALID, in place of a RST. */
  readonly endpointHostsDropInvalid: boolean;
}

/** Several nodes and what is between them. `node` is the first; `pods` and `churn` are those of all. */
export interface ClusterOptions extends NodeOptions {
  /** All nodes, the first included; absent or one entry: the node is by itself. */
  readonly nodes?: readonly NodeDescription[];
  readonly overlay?: OverlayOptions;
  readonly cloud?: CloudOptions;
}

/** Whether version `a` is `b` or later. */
export function isAtLeast(a: Version, b: Version): boolean {
  for (let place = 0; place < 3; place += 1) {
    if (a[place]! !== b[place]!) return a[place]! > b[place]!;
  }
  return true;
}
