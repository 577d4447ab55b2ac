import type { Ipv4, Port } from "../../units.ts";
import type { Netns } from "../netns.ts";
import { SocketFlag } from "./socket_table.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";

/** A place that a socket would be bound to. */
export interface BindPlace {
  readonly address: Ipv4;
  readonly port: Port;
  /** Whether SO_REUSEADDR and SO_REUSEPORT let sockets share it: not in the search of bind(0), unless `ip_autobind_reuse` is set. */
  readonly mayShare: boolean;
}

/**
 * The owners of each bind bucket of a namespace, for one call of bind(2). A bucket keeps counts of its owners and no list:
 * the list is made at the first question that the counts do not answer, O(sockets), and then serves all candidates.
 */
export class BucketOwners {
  readonly #tcp: Tcp;
  readonly #netns: Netns;
  #byPort: ReadonlyMap<Port, readonly number[]> | undefined = undefined;

  constructor(tcp: Tcp, netns: Netns) {
    this.#tcp = tcp;
    this.#netns = netns;
  }

  /** The slots of the sockets and TIME_WAIT entries that own a port. */
  of(port: Port): readonly number[] {
    this.#byPort ??= this.#list();
    return this.#byPort.get(port) ?? [];
  }

  #list(): ReadonlyMap<Port, readonly number[]> {
    const { sockets, deferred } = this.#tcp;
    deferred?.recallAll();
    const byPort = new Map<Port, number[]>();
    for (let slot = 0; slot < sockets.extent; slot += 1) {
      if (sockets.scope(slot) !== this.#netns.id || !sockets.has(slot, SocketFlag.HAS_PORT)) continue;
      const owners = byPort.get(sockets.localPort(slot));
      if (owners === undefined) byPort.set(sockets.localPort(slot), [slot]);
      else owners.push(slot);
    }
    return byPort;
  }
}

/**
 * Whether another socket keeps this one, which has a port, from listening: one on an overlapping address that listens
 * already, or without SO_REUSEADDR.
 *
 * Source: net/ipv4/inet_connection_sock.c inet_csk_listen_start, inet_csk_get_port, v6.1: listen(2) asks for the port anew.
 */
export function hasListenConflict(tcp: Tcp, slot: number): boolean {
  const { sockets } = tcp;
  const place = { address: sockets.local(slot), port: sockets.localPort(slot), mayShare: true };
  return hasBindConflict(tcp, slot, place, new BucketOwners(tcp, tcp.netnsOf(slot)));
}

/**
 * Whether another owner of the port overlaps in its local address. SO_REUSEADDR helps only if both have it and neither
 * listens, SO_REUSEPORT if both have it (all are of one user). O(1) for a port without owners, for a socket on all
 * addresses, and where all owners share; else O(owners), once `owners` has its list.
 *
 * Source: net/ipv4/inet_connection_sock.c inet_csk_bind_conflict, v6.1.
 */
export function hasBindConflict(tcp: Tcp, slot: number, place: BindPlace, owners: BucketOwners): boolean {
  const { sockets } = tcp;
  const { address, port, mayShare } = place;
  const { ports } = tcp.netnsOf(slot);
  const own = sockets.has(slot, SocketFlag.HAS_PORT) ? 1 : 0;
  if (ports.owners(port) === own) return false;
  const hasReuse = mayShare && sockets.has(slot, SocketFlag.REUSE_ADDRESS);
  const hasReusePort = mayShare && sockets.has(slot, SocketFlag.REUSE_PORT);
  if (hasReuse && ports.isShared(port)) return false;
  if (address === 0 && !hasReuse && !hasReusePort) return true;
  return owners.of(port).some((other) => {
    if (other === slot) return false;
    const otherAddress = sockets.local(other);
    if (address !== 0 && otherAddress !== 0 && address !== otherAddress) return false;
    const bothReuse = hasReuse && sockets.has(other, SocketFlag.REUSE_ADDRESS);
    const bothReusePort = hasReusePort && sockets.has(other, SocketFlag.REUSE_PORT);
    return !bothReusePort && !(bothReuse && sockets.state(other) !== TcpState.LISTEN);
  });
}
