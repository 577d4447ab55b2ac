import type { Ipv4, Port } from "../../units.ts";
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
 * Whether another owner of the port overlaps in its local address. SO_REUSEADDR helps only if both have it and neither
 * listens, SO_REUSEPORT if both have it (all are of one user). O(sockets), and O(1) for a port without owners.
 *
 * Source: net/ipv4/inet_connection_sock.c inet_csk_bind_conflict, v6.1.
 */
export function hasBindConflict(tcp: Tcp, slot: number, { address, port, mayShare }: BindPlace): boolean {
  const { sockets } = tcp;
  const netns = sockets.scope(slot);
  if (tcp.netnsOf(slot).ports.owners(port) === 0) return false;
  for (let other = 0; other < sockets.extent; other += 1) {
    if (other === slot || sockets.scope(other) !== netns || !sockets.has(other, SocketFlag.HAS_PORT)) continue;
    if (sockets.localPort(other) !== port) continue;
    const otherAddress = sockets.local(other);
    if (address !== 0 && otherAddress !== 0 && address !== otherAddress) continue;
    const bothReuse = sockets.has(slot, SocketFlag.REUSE_ADDRESS) && sockets.has(other, SocketFlag.REUSE_ADDRESS);
    const bothReusePort = sockets.has(slot, SocketFlag.REUSE_PORT) && sockets.has(other, SocketFlag.REUSE_PORT);
    const isShared = bothReusePort || (bothReuse && sockets.state(other) !== TcpState.LISTEN);
    if (!mayShare || !isShared) return true;
  }
  return false;
}
