/** A port that a container names. */
export interface ContainerPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: string;
  /** Whether a port of the node leads to it. */
  readonly hasHostPort: boolean;
}

/** Whom a probe asks; `port` may be the name of a container's port. */
export interface ProbeFact {
  readonly handler: "httpGet" | "tcpSocket" | "grpc" | "exec";
  readonly port?: number | string;
  /** Without its query, which may hold a token. */
  readonly path?: string;
  readonly isHttps: boolean;
  /** The host that it asks in place of the pod. */
  readonly host?: string;
  readonly times: Readonly<Record<string, number>>;
}

/** Which probe of a container. */
export type ProbeKind = "readinessProbe" | "livenessProbe" | "startupProbe";

/** A container as far as networking knows it: no environment, no command, no volumes. */
export interface ContainerFact {
  readonly name: string;
  /** Name and tag without the registry: `kube-proxy:v1.23.10`. */
  readonly image: string;
  readonly ports: readonly ContainerPort[];
  readonly probes: Readonly<Partial<Record<ProbeKind, ProbeFact>>>;
}

/** A pod as far as networking knows it. */
export interface PodFact {
  readonly namespace: string;
  readonly name: string;
  readonly nodeName?: string;
  readonly address?: string;
  readonly hostAddress?: string;
  readonly isHostNetwork: boolean;
  readonly phase: string;
  readonly containers: readonly ContainerFact[];
  /** The flags of kube-proxy and of the apiserver that bear on ports; empty for all other pods. */
  readonly flags: ReadonlyMap<string, string>;
}

/** A port of a service. */
export interface ServicePortFact {
  readonly name?: string;
  readonly port: number;
  readonly nodePort?: number;
  readonly targetPort?: number | string;
  readonly protocol: string;
}

/** A service. */
export interface ServiceFact {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly clusterAddress?: string;
  readonly isHeadless: boolean;
  readonly externalAddresses: readonly string[];
  readonly ports: readonly ServicePortFact[];
  /** What its spec asks for and the model does not have. */
  readonly unserved: readonly UnservedFeature[];
}

/** What a service may ask for and the model does not have. */
export type UnservedFeature = "externalTrafficPolicy Local" | "session affinity" | "loadBalancerSourceRanges";

/** An EndpointSlice, or one subset of an Endpoints object. */
export interface SliceFact {
  /** `namespace/name` of its service. */
  readonly service: string;
  readonly ports: readonly { readonly name?: string; readonly port: number }[];
  /** Those that are ready. */
  readonly addresses: readonly string[];
}

/** A node. */
export interface NodeFact {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly podCidr?: string;
  readonly kubeletVersion?: string;
  readonly kernelVersion?: string;
  readonly memoryBytes?: number;
  /** Its logical processors. */
  readonly cpus?: number;
}

/** An interface with its IPv4 addresses, each with the length of its prefix. */
export interface InterfaceFact {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** What kube-proxy was told. */
export interface KubeProxyFact {
  readonly mode?: string;
  readonly scheduler?: string;
  readonly nodePortAddresses?: readonly string[];
  /** Entries of conntrack: for each processor, and at least. */
  readonly conntrackMaxPerCore?: number;
  readonly conntrackMin?: number;
}

/** All objects of a cluster that its exports hold. */
export interface ClusterFacts {
  readonly pods: PodFact[];
  readonly services: ServiceFact[];
  readonly slices: SliceFact[];
  readonly nodes: NodeFact[];
  readonly interfaces: InterfaceFact[];
  kubeProxy: KubeProxyFact | undefined;
}
