import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { PortWalkName } from "../kernel/kernel_era.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { CursorScope, MechanismFactors } from "./diff_document.ts";
import { destinationsPerEpoch } from "./exact_twin.ts";
import { pickable, startsAtOneParity, startsByPort } from "./port_starts.ts";
import { sumOf } from "./sum.ts";

/** Who shares a cursor of `connect()`. Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10 v4.4 v5.4 v5.15 v6.12. */
const SCOPES: Readonly<Record<PortWalkName, CursorScope>> = {
  "3.10": "machine",
  "4.2-4.5": "machine",
  "4.6-5.11": "machine",
  "5.12-5.17": "destination",
  "5.18+": "destination-and-epoch",
};

/**
 * What decides in a scenario which connects take a NodePort, read from what stood on the node in each boot. O(ports).
 *
 * @param results one for each boot, at least one; of several nodes those of the first one.
 */
export function mechanismFactors(scenario: Scenario, results: readonly ReplicationResult[]): MechanismFactors {
  const walk = scenario.kernel.era.portWalk;
  const boots = results.map(({ exposure }) => new WalkedPorts(walk, exposure));
  const mean = (value: (boot: WalkedPorts) => number): number => sumOf(boots, value) / boots.length;
  const thresholds = scenario.pods.flatMap(({ livenessProbe }) => livenessProbe?.failureThreshold ?? []);
  return {
    portWalk: walk,
    cursor: SCOPES[walk],
    portRange: results[0]!.exposure.portRange,
    nodePorts: mean((boot) => boot.nodePorts.length),
    reachable: mean((boot) => boot.reachable.length),
    reserved: mean((boot) => boot.count((port) => boot.isReserved(port))),
    held: mean((boot) => boot.count((port) => boot.isHeld(port) && !boot.isReserved(port))),
    otherParity: mean((boot) => boot.count((port) => boot.isOtherParity(port))),
    adjacent: median(boots.map((boot) => longestRow(boot.nodePorts, 1))),
    inARow: median(boots.map((boot) => longestRow(boot.reachable, boot.step))),
    startsOfOneNodePort: Math.max(...boots.map((boot) => boot.mostStarts())),
    connectsPerEpoch: Math.max(0, ...destinationsPerEpoch(scenario).map(({ connects }) => connects)),
    livenessThreshold: thresholds.length === 0 ? null : Math.min(...thresholds),
  };
}

/** The ports of one boot as its walk meets them. */
class WalkedPorts {
  /** Those of the range, sorted. */
  readonly nodePorts: readonly number[];
  readonly reachable: readonly number[];
  /** Ports from one candidate to the next: 2 where the walk starts at one parity only. */
  readonly step: 1 | 2;
  readonly #isPickable: (port: number) => boolean;
  readonly #starts: Uint32Array;
  readonly #reserved: ReadonlySet<number>;
  readonly #held: ReadonlySet<number>;

  constructor(walk: PortWalkName, exposure: ReplicationResult["exposure"]) {
    const range = exposure.portRange;
    const [low, high] = range;
    this.step = startsAtOneParity(walk, high - low + 1) ? 2 : 1;
    this.#reserved = new Set(exposure.reservedPorts);
    this.#held = new Set(exposure.heldPorts);
    const isReserved = (port: number): boolean => this.isReserved(port);
    const input = { walk, range, isReserved, isHeld: (port: number): boolean => this.isHeld(port) };
    this.#isPickable = pickable(input);
    this.#starts = startsByPort(input);
    this.nodePorts = exposure.nodePorts.filter((port) => port >= low && port <= high);
    this.reachable = exposure.intercepted.filter(this.#isPickable);
  }

  count(is: (port: number) => boolean): number {
    return this.nodePorts.filter(is).length;
  }

  isReserved(port: number): boolean {
    return this.#reserved.has(port);
  }

  isHeld(port: number): boolean {
    return this.#held.has(port);
  }

  isOtherParity(port: number): boolean {
    return !this.isReserved(port) && !this.isHeld(port) && !this.#isPickable(port);
  }

  /** The most starting places that lead to one NodePort: its own, if it has one, and those of closed ports before it. */
  mostStarts(): number {
    return Math.max(0, ...this.reachable.map((port) => this.#starts[port]!));
  }
}

/** The longest row of sorted ports of which each is `step` above the one before. */
function longestRow(ports: readonly number[], step: number): number {
  const known = new Set(ports);
  let longest = 0;
  for (const port of ports) {
    if (known.has(port - step)) continue;
    let length = 1;
    while (known.has(port + length * step)) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
