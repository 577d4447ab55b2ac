import type { Ipv4, Port } from "../../units.ts";
import type { Netns } from "../netns.ts";

/** Where a datagram came from, or goes to. */
export interface UdpPeer {
  readonly address: Ipv4;
  readonly port: Port;
}

/** The application behind a UDP socket. */
export interface UdpOwner {
  /** A datagram has come in and is read at once: recvfrom(2). */
  received(socket: UdpSocket, from: UdpPeer, bytes: number): void;
  /** An error stands at the socket (an ICMP error of a connected one); the next call on it returns the same. */
  failed(socket: UdpSocket, errno: number): void;
}

/** One UDP socket. Its fields belong to `Udp`; owners read them. */
export class UdpSocket {
  readonly netns: Netns;
  readonly owner: UdpOwner;
  /** 0.0.0.0 for any. */
  local: Ipv4 = 0;
  /** 0 as long as the socket has no port. */
  localPort: Port = 0;
  /** Set by connect(): then only this peer is heard, and its ICMP errors are told. */
  remote: UdpPeer | undefined = undefined;
  hasReuseAddress = false;
  /** sk_err: what the next call returns, 0 for nothing. */
  error = 0;

  constructor(netns: Netns, owner: UdpOwner) {
    this.netns = netns;
    this.owner = owner;
  }
}
