import type { Port } from "../../units.ts";
import { Errno } from "../errno.ts";
import type { PortRange } from "../sysctl_port_range.ts";
import { SocketFlag } from "../tcp/socket_flag.ts";
import type { Tcp } from "../tcp/tcp.ts";

/**
 * The port ranges of single sockets (IP_LOCAL_PORT_RANGE): each bound stands for the namespace's only if it lies within
 * that range.
 *
 * Source: net/ipv4/ip_sockglue.c do_ip_setsockopt, v6.12; net/ipv4/inet_connection_sock.c inet_sk_get_local_port_range, v6.12.
 */
export class SocketPortRanges {
  readonly #bySlot = new Map<number, PortRange>();

  /** Notes a socket's range; a bound of 0 is not set. @returns 0 or -EINVAL. */
  set(slot: number, low: Port, high: Port): number {
    if (low !== 0 && high !== 0 && low > high) return -Errno.EINVAL;
    this.#bySlot.set(slot, [low, high]);
    return 0;
  }

  /** Lets the allocator's next search keep to the range of this socket, if it has one. */
  use(tcp: Tcp, slot: number): void {
    const range = tcp.sockets.has(slot, SocketFlag.PORT_RANGE) ? this.#bySlot.get(slot) : undefined;
    const isSet = range !== undefined && (range[0] !== 0 || range[1] !== 0);
    tcp.ports.socketRange = isSet ? narrowRange(tcp.netnsOf(slot).sysctls.localPortRange, range) : undefined;
  }
}

/** The range of a namespace, narrowed by that of a socket; a bound of the latter that is 0 or lies outside has no effect. */
export function narrowRange([low, high]: PortRange, [socketLow, socketHigh]: PortRange): PortRange {
  const newLow = low <= socketLow && socketLow <= high ? socketLow : low;
  const newHigh = newLow <= socketHigh && socketHigh <= high ? socketHigh : high;
  return [newLow, newHigh];
}
