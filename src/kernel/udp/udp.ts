import type { RandomStream } from "../../sim/random.ts";
import type { Ipv4, Port } from "../../units.ts";
import { Errno } from "../errno.ts";
import { Icmp, sendIcmpError } from "../icmp.ts";
import { hardIcmpErrno } from "../icmp_errno.ts";
import type { Machine } from "../machine.ts";
import type { Netns } from "../netns.ts";
import { type Packet, Protocol } from "../packet.ts";
import { routeErrno } from "../route_errno.ts";
import { type UdpOwner, type UdpPeer, UdpSocket } from "./udp_socket.ts";
import { UdpTable } from "./udp_table.ts";

/** What `bind` takes. Port 0 lets the kernel choose. */
export interface UdpBindOptions {
  readonly address: Ipv4;
  readonly port: Port;
  readonly hasReuseAddress?: boolean;
}

/**
 * UDP of one machine: system calls on sockets of any namespace, and what datagrams and ICMP errors do to them. A call
 * answers 0 (or a number of bytes) or a negative errno.
 *
 * Before working on this file read net/ipv4/udp.c and datagram.c (v6.1).
 *
 * Not modelled: SO_REUSEPORT, IP_RECVERR, multicast and broadcast, receive buffers (owners read at once), UDP-Lite.
 */
