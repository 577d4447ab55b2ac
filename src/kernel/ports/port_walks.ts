import type { Port } from "../../units.ts";
import type { KernelEra } from "../kernel_era.ts";
import { greatestCommonDivisor } from "../greatest_common_divisor.ts";
import { WalkDraw, type WalkNoise } from "./cursor_noise.ts";

/** What a walk asks of a search: the range, the hash, and whether a port is usable. PortSearch is one. */
export interface WalkSearch {
  readonly low: Port;
  readonly high: Port;
  readonly hashLow: number;
  readonly hashHigh: number;
  readonly isOptionRange: boolean;
  readonly stepWidth: number;
  isUsable(port: Port): boolean;
  /**
   * Passes over candidates at once after one that was not usable, counting each: as many of port, port + step, … as are
   * sure to be unusable, up to `most`. Absent: the walk asks for each.
   */
  passOver?(port: Port, step: 1 | 2, most: number): number;
}

/**
 * The order in which `connect()` tries ports, and the cursor that remembers where it was. A walk is one per machine:
 * all namespaces, both IP families and all CPUs share it.
 */
export interface PortWalk {
  /** Finds a port and moves the cursor. @returns the port, or -1 when every candidate was unusable (the cursor stays). */
  search(search: WalkSearch): Port;
  /** Sets every cursor of the walk, for worked examples with given numbers. @param cursor 32 bits, unsigned. */
  setCursors(cursor: number): void;
  /** The cursor that a hash leads to, 32 bits unsigned: with `setCursor` a walk's state can be kept and taken up again. */
  cursorOf(hashLow: number): number;
  /** The row of that cursor in the table of cursors; 0 where there is one cursor. */
  rowOf(hashLow: number): number;
  /** Sets the cursor that a hash leads to. @param cursor 32 bits, unsigned. */
  setCursor(hashLow: number, cursor: number): void;
}

/** Numbers of 32 bits: what the walks that go on in turn count with. */
const TURNS = 4_294_967_296;

/** The walk of a kernel build, its cursor as after boot. */
export function createPortWalk(era: KernelEra, noise: WalkNoise): PortWalk {
  switch (era.portWalk) {
    case "3.10":
      return new SequentialWalk();
    case "4.2-4.5":
      return new EvenStartWalk();
    case "4.6-5.11":
      return new ParityHintWalk();
    case "5.12-5.17":
      return new ParityTableWalk({ tableBits: 8, noise, hasRandomIncrements: false });
    case "5.18+":
      return new ParityTableWalk({ tableBits: 16, noise, hasRandomIncrements: true });
  }
}

/** The global cursor of the walks up to 5.11, which all destinations share. */
class OneCursor {
  /** 0 at boot; the boot secret is in the hash. */
  hint = 0;

  setCursors(cursor: number): void {
    this.hint = cursor;
  }

  cursorOf(): number {
    return this.hint;
  }

  rowOf(): number {
    return 0;
  }

  setCursor(_hashLow: number, cursor: number): void {
    this.hint = cursor;
  }
}

/**
 * Up to 4.1: all ports in turn from one global hint.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10 and v4.1.
 */
export class SequentialWalk extends OneCursor implements PortWalk {
  search(search: WalkSearch): Port {
    const size = search.high - search.low + 1;
    const offset = (this.hint + search.hashLow) >>> 0;
    for (let step = 1; step <= size; step += 1) {
      const port = search.low + placeIn(size, step + offset);
      if (!search.isUsable(port)) {
        step += passOverInTurn(search, port, offset + step, size - step);
        continue;
      }
      this.hint = (this.hint + step) >>> 0;
      return port;
    }
    return -1;
  }
}

/**
 * 4.2 to 4.5 and EL7: still all ports in turn, but from an even offset and two further each time. No parity split: a
 * taken even offset falls to the odd one beside it.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v4.4 and 3.10.0-1160.el7.
 */
