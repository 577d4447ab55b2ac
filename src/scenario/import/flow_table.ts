import type { ConntrackRow } from "../../kernel/show/conntrack_rows.ts";
import type { SsRow } from "../../kernel/show/ss_rows.ts";
import type { FlowEnd } from "./import_plan.ts";

/** Connections between two ends, as the two tables of the node show them. */
export interface Flow {
  readonly from: FlowEnd;
  /** Where they go: an address as the tables have it, or the node's own one in place of any other of its addresses. */
  readonly address: string;
  readonly port: number;
  /** TIME-WAIT sockets at the client, and at the server, where that is the node: who closed first has them. */
  clientTimeWait: number;
  serverTimeWait: number;
  established: number;
  /** conntrack entries by state. */
  trackedTimeWait: number;
  trackedEstablished: number;
  trackedClose: number;
}

/** Who is who on the node. */
export interface FlowPlaces {
  /** The node's addresses, those of services on kube-ipvs0 among them. */
  readonly isLocal: (address: string) => boolean;
  readonly isService: (address: string) => boolean;
  readonly isNodePort: (port: number) => boolean;
  /** The name of the pod of this node that has an address. */
  readonly podOf: (address: string) => { readonly namespace: string; readonly name: string } | undefined;
  readonly primaryAddress: string;
  /** The address of node-local-dns, which listens on it itself. */
  readonly linkLocal: string | undefined;
}

/**
 * Connections by client, server and port. Both tables are added; what is neither of the node nor of its pods is counted
 * and left out.
 */
export class FlowTable {
  readonly flows = new Map<string, Flow>();
  /** TIME-WAIT sockets by local address, as the scenario will have them. */
  readonly timeWaits = new Map<string, number>();
  /** conntrack entries of connections that neither begin nor end here, and of states that pass quickly. */
  passing = 0;
  brief = 0;
  readonly #places: FlowPlaces;

  constructor(places: FlowPlaces) {
    this.#places = places;
  }

  /** Takes `ss -tan`. Time: O(rows). */
  addSockets(rows: readonly SsRow[]): void {
    const servers = serverPorts(rows);
    for (const { state, local, peer } of rows) {
      if (state !== "TIME-WAIT" && state !== "ESTAB") continue;
      const [own, other] = [plainAddress(local.address), plainAddress(peer.address)];
      if (own.includes(":") || other.includes(":")) continue;
      const isServer = servers.isServer({ address: own, port: local.port }, { address: other, port: peer.port });
      const flow = isServer ? this.#flow(other, own, local.port) : this.#flow(own, other, peer.port);
      if (state === "ESTAB") {
        // Both ends of a connection inside the node are listed: the client's line stands for it.
        if (!isServer || flow.from.kind !== "node") flow.established += 1;
        continue;
      }
      if (isServer) flow.serverTimeWait += 1;
      else flow.clientTimeWait += 1;
      const isInside = isServer || this.#isOwn(other, peer.port);
      const address = isInside ? this.#target(isServer ? own : other, isServer ? local.port : peer.port) : own;
      this.timeWaits.set(address, (this.timeWaits.get(address) ?? 0) + 1);
    }
  }

  /** Takes `conntrack -L`. Time: O(rows). */
  addTracked(rows: readonly ConntrackRow[]): void {
    for (const { protocol, state, original } of rows) {
      if (protocol !== "tcp") continue;
      const [source, target] = [original.source.address, original.destination.address];
      if (state !== "TIME_WAIT" && state !== "ESTABLISHED" && state !== "CLOSE") {
        this.brief += 1;
        continue;
      }
      if (source.includes(":") || !this.#isHere(source, target)) {
        this.passing += 1;
        continue;
      }
      const flow = this.#flow(source, target, original.destination.port);
      if (state === "TIME_WAIT") flow.trackedTimeWait += 1;
      else if (state === "ESTABLISHED") flow.trackedEstablished += 1;
      else flow.trackedClose += 1;
    }
  }

  #isHere(source: string, target: string): boolean {
    const { isLocal, isService, podOf } = this.#places;
    const known = (address: string): boolean =>
      isLocal(address) || isService(address) || isLoopback(address) || podOf(address) !== undefined;
    return known(source) || known(target);
  }

  /** Whether an address and port is the node itself, and no service on one of its addresses. */
  #isOwn(address: string, port: number): boolean {
    const { isLocal, isService, isNodePort } = this.#places;
    return isLoopback(address) || (isLocal(address) && !isService(address) && !isNodePort(port));
  }

  /** The node's processes are taken to listen on its primary address. */
  #target(address: string, port: number): string {
    const { primaryAddress, linkLocal } = this.#places;
    return this.#isOwn(address, port) && address !== linkLocal ? primaryAddress : address;
  }

  #flow(source: string, target: string, port: number): Flow {
    const address = this.#target(target, port);
    const from = this.#end(source);
    const who = from.kind === "node" ? "" : from.kind === "named" ? `${from.namespace}/${from.name}` : from.address;
    const key = `${who}>${address}:${port}`;
    const known = this.flows.get(key);
    if (known !== undefined) return known;
    const counts = { clientTimeWait: 0, serverTimeWait: 0, established: 0 };
    const tracked = { trackedTimeWait: 0, trackedEstablished: 0, trackedClose: 0 };
    const made: Flow = { from, address, port, ...counts, ...tracked };
    this.flows.set(key, made);
    return made;
  }

  #end(address: string): FlowEnd {
    const { isLocal, isService, podOf } = this.#places;
    if (isLoopback(address) || isLocal(address) || isService(address)) return { kind: "node" };
    const pod = podOf(address);
    return pod === undefined ? { kind: "address", address } : { kind: "named", ...pod };
  }
}

interface SocketEnd {
  readonly address: string;
  readonly port: number;
}

/**
 * Tells servers from clients: a port that a socket listens on is a server's; where the listing shows no listening ones,
 * the end that more lines share is.
 */
function serverPorts(rows: readonly SsRow[]): { readonly isServer: (local: SocketEnd, peer: SocketEnd) => boolean } {
  const listening = new Set<string>();
  const shared = new Map<string, number>();
  for (const { state, local, peer } of rows) {
    if (state === "LISTEN") listening.add(`${anyAddress(plainAddress(local.address))}:${local.port}`);
    else
      for (const { address, port } of [local, peer]) {
        const key = `${plainAddress(address)}:${port}`;
        shared.set(key, (shared.get(key) ?? 0) + 1);
      }
  }
  const listens = ({ address, port }: SocketEnd): boolean =>
    listening.has(`*:${port}`) || listening.has(`${address}:${port}`);
  const isServer = (local: SocketEnd, peer: SocketEnd): boolean => {
    if (listening.size > 0)
      return listens(local) && !(local.address === peer.address && listens(peer) && peer.port < local.port);
    const [own, other] = [local, peer].map(({ address, port }) => shared.get(`${address}:${port}`) ?? 0);
    return own! > other! || (own === other && local.port < peer.port);
  };
  return { isServer };
}

function anyAddress(address: string): string {
  return address === "0.0.0.0" || address === "::" ? "*" : address;
}

/** An address without its zone, and IPv4 out of an IPv4-mapped one. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:/i, "").replace(/%.*$/, "");
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.");
}
