import type { KernelEra } from "../kernel/eras.ts";
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
}

/** A node and all that happens on it: plain data, every default filled in. A checked scenario is one. */
export interface NodeOptions {
  readonly kernel: { readonly era: KernelEra };
  readonly duration: Micros;
  readonly seed: string;
  readonly node: {
    readonly interfaces: readonly InterfaceOptions[];
    readonly primaryAddress: Ipv4;
    readonly podNetwork: "bridge" | "routed";
    readonly ipMasq: CniMasquerade;
    readonly gateway?: Ipv4;
    readonly memoryBytes: number;
  };
  readonly sysctls: readonly (readonly [name: string, text: string])[];
  readonly kubelet: { readonly version: Version; readonly httpProbeClosesFirst: number };
  readonly kubeProxy: KubeProxyOptions;
  readonly services: readonly ServiceOptions[];
  readonly serviceGenerators: readonly ServiceGeneratorOptions[];
  readonly pods: readonly PodOptions[];
  readonly nodeLocalDns: NodeLocalDnsOptions | undefined;
  readonly churn: readonly ChurnOptions[];
}

/** Whether version `a` is `b` or later. */
export function isAtLeast(a: Version, b: Version): boolean {
  for (let place = 0; place < 3; place += 1) {
    if (a[place]! !== b[place]!) return a[place]! > b[place]!;
  }
  return true;
}
