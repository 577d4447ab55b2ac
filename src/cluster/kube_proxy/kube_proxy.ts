import type { Machine } from "../../kernel/machine.ts";
import { emptyTally } from "../../kernel/netfilter/rule_tally.ts";
import type { Netns } from "../../kernel/netns.ts";
import { type Ipv4, type Micros, type Port, SECOND } from "../../units.ts";
import type { NodeOptions, ServiceOptions } from "../options.ts";
import { type DataPlaneWork, dataPlaneWork } from "./data_plane_cost.ts";
import { type KubeProxyEra, kubeProxyEra } from "./kube_proxy_eras.ts";
import { nodePortAddresses } from "./node_port_addresses.ts";
import { NodePortClaims } from "./node_port_claims.ts";
import type { ProxiedService, Proxier } from "./proxier.ts";
import { limitedNodePortAddresses, proxierOfMode } from "./proxier_of_mode.ts";

/** Source: pkg/proxy/apis/config/v1alpha1/defaults.go SetDefaults_KubeProxyConfiguration, v1.23. */
const SYNC_PERIOD: Micros = 30 * SECOND;

/**
 * The process kube-proxy: it programs the node through the proxier of its mode and, in the versions that did, holds
 * each NodePort with a listening socket.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, v1.23.4; pkg/proxy/iptables/proxier.go syncProxyRules, v1.23.4.
 * Not modelled: session affinity, external traffic policy Local, updates while it runs, health check ports, SCTP.
 */
export class KubeProxy {
  readonly era: KubeProxyEra;
  readonly #options: NodeOptions;
  readonly #services: readonly ProxiedService[];
  readonly #node: Netns;
  readonly #machine: Machine;
  readonly #proxier: Proxier;
  readonly #claims: NodePortClaims;
  readonly #handler: number;

  constructor(options: NodeOptions, services: readonly ServiceOptions[], node: Netns) {
    this.era = kubeProxyEra(options.kubeProxy.version);
    this.#options = options;
    this.#services = services.map((spec) => ({
      spec,
      endpoints: spec.endpoints.map((address) => ({ address, isReady: true })),
    }));
    this.#node = node;
    this.#machine = node.machine;
    node.ruleTally ??= emptyTally();
    this.#proxier = proxierOfMode(options, node, this.era);
    this.#claims = new NodePortClaims(node);
    this.#handler = this.#machine.loop.handler("kube-proxy/sync", () => this.#sync());
  }

  /** Programs the node, claims the NodePorts, and syncs every 30 s from then on. */
  start(): void {
    this.#proxier.start();
    this.#proxier.sync(this.#services);
    this.#sync();
  }

  /** The addresses on which NodePorts are served. */
  nodePortAddresses(): readonly Ipv4[] {
    const limited = limitedNodePortAddresses(this.#options, this.#node, this.era);
    return limited ?? nodePortAddresses(this.#node, this.#options.kubeProxy, this.era);
  }

  /** NodePorts whose socket is open now. */
  heldPorts(): readonly Port[] {
    return this.#claims.held();
  }

  /** What the rules of this mode have done and hold, and what a sync of them takes. */
  dataPlane(): DataPlaneWork {
    return dataPlaneWork(this.#services, {
      kubeProxy: this.#options.kubeProxy,
      nodePortAddresses: this.nodePortAddresses(),
      limitedAddresses: limitedNodePortAddresses(this.#options, this.#node, this.era),
      tally: this.#node.ruleTally ?? emptyTally(),
      sourceNatPorts: this.#node.sourceNatPorts,
    });
  }

  /** A port that is in use is tried again at the next sync, and its virtual servers stand all the same. */
  #sync(): void {
    if (!this.era.claimsNodePorts) return;
    this.#claims.sync(claimablePorts(this.#services));
    this.#machine.loop.after(SYNC_PERIOD, this.#handler, 0);
  }
}

function claimablePorts(services: readonly ProxiedService[]): readonly Port[] {
  return services.flatMap(({ spec }) =>
    spec.ports.flatMap(({ nodePort, protocol }) => (nodePort === undefined || protocol !== "TCP" ? [] : [nodePort])),
  );
}
