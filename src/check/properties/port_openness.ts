import { STEP_WIDTH } from "../checked_node.ts";
import { kubeProxyEra } from "../../cluster/kube_proxy/kube_proxy_eras.ts";
import type { KernelEra } from "../../kernel/kernel_era.ts";
import { readVersion } from "../../scenario/values.ts";
import type { Port } from "../../units.ts";
import { PortView } from "../port_view.ts";
import { eraOf, sysctlValues, type NodeConfig } from "./node_config.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** The kernels that a configuration leaves possible. */
export function possibleEras({ era }: NodeConfig, { kernels }: SearchBounds): readonly KernelEra[] {
  return era === undefined ? kernels.map(eraOf) : [era];
}

/** The NodePorts that a configuration leaves possible, ascending. */
export function possibleNodePorts({ nodePorts, nodePortRange }: NodeConfig, bounds: SearchBounds): readonly Port[] {
  if (nodePorts !== undefined) return nodePorts;
  if (bounds.services[1] === 0) return [];
  if (bounds.clustering.every((kind) => kind === "listed")) return bounds.listed;
  const [low, high] = nodePortRange;
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

/** Whether every kube-proxy that is possible listens on NodePorts, so that connect() passes them over. */
export function holdsNodePorts({ kubeProxy, mode }: NodeConfig, { kubeProxies }: SearchBounds): boolean {
  if (mode === "nftables") return false;
  return (kubeProxy === undefined ? kubeProxies : [kubeProxy]).every((text) => {
    const version = readVersion(text);
    return version.ok && kubeProxyEra(version.value).claimsNodePorts;
  });
}

/** The source ports of the node on one kernel, with what is given to listen. */
export function portViewOf(config: NodeConfig, era: KernelEra): PortView {
  const values = sysctlValues(config, era);
  return new PortView({
    walk: era.portWalk,
    range: values.localPortRange,
    reserved: values.reservedPorts,
    held: new Set(config.listeners),
    stepWidth: values.number(STEP_WIDTH),
  });
}
