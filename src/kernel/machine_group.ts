import { assert } from "../sim/assert.ts";
import type { Machine } from "./machine.ts";
import type { FlowPath } from "./flow/flow_path.ts";
import { PacketPool } from "./packet.ts";

/**
 * The machines that links join. Packets in flight are theirs in common: a packet crosses a link as the object that it
 * is, stripped of what its sender's kernel hung on it, and one pool keeps them all. A pool only allocates; it is no
 * state of a kernel, and no machine holds a packet that another one has. A machine by itself is a group of one.
 */
export class MachineGroup {
  readonly packets = new PacketPool();
  readonly #machines: Machine[] = [];
  /** Applies whole connections at once; absent where each packet is wanted. */
  flowPath: FlowPath | undefined = undefined;
  #changes = 0;
  #listenerChanges = 0;
  #chances = 0;

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

  /** How often something has changed that decides what becomes of packets: a route, an address, a rule, a sysctl. */
  get changes(): number {
    return this.#changes;
  }

  noteChange(): void {
    this.#changes += 1;
  }

  /** How often a socket has begun or ceased to listen. */
  get listenerChanges(): number {
    return this.#listenerChanges;
  }

  noteListenerChange(): void {
    this.#listenerChanges += 1;
  }

  /** How often a rule has decided by chance or by a count of packets. */
  get chances(): number {
    return this.#chances;
  }

  noteChance(): void {
    this.#chances += 1;
  }

  /** Forgets all cached routes: who answers for an address is known on the machines that ask, not on the one that does. */
  flushRoutes(): void {
    this.noteChange();
    for (const machine of this.#machines) machine.flushOwnRoutes();
  }
}
