import type { PortWalkName } from "../kernel/kernel_era.ts";
import { exactProbability } from "../study/exact_probability.ts";
import { startEnds, startsAtOneParity } from "../study/port_starts.ts";
import type { ExactDocument } from "../study/run_document.ts";
import type { Port } from "../units.ts";

/** What decides which source ports `connect()` takes. */
export interface PortViewInput {
  readonly walk: PortWalkName;
  readonly range: readonly [low: Port, high: Port];
  /** One flag per port. */
  readonly reserved: Uint8Array;
  /** Ports on which a process of the node listens. */
  readonly held: ReadonlySet<Port>;
  /** Connects at random times that are to be expected in 10 s; 0 if absent. */
  readonly randomConnects?: number;
  /** `ip_local_port_step_width`; 0 if absent. */
  readonly stepWidth?: number;
}

/** Seconds for which TIME_WAIT keeps a source port from its destination. */
export const TIME_WAIT_SECONDS = 60;

/** The source ports of a node as `connect()` sees them, by enumeration of every place where its walk may start. */
export class PortView {
  readonly input: PortViewInput;
  /** How many places the walk may start at. */
  readonly starts: number;
  /** How many starts end at each port: 0 for one that is not picked while others are free. */
  readonly #weights = new Uint32Array(65_536);

  constructor(input: PortViewInput) {
    this.input = input;
    const ends = startEnds(this.#walkInput());
    this.starts = ends.length;
    for (const port of ends) if (port >= 0) this.#weights[port] = this.#weights[port]! + 1;
  }

  /** Whether a port lies in the range. */
  isInRange(port: Port): boolean {
    const [low, high] = this.input.range;
    return port >= low && port <= high;
  }

  /** Whether a port is in `ip_local_reserved_ports`. */
  isReserved(port: Port): boolean {
    return this.input.reserved[port] === 1;
  }

  /** Whether `connect()` takes a port while ports are free, with the parity that its walk prefers. */
  isReachable(port: Port): boolean {
    return this.#weights[port]! > 0;
  }

  /** Whether `connect()` or `bind(0)` may take a port at all: in the range, not reserved, not held. */
  isOpen(port: Port): boolean {
    return this.isInRange(port) && !this.isReserved(port) && !this.input.held.has(port);
  }

  /** How many of the starts end at a port. */
  weight(port: Port): number {
    return this.#weights[port]!;
  }

  /** The share of the starts that end at one of these ports: the long-run probability where all starts are alike. */
  share(ports: Iterable<Port>): number {
    let weight = 0;
    for (const port of new Set(ports)) weight += this.weight(port);
    return weight / this.starts;
  }

  /** Ports of the range that are neither reserved nor held. */
  get openCount(): number {
    const [low, high] = this.input.range;
    let open = 0;
    for (let port = low; port <= high; port += 1) if (this.isOpen(port)) open += 1;
    return open;
  }

  /** Open ports that the walk takes first; the others come only when none of them is left, after a longer search. */
  get firstCount(): number {
    return this.#weights.reduce((total, weight) => total + (weight > 0 ? 1 : 0), 0);
  }

  /** The port that the most starts end at, and how many. */
  get likeliest(): { readonly port: Port; readonly weight: number } {
    let port = this.input.range[0];
    for (let other = this.input.range[0]; other <= this.input.range[1]; other += 1) {
      if (this.weight(other) > this.weight(port)) port = other;
    }
    return { port, weight: this.weight(port) };
  }

  /** `even` or `odd`: the parity that the walk takes first; absent where it has none. */
  get parity(): "even" | "odd" | undefined {
    const { walk, range } = this.input;
    const [low, high] = range;
    if (!startsAtOneParity(walk, high - low + 1)) return undefined;
    return low % 2 === 0 ? "even" : "odd";
  }

  /** Whether a start at a closed port leaps from there by chance: weights and shares are those of steps to the next port. */
  get isLeaping(): boolean {
    return (this.input.stepWidth ?? 0) > 1;
  }

  /** The exact probability that one connect takes one of these ports, or why it has no closed value. */
  exact(ports: readonly Port[]): ExactDocument {
    return exactProbability({
      ...this.#walkInput(),
      nodePorts: ports,
      probesPerEpochAtMostOne: true,
      randomConnectsPerPeriod: this.input.randomConnects ?? 0,
      stepWidth: this.input.stepWidth ?? 0,
    });
  }

  #walkInput() {
    const { walk, range, held } = this.input;
    return {
      walk,
      range,
      isReserved: (port: Port): boolean => this.isReserved(port),
      isHeld: (port: Port): boolean => held.has(port),
    };
  }
}
