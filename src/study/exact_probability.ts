import { assert } from "../sim/assert.ts";
import type { PortWalkName } from "../kernel/kernel_era.ts";
import { greatestCommonDivisor } from "../kernel/greatest_common_divisor.ts";
import type { Port } from "../units.ts";
import { enumerateStarts, isEvenlyPaced, startCount } from "./port_starts.ts";
import type { Starts } from "./port_starts.ts";
import type { ExactDocument } from "./run_document.ts";
import { percent } from "./percent.ts";

/** What decides how often `connect()` picks a NodePort as its source port. */
export interface ExactProbabilityInput {
  readonly walk: PortWalkName;
  /** `ip_local_port_range`, both bounds included. */
  readonly range: readonly [low: Port, high: Port];
  /** Whether the port is in `ip_local_reserved_ports`. */
  readonly isReserved: (port: Port) => boolean;
  /** Whether a socket of the node's namespace is explicitly bound to the port or listens on it. */
  readonly isHeld: (port: Port) => boolean;
  /** NodePorts that lose the handshake when they are a source port. A virtual server holds nothing: it may be picked. */
  readonly nodePorts: readonly Port[];
  /** Whether no destination is connected to twice within 10 s (matters on `5.18+` only). */
  readonly probesPerEpochAtMostOne: boolean;
  /** Connects to one destination in 10 s, alike for all destinations, where there may be more than one. */
  readonly connectsPerEpoch?: number;
  /** Connects at random (Poisson) times that are to be expected in one probe period; 0 if left out. */
  readonly randomConnectsPerPeriod?: number;
  /** Destinations (address and port) that anything on the machine connects to; many if left out. */
  readonly destinations?: number;
  /** `ip_local_port_step_width`, from 7.1 on; 0 if left out. */
  readonly stepWidth?: number;
}

/** Why walks are not enumerated that leap over closed ports, as those of 7.1 do with a step width. */
export const LEAPS =
  "ip_local_port_step_width makes connect() leap over reserved and held ports by a step of chance, and where it comes down is not enumerated";

/**
 * The long-run probability that one `connect()` picks a NodePort or finds no port, by enumeration of every starting
 * offset of the kernel's walk; or the reason why the mechanism has no such value.
 *
 * Without a skip each walk moves its cursor by steps that do not depend on where it stands, so every start is equally
 * frequent. A skip over reserved or held ports breaks that wherever it moves a cursor that several destinations share:
 * even one held port can hold strictly periodic probes in step, so that they meet a NodePort every time round or never.
 * A few held ports (up to 0.1 % of the starts) do no harm where other connects come at random times, because averaged
 * over boots the destinations' offsets lie anywhere. On
 * `5.12-5.17` destinations share a cursor when their hashes fall on one of 256 entries; behind a reserved block of 1,000
 * starts that doubles the value for 200 destinations, so it is declined there too, except for a single destination.
 *
 * With `ip_local_port_step_width` (7.1+) it is declined where a start meets a closed port.
 *
 * Not modelled: IP_LOCAL_PORT_RANGE, and the jump where a cursor wraps at 2^32. O(n), times the connects of one epoch on
 * `5.18+`.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10 v4.4 v5.4 v5.15 v6.12.
 *
 * @example
 * ```ts
 * const exact = exactProbability({
 *   walk: "4.6-5.11",
 *   range: [1024, 65000],
 *   isReserved: () => false,
 *   isHeld: () => false,
 *   nodePorts: [30080, 30081],
 *   probesPerEpochAtMostOne: true,
 * });
 * if ("probability" in exact) console.log(exact.probability); // 0.000031261723146179817
 * ```
 */
export function exactProbability(input: ExactProbabilityInput): ExactDocument {
  const [low, high] = input.range;
  assert(low >= 0 && low <= high && high <= 65535, "a port range is in order and within 0 to 65535");
  return probabilityFrom(enumerateStarts(input), input);
}