export class EvenStartWalk extends OneCursor implements PortWalk {
  search(search: WalkSearch): Port {
    const size = search.high - search.low + 1;
    const offset = ((this.hint + search.hashLow) & ~1) >>> 0;
    for (let step = 0; step < size; step += 1) {
      const port = search.low + placeIn(size, step + offset);
      if (!search.isUsable(port)) {
        step += passOverInTurn(search, port, offset + step, size - 1 - step);
        continue;
      }
      this.hint = (this.hint + ((step + 2) & ~1)) >>> 0;
      return port;
    }
    return -1;
  }
}

/**
 * 4.6 to 5.11: first every port with the parity of the low bound, then the others; one global hint.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v4.6, v5.4 and v5.10.
 */
export class ParityHintWalk extends OneCursor implements PortWalk {
  search(search: WalkSearch): Port {
    const size = evenSize(search);
    const offset = placeIn(size, (this.hint + search.hashLow) | 0) & ~1;
    const distance = scanParities(search, offset, size, 2);
    if (distance < 0) return -1;
    this.hint = (this.hint + distance + 2) >>> 0;
    return found.port;
  }
}

/**
 * From 5.12 on: the same scan, with a table of cursors indexed by the destination's hash. The small table of 5.12 to
 * 5.17 adds now and then 2 to an undisturbed step; the large one of 5.18 and later adds 2 to 16. From 7.1 on
 * `ip_local_port_step_width` lets the scan leap.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v5.15, v5.18, v6.12 and v7.1.
 */
export class ParityTableWalk implements PortWalk {
  readonly #table: Uint32Array;
  readonly #tableBits: number;
  readonly #noise: WalkNoise;
  readonly #hasRandomIncrements: boolean;

