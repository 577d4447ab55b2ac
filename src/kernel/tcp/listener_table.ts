import type { Ipv4, Port } from "../../units.ts";
import { SocketFlag, type SocketTable } from "./socket_table.ts";

/**
 * Listening sockets by namespace and port. A socket bound to the packet's address is preferred to one on 0.0.0.0.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_lookup_listener, v6.1.
 */
export class ListenerTable {
  readonly #byPlace = new Map<number, number[]>();

  add(netns: number, port: Port, slot: number): void {
    const place = placeOf(netns, port);
    const slots = this.#byPlace.get(place);
    if (slots === undefined) this.#byPlace.set(place, [slot]);
    else slots.push(slot);
  }

  remove(netns: number, port: Port, slot: number): void {
    const place = placeOf(netns, port);
    const kept = (this.#byPlace.get(place) ?? []).filter((other) => other !== slot);
    if (kept.length === 0) this.#byPlace.delete(place);
    else this.#byPlace.set(place, kept);
  }

  /** All sockets that listen. */
  *slots(): Generator<number> {
    for (const slots of this.#byPlace.values()) yield* slots;
  }

  /** The socket that listens there, or -1. */
  find(sockets: SocketTable, netns: number, address: Ipv4, port: Port): number {
    const slots = this.#byPlace.get(placeOf(netns, port));
    if (slots === undefined) return -1;
    let best = -1;
    for (const slot of slots) {
      if (sockets.local(slot) === address) return slot;
      if (sockets.local(slot) === 0) best = slot;
    }
    return best;
  }

  /**
   * The member of a listener's SO_REUSEPORT group that a connection's hash falls to; a socket without the option is a
   * group by itself. Source: net/core/sock_reuseport.c reuseport_select_sock, v6.1. Not modelled: programs attached to it.
   *
   * @param hash 32 bits, unsigned.
   */
  memberOf(sockets: SocketTable, listener: number, hash: number): number {
    if (!sockets.has(listener, SocketFlag.REUSE_PORT)) return listener;
    const place = placeOf(sockets.scope(listener), sockets.localPort(listener));
    const members = this.#byPlace
      .get(place)!
      .filter((slot) => sockets.has(slot, SocketFlag.REUSE_PORT) && sockets.local(slot) === sockets.local(listener));
    return members[Math.floor((hash / 4294967296) * members.length)]!;
  }
}

/** Namespace and port in one small integer: a machine has at most 16,384 namespaces. */
function placeOf(netns: number, port: Port): number {
  return (netns << 16) | port;
}