/** The same from starts that have been enumerated. */
export function probabilityFrom(starts: Starts, input: ExactProbabilityInput): ExactDocument {
  const [low, high] = input.range;
  const failing = starts.isFailing.reduce((total, flag) => total + flag, 0);
  const share = failing / starts.count;
  const isPicked = (port: Port): boolean =>
    port >= low && port <= high && !input.isReserved(port) && !input.isHeld(port);
  if ((input.stepWidth ?? 0) > 1 && !isEvenlyPaced(starts) && input.nodePorts.some(isPicked))
    return { declined: LEAPS };
  if (failing === 0) return closed(0, "No start of the walk ends at a NodePort, however often it begins there.");
  if (failing === starts.count) return closed(1, "Every start of the walk ends at a NodePort or at EADDRNOTAVAIL.");
  const average = `Averaged over ${starts.count} starting offsets, all equally frequent in the long run.`;
  if (isEvenlyPaced(starts)) return closed(share, average, ...PACE[input.walk]);
  if (input.walk === "5.18+") return withEpochs(input, starts, share, average);
  if (input.walk === "5.12-5.17" && input.destinations === 1 && !starts.advance.includes(0)) return ownCursor(starts);
  const skipping = skippingStarts(starts);
  if (isFewSkips(starts) && isKeptMoving(input)) {
    const few =
      `${skipping} of them ${skipping === 1 ? "meets" : "meet"} a reserved or held port, which bends the walk by at most ` +
      `${percent(skipping / starts.count)}.`;
    const moving = KEPT_MOVING[input.walk === "5.12-5.17" ? "own" : "shared"];
    return closed(share, average, few, moving, ...PACE[input.walk]);
  }
  const sharers = input.walk === "5.12-5.17" ? "destinations on one of 256 entries share" : "all destinations share";
  return {
    declined:
      `${skipping} of ${starts.count} starting offsets meet a reserved or held port, and skipping it moves the cursor that ` +
      `${sharers}: their walks lock together behind what is skipped, so a port's long-run share has no closed value ` +
      `(were all starts equally frequent, it would be ${share.toExponential(2)})`,
  };
}

/** Share of starts that may skip before the value is declined: a handful of listeners, not a reserved block. */
const FEW_SKIPS = 0.001;

/** Starts that meet a port which the walk must skip. */
function skippingStarts(starts: Starts): number {
  return starts.advance.reduce((total, advance) => total + (advance === 1 ? 0 : 1), 0);
}

/** Whether so few starts (0.1 %) meet a port to skip that their bend of the walk may be left out. */
export function isFewSkips(starts: Starts): boolean {
  return skippingStarts(starts) <= starts.count * FEW_SKIPS;
}

/** Connects at random times in one probe period that keep a shared cursor from locking: their number then spreads by 2 and more. */
const RANDOM_ENOUGH = 4;

const KEPT_MOVING = {
  own: "A destination's own connects move its cursor over every start in turn.",
  shared: "Connects at random times keep periodic probes from locking to it.",
} as const;

/** Whether what moves the cursor cannot settle into a rhythm that avoids the few skips, or always meets them. */
function isKeptMoving(input: ExactProbabilityInput): boolean {
  return input.walk === "5.12-5.17" || (input.randomConnectsPerPeriod ?? 0) >= RANDOM_ENOUGH;
}

/** What bears on whether periodic connects sample a shared cursor evenly. */
export interface CursorTraffic {
  readonly walk: PortWalkName;
  readonly range: readonly [low: Port, high: Port];
  /** Connects of the whole machine in one period, if every arrival is strictly periodic; left out otherwise. */
  readonly connectsPerPeriod?: number;
}

/** How many times fewer starts than there are a periodic probe meets before a warning is due. */
const FACTOR_WORTH_A_WARNING = 16;

/**
 * Warns when strictly periodic traffic makes a shared cursor advance by a whole number of connects that has a large
 * factor (16 or more) in common with the number of starting offsets: each probe then revisits a fraction of the ports.
 * The mean over boots is unchanged, but boots differ more, and one boot shows too few ports or too often the same.
 */
export function cursorWarnings(traffic: CursorTraffic): readonly string[] {
  const { walk, connectsPerPeriod } = traffic;
  if (connectsPerPeriod === undefined || !Number.isInteger(connectsPerPeriod) || connectsPerPeriod < 1) return [];
  if (walk === "5.12-5.17" || walk === "5.18+") return [];
  const size = traffic.range[1] - traffic.range[0] + 1;
  const count = startCount(walk, size);
  const factor = greatestCommonDivisor(connectsPerPeriod, count);
  if (factor < FACTOR_WORTH_A_WARNING) return [];
  return [
    `All traffic is periodic with ${connectsPerPeriod} connects a period, and the shared port cursor has ${count} starting ` +
      `offsets: their common factor ${factor} lets each probe meet only ${count / factor} of them, so boots differ more ` +
      `than independent probes would. Arrivals that vary (arrivals: poisson) or another range end this.`,
  ];
}

const INDEPENDENT_TUPLES =
  "No candidate is refused because its 4-tuple is in use, from SYN_SENT to TIME_WAIT of the same destination.";

