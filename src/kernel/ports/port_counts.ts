import type { Port } from "../../units.ts";
import { PortBits } from "./port_bits.ts";

/**
 * How many tuples of a table name each port, at either end: 264 KiB, for tables that are asked again and again about ports
 * that hardly any row has. Who asks looks at one bit, in a set that stays in the processor's cache.
 */
export class PortCounts {
  readonly #counts = new Int32Array(65_536);
  readonly #named = new PortBits();

  /** Counts both ports of a tuple. @param ports as of `packPorts`. */
  add(ports: number, change: 1 | -1): void {
    this.#addPort(ports >>> 16, change);
    this.#addPort(ports & 0xffff, change);
  }

  has(port: Port): boolean {
    return this.#named.has(port);
  }

  #addPort(port: Port, change: 1 | -1): void {
    const count = this.#counts[port]! + change;
    this.#counts[port] = count;
    if (count === 0) this.#named.clear(port);
    else this.#named.set(port);
  }
}