  /** @param options.noise fills the table as at its first use after boot, then gives the increments. */
  constructor(options: { tableBits: 8 | 16; noise: WalkNoise; hasRandomIncrements: boolean }) {
    this.#tableBits = options.tableBits;
    this.#noise = options.noise;
    this.#hasRandomIncrements = options.hasRandomIncrements;
    this.#table = new Uint32Array(1 << options.tableBits);
    for (let row = 0; row < this.#table.length; row += 1) this.#table[row] = options.noise.int32();
  }

  cursorOf(hashLow: number): number {
    return this.#table[this.rowOf(hashLow)]!;
  }

  setCursor(hashLow: number, cursor: number): void {
    this.#table[this.rowOf(hashLow)] = cursor;
  }

  setCursors(cursor: number): void {
    this.#table.fill(cursor);
  }

  search(search: WalkSearch): Port {
    const row = this.rowOf(search.hashLow);
    const cursor = this.#table[row]!;
    if (search.isOptionRange) return this.#searchAllPorts(search, row, cursor);
    const size = evenSize(search);
    const shift = this.#hasRandomIncrements ? search.hashHigh : search.hashLow;
    const offset = placeIn(size, cursor + shift) & ~1;
    const distance = scanParities(search, offset, size, 2 * this.#drawStep(search, size >> 1, row));
    if (distance < 0) return -1;
    this.#table[row] = cursor + this.#increment(distance, row, cursor) + 2;
    return found.port;
  }

  /** IP_LOCAL_PORT_RANGE from 6.8 on: step 1, one pass, no parity. Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v6.8. */
  #searchAllPorts(search: WalkSearch, row: number, cursor: number): Port {
    const size = search.high - search.low + 1;
    const step = this.#drawStep(search, size, row);
    let port = search.low + placeIn(size, cursor + search.hashHigh);
    for (let distance = 0; distance < size; distance += 1, port += step) {
      if (port > search.high) port -= size;
      if (!search.isUsable(port)) {
        const passed =
          step === 1 ? passOver(search, port + 1, 1, Math.min(search.high - port, size - 1 - distance)) : 0;
        distance += passed;
        port += passed;
        continue;
      }
      this.#table[row] = cursor + Math.max(distance, this.#noise.below(8, row, cursor, WalkDraw.INCREMENT)) + 1;
      return port;
    }
    return -1;
  }

  #increment(distance: number, row: number, cursor: number): number {
    if (this.#hasRandomIncrements) return Math.max(distance, 2 * this.#noise.below(8, row, cursor, WalkDraw.INCREMENT));
    return distance === 0 && this.#noise.below(16, row, cursor, WalkDraw.INCREMENT) === 0 ? 2 : distance;
  }

  /**
   * How many candidates further the next one is, of `count` in a pass: 1 unless `ip_local_port_step_width` is set, and
   * then at most that. No divisor but 1 is common to it and `count`, so that a pass still meets each candidate once.
   * A search that finds nothing leaves the cursor where it is, and so the next one draws the same.
   *
   * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v7.1 (commit 7da62262ec96).
   */
  #drawStep(search: WalkSearch, count: number, row: number): number {
    if (search.stepWidth === 0 || !this.#hasRandomIncrements || count <= 1) return 1;
    const most = Math.min(count, search.stepWidth);
    let step = 1 + this.#noise.below(most, row, this.#table[row]!, WalkDraw.STEP);
    while (greatestCommonDivisor(step, count) !== 1) {
      step += 1;
      // With an even count no even step will do.
      if (step % 2 === 0 && count % 2 === 0) step += 1;
      if (step > most) return 1;
    }
    return step;
  }

  /** The table row of a hash: the low bits (5.18+), or `hash_32(hash, 8)` before. */
  rowOf(hashLow: number): number {
    if (this.#tableBits === 16) return hashLow & 0xffff;
    return Math.imul(hashLow, 0x61c88647) >>> 24;
  }
}

/** The number of ports the parity scan goes over: an odd range loses one. */
function evenSize(search: WalkSearch): number {
  const size = search.high + 1 - search.low;
  return size > 1 ? size & ~1 : size;
}

/**
 * Where a turn, of which 32 bits count, falls in a range of at least one port. V8 divides integers only where it sees that
 * both numbers are unsigned and the divisor is not 0.
 */
function placeIn(size: number, turn: number): number {
  return (turn >>> 0) % Math.max(size >>> 0, 1);
}

function passOver(search: WalkSearch, port: Port, step: 1 | 2, most: number): number {
  return most > 0 && search.passOver !== undefined ? search.passOver(port, step, most) : 0;
}

/** Passes over the candidates behind `port`, up to the end of the range and to where the 32 bits of the `turn` number end. */
function passOverInTurn(search: WalkSearch, port: Port, turn: number, most: number): number {
  return passOver(search, port + 1, 1, Math.min(search.high - port, TURNS - 1 - (turn >>> 0), most));
}

/** Where the last scan ended; a scan also returns how far it went in its pass. */
const found = { port: 0 };

/**
 * Tries low + offset, + `stride`, … once around, then the other parity from the same place with the same stride.
 *
 * @param stride even; without `ip_local_port_step_width` it is 2.
 * @returns the distance gone in the pass that found `found.port`, 2 for each candidate passed over, or -1.
 */
function scanParities(search: WalkSearch, offset: number, size: number, stride: number): number {
  const end = search.high + 1;
  for (let parity = 0; parity < 2; parity += 1) {
    let port = search.low + offset + parity;
    for (let distance = 0; distance < size; distance += 2, port += stride) {
      // The wrap is tested against the high bound, not against the rounded size: it matters for odd ranges.
      if (port >= end) port -= size;
      if (!search.isUsable(port)) {
        const left = Math.min(search.high - port, size - 2 - distance) >> 1;
        const passed = stride === 2 ? passOver(search, port + 2, 2, left) : 0;
        distance += 2 * passed;
        port += 2 * passed;
        continue;
      }
      found.port = port;
      return distance;
    }
    if (size === 1) break;
  }
  return -1;
}