/** How the cursor moves from connect to connect, where no skip bends the walk. */
const PACE: Readonly<Record<PortWalkName, readonly string[]>> = {
  "3.10": ["The cursor that the whole machine shares moves 1 port a connect."],
  "4.2-4.5": [
    "The cursor that the whole machine shares moves 2 ports a connect.",
    "With an odd number of ports the parity changes at each wrap, so a run needs several wraps.",
  ],
  "4.6-5.11": ["The cursor that the whole machine shares moves 2 ports a connect."],
  "5.12-5.17": ["A destination's cursor moves 2 ports a connect, 4 in one of 16."],
  "5.18+": ["A destination's cursor starts at random and moves 2 to 16 ports a connect."],
};

/** A share in per cent with two significant digits, `0.0031 %`. */
function closed(probability: number, ...assumptions: readonly string[]): ExactDocument {
  return { probability, assumptions: [...assumptions, INDEPENDENT_TUPLES] };
}

/** Most connects to one destination in one epoch that are enumerated. */
const CONNECTS_PER_EPOCH_MAX = 1_000;

/** 5.18+: the first connect of an epoch starts anywhere; the next ones follow it by max(skip, 0 to 7 steps) + 1. */
function withEpochs(input: ExactProbabilityInput, starts: Starts, share: number, average: string): ExactDocument {
  const perEpoch = input.probesPerEpochAtMostOne ? 1 : input.connectsPerEpoch;
  if (perEpoch === undefined) {
    return {
      declined: "reserved or held ports bend a destination's walk within 10 s, and its connects in 10 s are not known",
    };
  }
  const fresh = "Each epoch of 10 s draws a new start for each destination.";
  const pile = "The first usable port behind k skipped ones takes k + 1 starts.";
  if (perEpoch <= 1) {
    return closed(share, average, fresh, "At most one connect to a destination in an epoch.", pile);
  }
  if (perEpoch > CONNECTS_PER_EPOCH_MAX) {
    return {
      declined: `${perEpoch} connects to one destination in 10 s are more than the ${CONNECTS_PER_EPOCH_MAX} enumerated`,
    };
  }
  const whole = Math.floor(perEpoch);
  const failures = expectedFailures(starts, Math.ceil(perEpoch));
  const total = failures[whole]! + (perEpoch - whole) * (failures[Math.ceil(perEpoch)]! - failures[whole]!);
  return closed(
    total / perEpoch,
    average,
    fresh,
    `${perEpoch} connects to each destination in each epoch: the later ones go on where the one before ended.`,
    "No two destinations share one of the 65,536 cursors.",
    pile,
  );
}

/** `result[m]` = expected failures among the first m connects of an epoch. */
function expectedFailures(starts: Starts, connects: number): readonly number[] {
  const { count, advance, isFailing } = starts;
  let mass = new Float64Array(count).fill(1 / count);
  const failures = [0];
  for (let connect = 0; connect < connects; connect += 1) {
    const next = new Float64Array(count);
    let failing = 0;
    for (let start = 0; start < count; start += 1) {
      const weight = mass[start]!;
      if (isFailing[start] === 1) failing += weight;
      for (let draw = 0; draw < 8; draw += 1) {
        const moved = advance[start] === 0 ? start : (start + Math.max(advance[start]! - 1, draw) + 1) % count;
        next[moved] = next[moved]! + weight / 8;
      }
    }
    failures.push(failures[connect]! + failing);
    mass = next;
  }
  return failures;
}

/** Passes over the range after which an uneven walk must have settled. */
const PASSES_MAX = 1_000;

/**
 * 5.12-5.17 with one destination: its cursor moves by 1 step, by 2 in one of 16 connects without a skip, or by the skip
 * and 1. Follows the probability mass over the range until the places where a pass begins no longer change.
 */
function ownCursor(starts: Starts): ExactDocument {
  const { count, advance, isFailing } = starts;
  let entering = new Float64Array(count);
  entering[0] = 1;
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const visits = new Float64Array(2 * count);
    visits.set(entering);
    let connects = 0;
    let failures = 0;
    for (let start = 0; start < count; start += 1) {
      const visit = visits[start]!;
      const step = advance[start]!;
      connects += visit;
      if (isFailing[start] === 1) failures += visit;
      const noise = step === 1 ? visit / 16 : 0;
      visits[start + step] = visits[start + step]! + visit - noise;
      if (noise > 0) visits[start + 2] = visits[start + 2]! + noise;
    }
    const leaving = visits.slice(count);
    const change = leaving.reduce((total, mass, start) => total + Math.abs(mass - entering[start]!), 0);
    if (change < 1e-14) {
      return closed(
        failures / connects,
        `The stationary walk of one destination's own cursor over ${count} starting offsets.`,
        "The cursor moves 2 ports a connect, 4 in one of 16, and past each skip.",
        "No other destination shares its entry among the 256.",
      );
    }
    entering = leaving;
  }
  return { declined: "reserved or held ports bend the walk of the destination's cursor so that it does not settle" };
}
