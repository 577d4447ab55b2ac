import { assert } from "../sim/assert.ts";
import { exponential } from "../sim/distributions.ts";
import { RandomStream } from "../sim/random.ts";
import type { KernelEra } from "../kernel/kernel_era.ts";
import { createPortWalk, type PortWalk, type WalkSearch } from "../kernel/ports/port_walks.ts";
import type { Port } from "../units.ts";
import { EPOCH_SECONDS } from "./epoch_runs.ts";
import { enumerateStarts } from "./port_starts.ts";

/** Something that connects again and again to one destination. */
export interface ConnectSource {
  /** A number of the destination, from 0; equal numbers are the same source address, address and port. */
  readonly destination: number;
  /** Seconds between connects, from a random phase, or their rate at random (Poisson) times. */
  readonly every: { readonly seconds: number } | { readonly perSecond: number };
  /** How long a connection keeps its port from the destination, TIME_WAIT included. */
  readonly keepsSeconds: number;
  /** How long a connect from a NodePort stays in SYN_SENT. */
  readonly failureKeepsSeconds: number;
}

/** A machine as its port allocator sees it. */
export interface AllocatorTrafficInput {
  readonly era: KernelEra;
  readonly range: readonly [low: Port, high: Port];
  readonly isReserved: (port: Port) => boolean;
  readonly isHeld: (port: Port) => boolean;
  /** NodePorts that lose the handshake when they are a source port. */
  readonly nodePorts: readonly Port[];
  /** All that connects; the first is the series of probes looked at. */
  readonly sources: readonly ConnectSource[];
}

/** All that decides what comes next, chance left out. */
export interface AllocatorState {
  readonly now: number;
  readonly nextAt: Float64Array;
  readonly epochs: Float64Array;
  readonly hashes: Float64Array;
  readonly cursors: Float64Array;
  readonly kept: ReadonlyMap<number, number>;
  readonly probedEpoch: number;
  readonly weight: number;
}

/** What the tilt does to the weight of what follows. */
export const Tilt = {
  /** Starts are drawn as the kernel does. */
  OFF: 0,
  /** The weight is that of the present epoch alone. */
  ONE_EPOCH: 1,
  /** The weight is that of all epochs since it was set. */
  ALL_EPOCHS: 2,
} as const;

/**
 * The port allocator of a machine under traffic, without packets: the kernel's walk with its cursors, the hash of each
 * destination, and the ports that earlier connections keep. Its state can be kept and taken up again, and what follows
 * then is drawn anew.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10 v4.4 v5.4 v5.15 v6.12.
 * Not modelled: packets, so that every connect from a NodePort fails and every other one succeeds; destinations that
 * share one of the 65,536 cursors of 5.18+, which is one pair in 65,536.
 */
export class AllocatorTraffic implements WalkSearch {
  readonly low: Port;
  readonly high: Port;
  readonly isOptionRange = false;
  readonly stepWidth = 0;
  hashLow = 0;
  hashHigh = 0;
  /** Connects made so far. */
  connects = 0;
  /** Whether new epochs of the probed destination prefer starts near a NodePort: one of `Tilt`, 5.18+ only. */
  tilt: number = Tilt.OFF;
  /** How likely the starts drawn are, over how likely the tilt makes them. */
  weight = 1;
  /** Whether the last probe was the first of its series in an epoch of 10 s. */
  wasFirstOfEpoch = false;
  readonly #sources: readonly ConnectSource[];
  /** Replaced at each boot; before the first nothing is drawn. */
  #stream: RandomStream = new RandomStream("");
  readonly #walk: PortWalk;
  readonly #isTable: boolean;
  readonly #isWide: boolean;
  readonly #isResalted: boolean;
  /** 1 for a reserved or held port, by port. */
  readonly #unusable = new Uint8Array(65536);
  readonly #isNodePort = new Uint8Array(65536);
  readonly #nextAt: Float64Array;
  /** By destination: the epoch of its hash, the hash, the cursor it leads to. */
  readonly #epochs: Float64Array;
  readonly #hashes: Float64Array;
  readonly #cursors: Float64Array;
  #kept = new Map<number, number>();
  #keptMost = 64;
  #now = 0;
  #destination = 0;
  #probedEpoch = -1;
  /** Starts near a NodePort, and for each start whether it is one of them. */
  readonly #near: readonly number[];
  readonly #isNear: Uint8Array;