export class Udp {
  readonly #machine: Machine;
  readonly #table = new UdpTable();
  readonly #ports: RandomStream;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#ports = machine.random.stream("kernel/udp/ports");
  }

  /** socket(2). @returns a socket without a port. */
  socket(netns: Netns, owner: UdpOwner): UdpSocket {
    return new UdpSocket(netns, owner);
  }

  /**
   * bind(2). A UDP port is no TCP port: neither closes the other.
   *
   * @returns 0, -EADDRINUSE, -EADDRNOTAVAIL if the address is not the namespace's own, or -EINVAL if it has a port.
   * Source: net/ipv4/af_inet.c __inet_bind; net/ipv4/udp.c udp_lib_get_port, v6.1.
   */
  bind(socket: UdpSocket, { address, port, hasReuseAddress = false }: UdpBindOptions): number {
    if (socket.localPort !== 0) return -Errno.EINVAL;
    if (address !== 0 && !socket.netns.hasAddress(address)) return -Errno.EADDRNOTAVAIL;
    socket.hasReuseAddress = hasReuseAddress;
    const chosen = port === 0 ? this.#choosePort(socket, address) : port;
    if (chosen === 0 || (port !== 0 && this.#table.isTaken(socket, address, port))) return -Errno.EADDRINUSE;
    socket.local = address;
    socket.localPort = chosen;
    this.#table.add(socket);
    return 0;
  }

  /**
   * connect(2): from then on the socket hears only this peer, and learns of its ICMP errors. No packet is sent. The
   * source address stays the one that the route gives now.
   *
   * @returns 0, -EAGAIN if it gets no port, or the error of a route that leads nowhere.
   * Source: net/ipv4/af_inet.c inet_dgram_connect; net/ipv4/datagram.c __ip4_datagram_connect, v6.1.
   */
  connect(socket: UdpSocket, address: Ipv4, port: Port): number {
    if (!this.#hasPort(socket)) return -Errno.EAGAIN;
    const route = socket.netns.routes.lookup(address);
    const unreachable = routeErrno(route);
    if (unreachable !== 0) return -unreachable;
    if (socket.local === 0) socket.local = route.preferredSource;
    socket.remote = { address, port };
    return 0;
  }

  /**
   * sendto(2), or send(2) of a connected socket: one datagram.
   *
   * @returns the number of bytes; -EDESTADDRREQ without a peer, -EAGAIN if it gets no port, the error of a route that
   * leads nowhere, or the error that stood at the socket, which is gone then.
   * Source: net/ipv4/udp.c udp_sendmsg; net/core/sock.c sock_alloc_send_pskb, v6.1.
   */
  send(socket: UdpSocket, bytes: number, to: UdpPeer | undefined = socket.remote): number {
    if (to === undefined) return -Errno.EDESTADDRREQ;
    if (!this.#hasPort(socket)) return -Errno.EAGAIN;
    const { netns } = socket;
    const route = netns.routes.lookup(to.address);
    const unreachable = routeErrno(route);
    if (unreachable !== 0) return -unreachable;
    if (socket.error !== 0) return -this.takeError(socket);
    const packet = this.#machine.packets.take();
    packet.protocol = Protocol.UDP;
    packet.src = socket.local === 0 ? route.preferredSource : socket.local;
    packet.dst = to.address;
    packet.sport = socket.localPort;
    packet.dport = to.port;
    packet.flags = 0;
    packet.seq = 0;
    packet.ack = 0;
    packet.len = bytes;
    netns.counters.UdpOutDatagrams += 1;
    this.#machine.countPacket();
    netns.localOut(packet, route);
    return bytes;
  }

  /** SO_ERROR: the error that stands at the socket, which is gone then. */
  takeError(socket: UdpSocket): number {
    const { error } = socket;
    socket.error = 0;
    return error;
  }

  /** All sockets that have a port, each with the place that the table has it at. */
  entries(): ReturnType<UdpTable["entries"]> {
    return this.#table.entries();
  }

  /** close(2): the port is free at once. */
  close(socket: UdpSocket): void {
    if (socket.localPort === 0) return;
    this.#table.remove(socket);
    socket.localPort = 0;
  }

  /**
   * A datagram for this host: its socket's owner reads it; if nobody has the port, its sender is told "port unreachable".
   *
   * Source: net/ipv4/udp.c __udp4_lib_rcv, v6.1.
   */
  receive(netns: Netns, packet: Packet): void {
    const socket = this.#table.find(netns.id, packet);
    if (socket === undefined) {
      netns.counters.UdpNoPorts += 1;
      sendIcmpError(netns, packet, Icmp.DEST_UNREACH, Icmp.PORT_UNREACH);
      return;
    }
    netns.counters.UdpInDatagrams += 1;
    socket.owner.received(socket, { address: packet.src, port: packet.sport }, packet.len);
  }

  /**
   * An ICMP error that quotes one of our datagrams: only a connected socket hears of it, and only if it is a hard error.
   *
   * Source: net/ipv4/udp.c __udp4_lib_err, v6.1.
   */
  receiveIcmpError(netns: Netns, packet: Packet): void {
    const socket = this.#table.findSender(netns.id, packet);
    if (socket?.remote === undefined) return;
    const errno = hardIcmpErrno(packet.icmpType, packet.icmpCode);
    if (errno === 0) return;
    socket.error = errno;
    socket.owner.failed(socket, errno);
  }

  /** inet_autobind(). @returns whether the socket has a port now. */
  #hasPort(socket: UdpSocket): boolean {
    return socket.localPort !== 0 || this.bind(socket, { address: socket.local, port: 0 }) === 0;
  }

  /**
   * A free port for bind(0): a random one, the cursor of TCP has no part in it.
   *
   * Source: net/ipv4/udp.c udp_lib_get_port, v6.1. Not modelled: the stride by which the kernel goes on from a first port
   * that is taken; here it is 1.
   *
   * @returns 0 if there is none.
   */
  #choosePort(socket: UdpSocket, address: Ipv4): Port {
    const { localPortRange, reservedPorts } = socket.netns.sysctls;
    const [low, high] = localPortRange;
    const size = high - low + 1;
    const first = this.#ports.below(size);
    for (let step = 0; step < size; step += 1) {
      const port = low + ((first + step) % size);
      if (reservedPorts[port] === 0 && !this.#table.isTaken(socket, address, port)) return port;
    }
    return 0;
  }
}
