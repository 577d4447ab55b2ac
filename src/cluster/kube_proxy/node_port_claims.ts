import type { Netns } from "../../kernel/netns.ts";
import type { Ipv4, Port } from "../../units.ts";
import type { ClaimFailure } from "./kube_proxy_text.ts";
import type { ProxiedService } from "./proxier.ts";

/** Failed claims that are kept. */
const FAILURES_KEPT = 1000;

/** A NodePort that is to be held, and the service that has it. */
interface NodePortClaim {
  /** `namespace/name`. */
  readonly service: string;
  readonly port: Port;
  /** With `--nodeport-addresses` each address has a socket of its own; without, one stands on all. */
  readonly address?: Ipv4;
}

/** A claim that was made, with its socket; -1 while it could not be opened. */
interface MadeClaim {
  readonly port: Port;
  slot: number;
}

/**
 * The listening sockets with which kube-proxy holds NodePorts (the port opener). Nothing accepts on them: a connection
 * that got there would hang.
 *
 * Source: pkg/proxy/ipvs/proxier.go openLocalPort, v1.23.4.
 * Not modelled: UDP and SCTP claims, those of external addresses that are the node's own; the second attempt of 1.23.0 to
 * 1.23.4, which fails for every NodePort that is held and writes a line (issue 107413).
 */
export class NodePortClaims {
  readonly #node: Netns;
  /** By address and port, in the order in which they were first wanted. */
  readonly #made = new Map<string, MadeClaim>();
  readonly #failures: ClaimFailure[] = [];
  /** The services all of whose ports are held, on all addresses. */
  #held: readonly ProxiedService[] | undefined = undefined;

  constructor(node: Netns) {
    this.#node = node;
  }

  /**
   * Opens every TCP NodePort of the services that is not open yet and closes those that nobody wants any more; one that is
   * in use is tried again at the next call.
   *
   * @param addresses those of `--nodeport-addresses`; `undefined` without it. None of the node's own: nothing is claimed.
   */
  sync(services: readonly ProxiedService[], addresses: readonly Ipv4[] | undefined): void {
    if (services === this.#held && addresses === undefined) return;
    const left = new Set(this.#made.keys());
    let areAllOpen = true;
    for (const claim of claimsOf(services, addresses)) {
      const key = `${claim.address ?? "*"} ${claim.port}`;
      left.delete(key);
      const made = this.#made.get(key) ?? { port: claim.port, slot: -1 };
      this.#made.set(key, made);
      if (made.slot >= 0) continue;
      made.slot = this.#open(claim);
      if (made.slot >= 0) continue;
      areAllOpen = false;
      this.#noteFailure(claim);
    }
    for (const key of left) this.#close(key);
    this.#held = areAllOpen && addresses === undefined ? services : undefined;
  }

  /** Closes all of them, as the end of the process does. */
  drop(): void {
    this.#held = undefined;
    for (const key of this.#made.keys()) this.#close(key);
  }

  /** NodePorts that have an open socket now, in the order in which they were first wanted. */
  held(): readonly Port[] {
    const open = [...this.#made.values()].filter(({ slot }) => slot >= 0);
    return [...new Set(open.map(({ port }) => port))];
  }

  /** Claims that failed, at most the first 1,000; `claimFailureLine` has kube-proxy's words for each. */
  get failures(): readonly ClaimFailure[] {
    return this.#failures;
  }

  #noteFailure(claim: NodePortClaim): void {
    if (this.#failures.length >= FAILURES_KEPT) return;
    this.#failures.push({ at: this.#node.machine.loop.now, ...claim });
  }

  #open({ address = 0, port }: NodePortClaim): number {
    const tcp = this.#node.machine.tcp;
    const slot = tcp.socket(this.#node, undefined, 0);
    const isOpen = tcp.bind(slot, { address, port, hasReuseAddress: true }) === 0 && tcp.listen(slot) === 0;
    if (isOpen) return slot;
    tcp.close(slot);
    return -1;
  }

  #close(key: string): void {
    const slot = this.#made.get(key)?.slot ?? -1;
    if (slot >= 0) this.#node.machine.tcp.close(slot);
    this.#made.delete(key);
  }
}

/** The claims of services, in their order. */
function claimsOf(
  services: readonly ProxiedService[],
  addresses: readonly Ipv4[] | undefined,
): readonly NodePortClaim[] {
  return services.flatMap(({ spec: { name: service, ports } }) =>
    ports.flatMap(({ nodePort: port, protocol }): NodePortClaim[] => {
      if (port === undefined || protocol !== "TCP") return [];
      return addresses === undefined ? [{ service, port }] : addresses.map((address) => ({ service, port, address }));
    }),
  );
}
