import type { Netns } from "../../kernel/netns.ts";
import type { Port } from "../../units.ts";
import type { ClaimFailure } from "./kube_proxy_text.ts";
import type { ProxiedService } from "./proxier.ts";

/** Failed claims that are kept. */
const FAILURES_KEPT = 1000;

/** A NodePort that is to be held, and the service that has it. */
export interface NodePortClaim {
  /** `namespace/name`. */
  readonly service: string;
  readonly port: Port;
}

/**
 * The listening sockets with which kube-proxy holds NodePorts (the port opener). Nothing accepts on them: a connection
 * that got there would hang.
 *
 * Source: pkg/proxy/ipvs/proxier.go openLocalPort, v1.23.4. Not modelled: UDP and SCTP claims.
 */
export class NodePortClaims {
  readonly #node: Netns;
  /** The socket of each claimed port; -1 while it could not be opened. */
  readonly #slots = new Map<Port, number>();
  readonly #failures: ClaimFailure[] = [];

  constructor(node: Netns) {
    this.#node = node;
  }

  /**
   * Opens every wanted port that is not open yet and closes those that nobody wants any more; one that is in use is
   * tried again at the next call.
   */
  sync(wanted: readonly NodePortClaim[]): void {
    const left = new Set(this.#slots.keys());
    for (const { service, port } of wanted) {
      left.delete(port);
      if ((this.#slots.get(port) ?? -1) >= 0) continue;
      const slot = this.#open(port);
      this.#slots.set(port, slot);
      if (slot < 0) this.#noteFailure(service, port);
    }
    for (const port of left) this.#close(port);
  }

  /** Closes all of them, as the end of the process does. */
  drop(): void {
    for (const port of this.#slots.keys()) this.#close(port);
  }

  /** NodePorts whose socket is open now, in the order in which they were first wanted. */
  held(): readonly Port[] {
    return [...this.#slots].flatMap(([port, slot]) => (slot >= 0 ? [port] : []));
  }

  /** Claims that failed, at most the first 1,000; `claimFailureLine` has kube-proxy's words for each. */
  get failures(): readonly ClaimFailure[] {
    return this.#failures;
  }

  #noteFailure(service: string, port: Port): void {
    if (this.#failures.length >= FAILURES_KEPT) return;
    this.#failures.push({ at: this.#node.machine.loop.now, service, port });
  }

  #open(port: Port): number {
    const tcp = this.#node.machine.tcp;
    const slot = tcp.socket(this.#node, undefined, 0);
    const isOpen = tcp.bind(slot, { address: 0, port, hasReuseAddress: true }) === 0 && tcp.listen(slot) === 0;
    if (isOpen) return slot;
    tcp.close(slot);
    return -1;
  }

  #close(port: Port): void {
    const slot = this.#slots.get(port) ?? -1;
    if (slot >= 0) this.#node.machine.tcp.close(slot);
    this.#slots.delete(port);
  }
}

/** The claims of services: their TCP NodePorts, in their order. */
export function claimsOf(services: readonly ProxiedService[]): readonly NodePortClaim[] {
  return services.flatMap(({ spec }) =>
    spec.ports.flatMap(({ nodePort, protocol }) =>
      nodePort === undefined || protocol !== "TCP" ? [] : [{ service: spec.name, port: nodePort }],
    ),
  );
}
