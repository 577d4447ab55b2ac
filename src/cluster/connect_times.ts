import { DOUBLE_ZERO } from "../sim/double_zero.ts";
import { type Micros, SECOND } from "../units.ts";

/** Buckets for each doubling of the time, so that a bucket is at most 1/32 wide of its value. */
const SUB_BITS = 5;
const SUB = 1 << SUB_BITS;
/** Times from 2^31 µs (36 minutes) on fall into the last bucket; no client waits that long. */
const LONGEST = 0x7fff_ffff;

/** How long handshakes took: plain data that adds up over replications. */
export interface ConnectTimesResult {
  readonly count: number;
  /** Sum and maximum in microseconds. */
  readonly sum: number;
  readonly max: Micros;
  /** Handshakes of 1 s or more, each of which had its SYN or SYN-ACK sent again. */
  readonly slow: number;
  /** Pairs of bucket and count, in order of the bucket; see `bucketTop`. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
}

/** Collects how long handshakes took. */
export class ConnectTimes {
  readonly #buckets: number[] = [];
  #count = 0;
  #sum: Micros = DOUBLE_ZERO;
  #max: Micros = DOUBLE_ZERO;
  #slow = 0;

  /** @param time microseconds, 0 or more. */
  add(time: Micros): void {
    const bucket = bucketOf(time);
    while (this.#buckets.length <= bucket) this.#buckets.push(0);
    this.#buckets[bucket] = this.#buckets[bucket]! + 1;
    this.#count += 1;
    this.#sum += time;
    if (time > this.#max) this.#max = time;
    if (time >= SECOND) this.#slow += 1;
  }

  result(): ConnectTimesResult {
    const buckets = [...this.#buckets.entries()].filter(([, count]) => count > 0);
    return { count: this.#count, sum: this.#sum, max: this.#max, slow: this.#slow, buckets };
  }
}

/** The longest time that falls into a bucket, in microseconds: exact below 64 µs, within 1/32 above. */
export function bucketTop(bucket: number): Micros {
  if (bucket < 2 * SUB) return bucket;
  const shift = (bucket >> SUB_BITS) - 1;
  return ((bucket & (SUB - 1)) + SUB + 1) * (1 << shift) - 1;
}

function bucketOf(time: Micros): number {
  const value = Math.min(Math.floor(time), LONGEST);
  if (value < 2 * SUB) return value;
  const shift = 31 - Math.clz32(value) - SUB_BITS;
  return ((shift + 1) << SUB_BITS) + (value >>> shift) - SUB;
}
