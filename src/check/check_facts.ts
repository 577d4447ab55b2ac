import type { ProxyMode } from "./checked_node.ts";

/** What the user says about a node beside its files; what is absent is read from the target or assumed. */
export interface CheckFacts {
  /** A build of the era table, or any upstream release. */
  readonly kernel?: string;
  readonly mode?: ProxyMode;
  /** kube-proxy's version. */
  readonly kubeProxy?: string;
  /** The apiserver's `--service-node-port-range`, such as `30000-32767`. */
  readonly nodePortRange?: string;
  /** NodePorts in use, as `ip_local_reserved_ports` takes a list. */
  readonly nodePorts?: string;
  /** Ports that processes of the node listen on, as such a list. */
  readonly listen?: string;
  /** New connections a second to one destination that the node must be able to hold up. */
  readonly connectRate?: number;
}
