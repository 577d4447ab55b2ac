import type { Ipv4 } from "../../units.ts";
import type { ServiceOptions } from "../options.ts";

/** An endpoint of a service as its EndpointSlice says. */
export interface ServiceEndpoint {
  readonly address: Ipv4;
  /** Whether it takes new connections: Ready, and not terminating. */
  readonly isReady: boolean;
}

/** A service as kube-proxy sees it: its spec, and its endpoints of this moment in the order of their slice. */
export interface ProxiedService {
  readonly spec: ServiceOptions;
  readonly endpoints: readonly ServiceEndpoint[];
}

/** One way of programming the node: kube-proxy's `--proxy-mode`. */
export interface Proxier {
  /** Writes sysctls and what stands for the process's whole life. */
  start(): void;
  /** Makes the node's rules those of the given services. */
  sync(services: readonly ProxiedService[]): void;
}
