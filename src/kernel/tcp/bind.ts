import type { Ipv4, Port } from "../../units.ts";
import { Errno } from "../errno.ts";
import { packPorts } from "../tuple_index.ts";
import { BucketOwners, hasBindConflict } from "./bind_conflict.ts";
import { SocketFlag } from "./socket_table.ts";
import type { Tcp } from "./tcp.ts";

/** What `bind` takes. Port 0 lets the kernel choose. */
export interface BindOptions {
  readonly address: Ipv4;
  readonly port: Port;
  readonly hasReuseAddress?: boolean;
  /** SO_REUSEPORT. */
  readonly hasReusePort?: boolean;
  /** IP_BIND_ADDRESS_NO_PORT: with port 0, leave the choice to connect(). */
  readonly hasNoPort?: boolean;
}

/**
 * bind(2): an explicit port, or one that the kernel chooses; the port's bucket is closed to `connect()` from then on.
 *
 * @returns 0, -EADDRINUSE, or -EADDRNOTAVAIL if the address is not the namespace's own.
 * Source: net/ipv4/inet_connection_sock.c inet_csk_get_port, v6.1.
 */
export function bindSocket(tcp: Tcp, slot: number, options: BindOptions): number {
  const { address, port, hasReuseAddress = false } = options;
  const netns = tcp.netnsOf(slot);
  const sockets = tcp.sockets;
  if (address !== 0 && !netns.hasAddress(address)) return -Errno.EADDRNOTAVAIL;
  if (hasReuseAddress) sockets.set(slot, SocketFlag.REUSE_ADDRESS);
  if (options.hasReusePort === true) sockets.set(slot, SocketFlag.REUSE_PORT);
  tcp.timeWaits.expire();
  sockets.setLocal(slot, address);
  if (port === 0 && options.hasNoPort === true) {
    sockets.set(slot, SocketFlag.NO_PORT);
    return 0;
  }
  const owners = new BucketOwners(tcp, netns);
  const isFree = (candidate: Port): boolean =>
    !hasBindConflict(tcp, slot, { address, port: candidate, mayShare: port !== 0 }, owners);
  if (port === 0) tcp.portRanges.use(tcp, slot);
  const chosen = port === 0 ? tcp.ports.pickForBindZero(netns, hasReuseAddress, isFree) : port;
  if (chosen < 0) return chosen;
  if (port !== 0 && !isFree(port)) return -Errno.EADDRINUSE;
  sockets.setPorts(slot, packPorts(chosen, 0));
  sockets.set(slot, SocketFlag.HAS_PORT | SocketFlag.BOUND);
  netns.ports.addExplicitOwner(chosen);
  if (sockets.has(slot, SocketFlag.REUSE_ADDRESS)) netns.ports.countSharer(chosen, 1);
  return 0;
}
