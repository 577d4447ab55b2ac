import { resolveKernel } from "../kernel/eras.ts";
import { narrowRange } from "../kernel/ports/socket_port_range.ts";
import { portBlocks, type PortBlock } from "../study/port_blocks.ts";
import type { PortsConnect, PortsDocument } from "./ports_document.ts";

/** How far the walk went from port to port of the same destination. */
export interface StepCounts {
  /** Steps within an epoch by their size, the most frequent first, the smaller of two as frequent ones first. */
  readonly within: readonly (readonly [size: number, count: number])[];
  /** Steps over a moment at which the port hash was salted anew: they may have any size. */
  readonly resalted: number;
}

/** Counts the steps between successive ports of each destination, modulo the ports that the walk goes over. */
export function countSteps(document: PortsDocument): StepCounts {
  const { connects } = document;
  const modulus = walkedPorts(document);
  const latest = new Map<number, PortsConnect>();
  const counts = new Map<number, number>();
  let resalted = 0;
  for (const connect of connects) {
    if (connect.port === undefined) continue;
    const before = latest.get(connect.destination);
    latest.set(connect.destination, connect);
    if (before?.port === undefined) continue;
    if (before.epoch !== connect.epoch) resalted += 1;
    else {
      const step = (connect.port - before.port + modulus) % modulus;
      counts.set(step, (counts.get(step) ?? 0) + 1);
    }
  }
  return { within: [...counts].toSorted(([a, m], [b, n]) => n - m || a - b), resalted };
}

/** Where a range runs full, in the order of the connects; `undefined` for what did not happen. */
export interface Knees {
  /** The first connect that got a port of the other parity than the low bound's: of its own none was left to it. */
  readonly otherParity: number | undefined;
  /** The first connect that got EADDRNOTAVAIL. */
  readonly exhausted: number | undefined;
}

/** The two knees of a filling range, as places in `connects`. Walks without a parity have the second one only. */
export function findKnees(document: PortsDocument): Knees {
  const { connects } = document;
  const [low] = walkedRange(document);
  const isOther = ({ port }: PortsConnect): boolean => port !== undefined && (port - low) % 2 !== 0;
  const otherParity = hasParity(document) ? placeOf(connects, isOther) : undefined;
  return { otherParity, exhausted: placeOf(connects, ({ error }) => error === "EADDRNOTAVAIL") };
}

/** Blocks that connect() passes over, and the port at which it comes out behind them. */
export interface PileUp {
  readonly blocks: readonly PortBlock[];
  readonly behind: number;
  /** Connects that got the port behind. */
  readonly picks: number;
}

/**
 * The reserved and listening blocks of the range with the first port behind each that connect() may take, the most
 * picked one first. Blocks which none but ports of the same blocks part have the same port behind them. A block without
 * a port of the low bound's parity is left out where connect() tries that parity first.
 */
export function findPileUps(document: PortsDocument): PileUp[] {
  const { connects } = document;
  const range = walkedRange(document);
  const [low] = range;
  const blocked = blockedPorts(range, document.settings);
  const stride = hasParity(document) ? 2 : 1;
  const blocksBehind = new Map<number, PortBlock[]>();
  for (const block of portBlocks([...blocked].toSorted((a, b) => a - b))) {
    const start = block[0] + ((block[0] - low) % stride);
    const behind = start > block[1] ? undefined : firstFree(start, stride, range, blocked);
    if (behind === undefined) continue;
    const blocks = blocksBehind.get(behind);
    if (blocks === undefined) blocksBehind.set(behind, [block]);
    else blocks.push(block);
  }
  const picks = new Map<number, number>();
  for (const { port } of connects) if (port !== undefined) picks.set(port, (picks.get(port) ?? 0) + 1);
  return [...blocksBehind]
    .map(([behind, blocks]) => ({ blocks, behind, picks: picks.get(behind) ?? 0 }))
    .toSorted((a, b) => b.picks - a.picks || a.behind - b.behind);
}

/** How many ports of a parity, or of all, connect() may take before it turns to anything else. */
export function usablePorts(document: PortsDocument): number {
  const range = walkedRange(document);
  const stride = hasParity(document) ? 2 : 1;
  const blocked = blockedPorts(range, document.settings);
  let count = 0;
  for (let port = range[0]; port <= range[1]; port += stride) if (!blocked.has(port)) count += 1;
  return count;
}

/** Picks by tenths of the range, as `[first port, last port, picks]`. */
export function countTenths(document: PortsDocument): (readonly [number, number, number])[] {
  const { connects } = document;
  const [low, high] = walkedRange(document);
  const size = high - low + 1;
  const counts = Array.from({ length: 10 }, () => 0);
  for (const { port } of connects) {
    if (port !== undefined) counts[Math.floor(((port - low) * 10) / size)]! += 1;
  }
  return counts.map((count, tenth) => [
    low + Math.ceil((tenth * size) / 10),
    low + Math.ceil(((tenth + 1) * size) / 10) - 1,
    count,
  ]);
}

/** The ports that the walk goes over: `ip_local_port_range`, narrowed by each socket's own range. */
export function walkedRange({ range, settings: { socketRange } }: PortsDocument): PortsDocument["range"] {
  return socketRange === undefined ? range : narrowRange(range, socketRange);
}

/**
 * Whether the walk tries every port with the parity of the low bound before any other: from 4.6 on, but not over a
 * socket's own range from 6.8 on. Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v4.6 v6.8.
 */
export function hasParity({ kernel, portWalk, settings: { socketRange } }: PortsDocument): boolean {
  if (portWalk === "3.10" || portWalk === "4.2-4.5") return false;
  if (socketRange === undefined || socketRange.every((bound) => bound === 0)) return true;
  const resolution = resolveKernel({ build: kernel, portWalk });
  return !resolution.ok || resolution.era.localPortRangeOption !== "step-1";
}

/** How many ports the walk counts modulo: a range with an odd number of ports loses one where there is a parity. */
function walkedPorts(document: PortsDocument): number {
  const [low, high] = walkedRange(document);
  const size = high - low + 1;
  return hasParity(document) && size > 1 ? size - (size % 2) : size;
}

/** The reserved and listening ports of the range. */
function blockedPorts([low, high]: PortsDocument["range"], settings: PortsDocument["settings"]): ReadonlySet<number> {
  const blocked = new Set<number>();
  for (const [first, last] of [...settings.reserved, ...settings.listen]) {
    for (let port = Math.max(low, first); port <= Math.min(high, last); port += 1) blocked.add(port);
  }
  return blocked;
}

function firstFree(
  start: number,
  stride: number,
  [low, high]: PortsDocument["range"],
  blocked: ReadonlySet<number>,
): number | undefined {
  for (let port = start; port <= high; port += stride) if (!blocked.has(port)) return port;
  for (let port = low; port < start; port += stride) if (!blocked.has(port)) return port;
  return undefined;
}

function placeOf(connects: readonly PortsConnect[], isIt: (connect: PortsConnect) => boolean): number | undefined {
  const place = connects.findIndex(isIt);
  return place < 0 ? undefined : place;
}
