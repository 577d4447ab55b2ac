import type { Ipv4, Port } from "../../units.ts";
import type { Packet } from "../packet.ts";
import type { UdpSocket } from "./udp_socket.ts";

/** UDP sockets that have a port, by namespace and port, the newest first as the kernel's chains have them. */
export class UdpTable {
  readonly #byPlace = new Map<number, UdpSocket[]>();

  add(socket: UdpSocket): void {
    const place = placeOf(socket.netns.id, socket.localPort);
    const sockets = this.#byPlace.get(place);
    if (sockets === undefined) this.#byPlace.set(place, [socket]);
    else sockets.unshift(socket);
  }

  remove(socket: UdpSocket): void {
    const place = placeOf(socket.netns.id, socket.localPort);
    const kept = (this.#byPlace.get(place) ?? []).filter((other) => other !== socket);
    if (kept.length === 0) this.#byPlace.delete(place);
    else this.#byPlace.set(place, kept);
  }

  /** All sockets, each with the place that it stands at. */
  *entries(): Generator<{ readonly netns: number; readonly port: Port; readonly socket: UdpSocket }> {
    for (const [place, sockets] of this.#byPlace)
      for (const socket of sockets) yield { netns: place >>> 16, port: place & 0xffff, socket };
  }

  /**
   * Whether a socket would share port and address with another one; two with SO_REUSEADDR may.
   *
   * Source: net/ipv4/udp.c udp_lib_lport_inuse, v6.1. Not modelled: SO_REUSEPORT.
   */
  isTaken(socket: UdpSocket, address: Ipv4, port: Port): boolean {
    const sockets = this.#byPlace.get(placeOf(socket.netns.id, port)) ?? [];
    return sockets.some(
      (other) =>
        !(other.hasReuseAddress && socket.hasReuseAddress) &&
        (address === 0 || other.local === 0 || address === other.local),
    );
  }

  /**
   * The socket for a datagram from `from` to `to`: the one that fits most closely, of equals the newest. A socket bound
   * to another address or connected to another peer does not fit.
   *
   * Source: net/ipv4/udp.c udp4_lib_lookup2, compute_score, v6.1.
   */
  find(netns: number, packet: Packet): UdpSocket | undefined {
    const sockets = this.#byPlace.get(placeOf(netns, packet.dport));
    return sockets === undefined
      ? undefined
      : closest(sockets, { local: packet.dst, remote: packet.src, remotePort: packet.sport });
  }

  /** The socket that sent what an ICMP error quotes. Source: net/ipv4/udp.c __udp4_lib_err, v6.1. */
  findSender(netns: number, packet: Packet): UdpSocket | undefined {
    const sockets = this.#byPlace.get(placeOf(netns, packet.quotedSport));
    return sockets === undefined
      ? undefined
      : closest(sockets, { local: packet.quotedSrc, remote: packet.quotedDst, remotePort: packet.quotedDport });
  }
}

interface Tuple {
  readonly local: Ipv4;
  readonly remote: Ipv4;
  readonly remotePort: Port;
}

function closest(sockets: readonly UdpSocket[], tuple: Tuple): UdpSocket | undefined {
  let best: UdpSocket | undefined;
  let bestScore = -1;
  for (const socket of sockets) {
    const score = scoreOf(socket, tuple);
    if (score <= bestScore) continue;
    best = socket;
    bestScore = score;
  }
  return best;
}

function scoreOf({ local, remote }: UdpSocket, tuple: Tuple): number {
  if (local !== 0 && local !== tuple.local) return -1;
  const isPeer = remote?.address === tuple.remote && remote.port === tuple.remotePort;
  if (remote !== undefined && !isPeer) return -1;
  return (local === 0 ? 0 : 4) + (remote === undefined ? 0 : 8);
}

/** Namespace and port in one small integer: a machine has at most 16,384 namespaces. */
function placeOf(netns: number, port: Port): number {
  return (netns << 16) | port;
}