  constructor(input: AllocatorTrafficInput) {
    const { era, sources } = input;
    assert(sources.length > 0, "there is a series to look at");
    [this.low, this.high] = input.range;
    for (let port = this.low; port <= this.high; port += 1) {
      if (input.isReserved(port) || input.isHeld(port)) this.#unusable[port] = 1;
    }
    for (const port of input.nodePorts) this.#isNodePort[port] = 1;
    this.#sources = sources;
    this.#walk = createPortWalk(era, {
      // A boot sets the cursors that matter.
      int32: () => 0,
      below: (bound) => this.#stream.below(bound),
    });
    this.#isWide = era.portWalk === "5.18+";
    this.#isTable = this.#isWide || era.portWalk === "5.12-5.17";
    this.#isResalted = era.portHashIsResalted;
    const destinations = Math.max(...sources.map(({ destination }) => destination)) + 1;
    this.#nextAt = new Float64Array(sources.length);
    this.#epochs = new Float64Array(destinations);
    this.#hashes = new Float64Array(destinations);
    this.#cursors = new Float64Array(destinations);
    this.#isNear = this.#isWide ? nearStarts(input) : new Uint8Array(0);
    this.#near = [...this.#isNear.keys()].filter((start) => this.#isNear[start] === 1);
  }

  /** Whether nothing that happens to the probed destination outlasts its epoch. */
  get isForgetful(): boolean {
    const own = this.#sources.filter(({ destination }) => destination === this.#sources[0]!.destination);
    return this.#isWide && own.every((source) => source.keepsSeconds === 0 && source.failureKeepsSeconds === 0);
  }

  /** Starts a machine anew, by chance of its own: its secret, its cursors, the phases of all that connects. */
  boot(stream: RandomStream): void {
    this.#stream = stream;
    this.#now = 0;
    this.#kept.clear();
    this.#probedEpoch = -1;
    this.weight = 1;
    for (const [place, { every }] of this.#sources.entries()) {
      this.#nextAt[place] =
        "seconds" in every ? this.#stream.uniform() * every.seconds : this.#randomGap(every.perSecond);
    }
    for (let destination = 0; destination < this.#hashes.length; destination += 1) {
      this.#epochs[destination] = 0;
      this.#hashes[destination] = this.#stream.int32() >>> 0;
      const row = this.#rowHash(destination);
      this.#walk.setCursor(row, this.#isTable ? this.#stream.int32() >>> 0 : 0);
    }
  }

  /** Lets all connects come until the next probe of the series. @returns whether it failed: a NodePort, or no port. */
  nextProbe(): boolean {
    for (;;) {
      let next = 0;
      for (let place = 1; place < this.#nextAt.length; place += 1) {
        if (this.#nextAt[place]! < this.#nextAt[next]!) next = place;
      }
      const source = this.#sources[next]!;
      this.#now = this.#nextAt[next]!;
      const { every } = source;
      this.#nextAt[next] = this.#now + ("seconds" in every ? every.seconds : this.#randomGap(every.perSecond));
      const isFailing = this.#connect(source);
      if (next !== 0) continue;
      const epoch = Math.floor(this.#now / EPOCH_SECONDS);
      this.wasFirstOfEpoch = epoch !== this.#probedEpoch;
      this.#probedEpoch = epoch;
      return isFailing;
    }
  }

  /** Lets `seconds` pass. @returns nothing of interest: probes of that time count for nobody. */
  warmUp(seconds: number): void {
    const end = this.#now + seconds;
    while (this.#now < end) this.nextProbe();
  }

  isUsable(port: Port): boolean {
    if (this.#unusable[port] === 1) return false;
    if (this.#kept.size === 0) return true;
    const until = this.#kept.get(this.#destination * 65536 + port);
    return until === undefined || until <= this.#now;
  }

  save(): AllocatorState {
    for (let destination = 0; destination < this.#cursors.length; destination += 1) {
      this.#cursors[destination] = this.#walk.cursorOf(this.#rowHash(destination));
    }
    return {
      now: this.#now,
      nextAt: this.#nextAt.slice(),
      epochs: this.#epochs.slice(),
      hashes: this.#hashes.slice(),
      cursors: this.#cursors.slice(),
      kept: new Map(this.#kept),
      probedEpoch: this.#probedEpoch,
      weight: this.weight,
    };
  }

  restore(state: AllocatorState): void {
    this.#now = state.now;
    this.#nextAt.set(state.nextAt);
    this.#epochs.set(state.epochs);
    this.#hashes.set(state.hashes);
    this.#probedEpoch = state.probedEpoch;
    this.weight = state.weight;
    if (this.#kept.size > 0 || state.kept.size > 0) this.#kept = new Map(state.kept);
    for (let destination = 0; destination < this.#cursors.length; destination += 1) {
      this.#walk.setCursor(this.#rowHash(destination), state.cursors[destination]!);
    }
  }

  #connect({ destination, keepsSeconds, failureKeepsSeconds }: ConnectSource): boolean {
    this.connects += 1;
    this.#destination = destination;
    const epoch = Math.floor(this.#now / EPOCH_SECONDS);
    if (this.#isResalted && this.#epochs[destination] !== epoch) {
      this.#epochs[destination] = epoch;
      this.#hashes[destination] = this.#drawHash(destination);
    }
    this.hashLow = this.#rowHash(destination);
    this.hashHigh = this.#hashes[destination]!;
    const port = this.#walk.search(this);
    if (port < 0) return true;
    const isFailing = this.#isNodePort[port] === 1;
    const keeps = isFailing ? failureKeepsSeconds : keepsSeconds;
    if (keeps > 0) this.#keep(destination * 65536 + port, this.#now + keeps);
    return isFailing;
  }

  /** The hash of a new epoch, which decides where the walk starts. */
  #drawHash(destination: number): number {
    const hash = this.#stream.int32() >>> 0;
    if (this.tilt === Tilt.OFF || this.#near.length === 0 || destination !== this.#sources[0]!.destination) return hash;
    // The hash alone decides, since it also picks another cursor.
    this.#walk.setCursor(this.#rowHash(destination), 0);
    const isChosen = this.#stream.uniform() < TILTED;
    const count = this.#isNear.length;
    const start = isChosen ? this.#near[this.#stream.below(this.#near.length)]! : Math.floor((hash % (2 * count)) / 2);
    const ratio = 1 / (1 - TILTED + (this.#isNear[start] === 1 ? (TILTED * count) / this.#near.length : 0));
    this.weight = this.tilt === Tilt.ONE_EPOCH ? ratio : this.weight * ratio;
    return 2 * start;
  }

  /** What leads to a destination's cursor; on 5.18+ each has one of its own, since the hash also picks the row. */
  #rowHash(destination: number): number {
    return this.#isWide ? destination : this.#hashes[destination]!;
  }

  #keep(tuple: number, until: number): void {
    this.#kept.set(tuple, until);
    if (this.#kept.size < this.#keptMost) return;
    for (const [other, end] of this.#kept) if (end <= this.#now) this.#kept.delete(other);
    this.#keptMost = 2 * this.#kept.size + 64;
  }

  #randomGap(perSecond: number): number {
    return exponential(this.#stream, 1 / perSecond);
  }
}

/** Share of epochs whose start is drawn near a NodePort. */
const TILTED = 0.5;

/** Steps that a connect moves on average without a skip on 5.18+, and at most. */
const STEPS_MEAN = 4.5;
const STEPS_MOST = 8;

/** From this share of all starts on nothing is gained by preferring them. */
const NEAR_SHARE_MOST = 0.25;

/** 1 for each start from which the connects of one epoch may reach a failing start; none at all where these are many. */
function nearStarts(input: AllocatorTrafficInput): Uint8Array {
  const { count, isFailing } = enumerateStarts({ ...input, walk: "5.18+" });
  const own = input.sources.filter(({ destination }) => destination === input.sources[0]!.destination);
  const connects = own.reduce(
    (sum, { every }) =>
      sum + ("seconds" in every ? Math.ceil(EPOCH_SECONDS / every.seconds) : EPOCH_SECONDS * every.perSecond),
    -1,
  );
  const reach = Math.min(count, Math.ceil(STEPS_MEAN * connects) + (connects > 0 ? STEPS_MOST : 0));
  const isNear = new Uint8Array(count);
  for (let start = 0; start < count; start += 1) {
    if (isFailing[start] === 0) continue;
    for (let back = 0; back <= reach; back += 1) isNear[(start - back + count) % count] = 1;
  }
  const near = isNear.reduce((sum, flag) => sum + flag, 0);
  return near > NEAR_SHARE_MOST * count ? new Uint8Array(count) : isNear;
}
