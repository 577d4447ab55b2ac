import { Errno } from "../kernel/errno.ts";
import type { Machine } from "../kernel/machine.ts";
import type { Ipv4, Port } from "../units.ts";

/**
 * The source ports of a host that is not the node: its sockets are bound to its address and to the ports of a range in
 * turn, past those whose connection to the same server is still open or in TIME_WAIT.
 *
 * Not modelled: that host's own kernel, with a port walk and a `TIME_WAIT` reuse that are not the node's.
 */
export class SourcePorts {
  readonly #machine: Machine;
  readonly #address: Ipv4;
  readonly #low: Port;
  readonly #size: number;
  #next = 0;

  constructor(machine: Machine, source: { readonly address: Ipv4; readonly ports: readonly [low: Port, high: Port] }) {
    this.#machine = machine;
    this.#address = source.address;
    this.#low = source.ports[0];
    this.#size = source.ports[1] - source.ports[0] + 1;
  }

  /** Binds a socket that is to connect there. @returns 0, or -EADDRNOTAVAIL when every port is in use. O(ports) at worst. */
  bind(slot: number, to: { readonly address: Ipv4; readonly port: Port }): number {
    const { tcp } = this.#machine;
    const netns = tcp.netnsOf(slot);
    tcp.timeWaits.expire();
    for (let tried = 0; tried < this.#size; tried += 1) {
      const port = this.#low + this.#next;
      this.#next = (this.#next + 1) % this.#size;
      if (tcp.find(netns, this.#address, port, to.address, to.port) >= 0) continue;
      if (tcp.bind(slot, { address: this.#address, port, hasReuseAddress: true }) === 0) return 0;
    }
    return -Errno.EADDRNOTAVAIL;
  }
}
