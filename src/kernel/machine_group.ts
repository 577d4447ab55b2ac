import { assert } from "../sim/assert.ts";
import type { Machine } from "./machine.ts";
import { PacketPool } from "./packet.ts";

/**
 * The machines that links join. Packets in flight are theirs in common: a packet crosses a link as the object that it
 * is, stripped of what its sender's kernel hung on it, and one pool keeps them all. A pool only allocates; it is no
 * state of a kernel, and no machine holds a packet that another one has. A machine by itself is a group of one.
 */
export class MachineGroup {
  readonly packets = new PacketPool();
  readonly #machines: Machine[] = [];

  /** All machines, in the order in which they were taken in. */
  get machines(): readonly Machine[] {
    return this.#machines;
  }

  /** Takes a machine in; all machines of a group share one event loop. */
  add(machine: Machine): void {
    const first = this.#machines[0];
    assert(first === undefined || first.loop === machine.loop, "the machines of a group have one clock");
    this.#machines.push(machine);
  }

  /** Forgets all cached routes: who answers for an address is known on the machines that ask, not on the one that does. */
  flushRoutes(): void {
    for (const machine of this.#machines) machine.flushOwnRoutes();
  }
}
