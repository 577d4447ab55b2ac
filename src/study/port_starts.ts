import type { PortWalkName } from "../kernel/kernel_era.ts";
import type { Port } from "../units.ts";

/** What decides where each start of a walk ends. */
export interface StartsInput {
  readonly walk: PortWalkName;
  /** `ip_local_port_range`, both bounds included. */
  readonly range: readonly [low: Port, high: Port];
  /** Whether the port is in `ip_local_reserved_ports`. */
  readonly isReserved: (port: Port) => boolean;
  /** Whether a socket of the node's namespace is explicitly bound to the port or listens on it. */
  readonly isHeld: (port: Port) => boolean;
  /** NodePorts that lose the handshake when they are a source port. */
  readonly nodePorts: readonly Port[];
}

/** For each starting offset of a walk: what it comes to. Columns of one length; a start is one step of the cursor. */
export interface Starts {
  readonly count: number;
  /** Starts that one step of the cursor passes: 2 in a range of odd size on 4.2-4.5, else 1. */
  readonly stride: number;
  /** Steps that the cursor moves, random part left out: 1 without a skip, 0 where every candidate is refused. */
  readonly advance: Int32Array;
  /** 1 where the start ends at a NodePort or finds no port. */
  readonly isFailing: Uint8Array;
}

/** Whether no start meets a port that the walk must skip. */
export function isEvenlyPaced(starts: Starts): boolean {
  return starts.advance.every((advance) => advance === 1);
}

/** How many starting offsets a walk has over a range of `size` ports; a walk of a name that is unknown is a newer one. */
export function startCount(walk: string, size: number): number {
  if (walk === "3.10") return size;
  // In a range of odd size the walk of 4.2, which steps by two as well, changes parity at every wrap.
  if (walk === "4.2-4.5" && size % 2 === 1) return size;
  return Math.max(1, Math.floor(size / 2));
}

/** Whether a walk over a range of `size` ports starts only at ports with the parity of the low bound. */
export function startsAtOneParity(walk: string, size: number): boolean {
  return startCount(walk, size) < size;
}

/**
 * Every starting offset of a walk, with the port that it ends at.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10 v4.4 v5.4 v5.15 v6.12.
 */
export function enumerateStarts(input: StartsInput): Starts {
  const [low, high] = input.range;
  const count = startCount(input.walk, high - low + 1);
  const nodePorts = new Set(input.nodePorts);
  const find = startFinder(input, count);
  const advance = new Int32Array(count);
  const isFailing = new Uint8Array(count);
  for (let start = 0; start < count; start += 1) {
    const end = find(start);
    if (end !== undefined) advance[start] = end.advance;
    if (end === undefined || nodePorts.has(end.port)) isFailing[start] = 1;
  }
  const stride = input.walk === "4.2-4.5" && count > 1 && count === high - low + 1 ? 2 : 1;
  return { count, stride, advance, isFailing };
}

/**
 * The port that each starting offset of a walk ends at; -1 where every candidate is refused. O(ports).
 *
 * Not modelled: `ip_local_port_step_width` (7.1+): charts and comparisons show picks piled up behind closed ports that
 * its leaps scatter.
 */
export function startEnds(input: Omit<StartsInput, "nodePorts">): Int32Array {
  const [low, high] = input.range;
  const count = startCount(input.walk, high - low + 1);
  const find = startFinder(input, count);
  return Int32Array.from({ length: count }, (_, start) => find(start)?.port ?? -1);
}

/**
 * How many starts end at each port: with all starts equally frequent, the share of connects that each port gets while
 * no port is in use. The last entry, 65536, counts the starts that find no port.
 */
export function startsByPort(input: Omit<StartsInput, "nodePorts">): Uint32Array {
  const counts = new Uint32Array(65_537);
  for (const port of startEnds(input)) counts[port < 0 ? 65_536 : port]! += 1;
  return counts;
}

/**
 * Which ports `connect()` can be given while others are free: open ones with a parity at which the walk starts, and those
 * of the other parity at which a start ends all the same, as behind a closed port on 4.2 to 4.5. O(ports), then O(1).
 */
export function pickable(input: Omit<StartsInput, "nodePorts">): (port: Port) => boolean {
  const [low, high] = input.range;
  const starts = startsByPort(input);
  const isOneParity = startsAtOneParity(input.walk, high - low + 1);
  return (port) => {
    if (port < low || port > high || input.isReserved(port) || input.isHeld(port)) return false;
    return starts[port]! > 0 || !isOneParity || (port - low) % 2 === 0;
  };
}

/** Where a start ends: the port, and how many steps the cursor moves. */
interface End {
  readonly port: Port;
  readonly advance: number;
}

function startFinder(input: Omit<StartsInput, "nodePorts">, count: number): (start: number) => End | undefined {
  const [low, high] = input.range;
  const size = high - low + 1;
  const isUsable = (port: Port): boolean => !input.isReserved(port) && !input.isHeld(port);
  if (input.walk === "3.10" || input.walk === "4.2-4.5") {
    const scan = new Scan(size, size - 1, (position) => isUsable(low + position));
    const isOneByOne = input.walk === "3.10";
    // From 4.2 the cursor moves (i + 2) & ~1 ports, so that one skipped port does not show; a step is two ports.
    const stride = isOneByOne || count === size ? 1 : 2;
    return (start) => {
      // With an odd number of ports every offset is a start, though the cursor still moves by two ports.
      const found = scan.from(start * stride);
      if (found === undefined) return undefined;
      const advance = isOneByOne ? found.skipped + 1 : Math.floor(found.skipped / 2) + 1;
      return { port: low + found.position, advance };
    };
  }
  // From 4.6: first the parity of the low bound, where an odd range has one port more than it has starts, then the other.
  const last = size > 1 && size % 2 === 1 ? count : count - 1;
  const first = new Scan(count, last, (position) => isUsable(low + 2 * position));
  const second = new Scan(count, count - 1, (position) => size > 1 && isUsable(low + 1 + 2 * position));
  return (start) => {
    const inFirst = first.from(start);
    if (inFirst !== undefined) return { port: low + 2 * inFirst.position, advance: inFirst.skipped + 1 };
    const inSecond = second.from(start);
    if (inSecond !== undefined) return { port: low + 1 + 2 * inSecond.position, advance: inSecond.skipped + 1 };
    return undefined;
  };
}

/**
 * One pass over `count` candidates from a start, wrapping at the end. When `last` is `count` rather than `count` - 1
 * there is one position more than candidates: a start at 0 does not reach the last position, any other start reaches
 * it and not position 0, because the kernel subtracts an even size once it is beyond the odd range.
 */
class Scan {
  readonly #count: number;
  readonly #last: number;
  /** The first usable position from each position on; -1 if there is none. */
  readonly #next: Int32Array;

  constructor(count: number, last: number, isUsable: (position: number) => boolean) {
    this.#count = count;
    this.#last = last;
    this.#next = new Int32Array(last + 2).fill(-1);
    for (let position = last; position >= 0; position -= 1) {
      this.#next[position] = isUsable(position) ? position : this.#next[position + 1]!;
    }
  }

  from(start: number): { readonly position: number; readonly skipped: number } | undefined {
    const ahead = this.#next[start]!;
    const end = start === 0 ? this.#count - 1 : this.#last;
    if (ahead >= 0 && ahead <= end) return { position: ahead, skipped: ahead - start };
    const behind = this.#next[this.#last === this.#count && start > 0 ? 1 : 0]!;
    if (behind < 0 || behind >= start) return undefined;
    return { position: behind, skipped: this.#count - start + behind };
  }
}
