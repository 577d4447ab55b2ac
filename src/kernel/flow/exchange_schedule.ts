import type { EventLoop, EventObserver, HandlerId } from "../../sim/event_loop.ts";
import type { Micros } from "../../units.ts";

/**
 * The events of a connection in the order in which they were scheduled, which decides who comes first of two that fire in
 * one microsecond. Places count from 0; -1 is connect() itself.
 */
export interface ScheduleFacts {
  /** When each one fired, from connect() on. */
  readonly after: readonly Micros[];
  /** In which one it was scheduled. */
  readonly scheduledIn: readonly number[];
  /** In which one the client was told that it is done, and how many that one had scheduled by then. */
  readonly finish: number;
  readonly scheduledBeforeFinish: number;
  /** In which one the client's TIME_WAIT entry began; -1 if none did. */
  readonly wait: number;
}

/** Writes down the events of a connection that goes packet by packet while nothing else is due. */
export class ScheduleRecorder implements EventObserver {
  readonly #loop: EventLoop;
  /** Of whom nothing is written down. */
  readonly #ignored: HandlerId;
  readonly #isWaiting: () => boolean;
  readonly #begins: Micros;
  /** The place in the order of events that was taken last when the connection began. */
  readonly #taken: number;
  /** By event, as they fired: when, its own place in the order, and the one taken last before it fired. */
  readonly #times: Micros[] = [];
  readonly #sequences: number[] = [];
  readonly #takenBefore: number[] = [];
  #finish = -1;
  #takenAtFinish = 0;
  #wait = -1;

  /** Begins now. @param isWaiting whether the client's TIME_WAIT entry has begun. */
  constructor(loop: EventLoop, ignored: HandlerId, isWaiting: () => boolean) {
    this.#loop = loop;
    this.#ignored = ignored;
    this.#isWaiting = isWaiting;
    this.#begins = loop.now;
    this.#taken = loop.lastSequence;
    loop.observer = this;
  }

  fires(handler: HandlerId, sequence: number): void {
    this.#noteWait();
    if (handler === this.#ignored) return;
    this.#times.push(this.#loop.now - this.#begins);
    this.#sequences.push(sequence);
    this.#takenBefore.push(this.#loop.lastSequence);
  }

  /** The client is told that it is done. */
  finish(): void {
    this.#finish = this.#times.length - 1;
    this.#takenAtFinish = this.#loop.lastSequence;
  }

  /** Writes down no more. @returns what has been; `undefined` if an event had been scheduled before the connection began. */
  end(): ScheduleFacts | undefined {
    this.#loop.observer = undefined;
    this.#noteWait();
    const sequences = this.#sequences;
    if (this.#finish < 0 || sequences.some((sequence) => sequence <= this.#taken)) return undefined;
    const fired = [...sequences.keys()].toSorted((a, b) => sequences[a]! - sequences[b]!);
    const parents = fired.map((event) => this.#firedBefore(sequences[event]!));
    const isBeforeFinish = (event: number, place: number): boolean =>
      parents[place] === this.#finish && sequences[event]! <= this.#takenAtFinish;
    return {
      after: fired.map((event) => this.#times[event]!),
      scheduledIn: parents.map((parent) => fired.indexOf(parent)),
      finish: fired.indexOf(this.#finish),
      scheduledBeforeFinish: fired.filter(isBeforeFinish).length,
      wait: fired.indexOf(this.#wait),
    };
  }

  /** The last event that fired before a place in the order was taken, so the one in which it was. */
  #firedBefore(sequence: number): number {
    return this.#takenBefore.findLastIndex((taken) => taken < sequence);
  }

  /** An entry that has begun did so in the last event that fired. */
  #noteWait(): void {
    if (this.#wait < 0 && this.#isWaiting()) this.#wait = this.#times.length - 1;
  }
}

/** Bits that the number of an event has in one that goes by an `ExchangeSchedule`. */
export const EVENT_BITS = 6;
/** Events of such a connection at most. */
export const EVENTS_MOST = 1 << EVENT_BITS;

/** A `ScheduleFacts` as one who goes through it wants it. */
export class ExchangeSchedule {
  readonly after: Int32Array;
  readonly finish: number;
  readonly wait: number;
  /** By event + 1 the first one that was scheduled in it, and the one behind the last: they lie together. */
  readonly #first: Int32Array;
  readonly #end: Int32Array;
  /** The first one that `finish` schedules after the client was told. */
  readonly #afterFinish: number;

  constructor({ after, scheduledIn, finish, scheduledBeforeFinish, wait }: ScheduleFacts) {
    this.after = Int32Array.from(after);
    this.finish = finish;
    this.wait = wait;
    this.#first = new Int32Array(after.length + 1);
    this.#end = new Int32Array(after.length + 1);
    for (const [event, parent] of scheduledIn.entries()) {
      if (this.#end[parent + 1] === 0) this.#first[parent + 1] = event;
      this.#end[parent + 1] = event + 1;
    }
    this.#afterFinish = this.firstOf(finish) + scheduledBeforeFinish;
  }

  get count(): number {
    return this.after.length;
  }

  /** The first event that is scheduled in `event`, or in connect() for -1. */
  firstOf(event: number): number {
    return this.#first[event + 1]!;
  }

  /** The one behind the last of them. */
  endOf(event: number): number {
    return this.#end[event + 1]!;
  }

  /** The first of them that is scheduled after the client was told; that behind the last where it is not told in `event`. */
  afterFinishOf(event: number): number {
    return event === this.finish ? this.#afterFinish : this.endOf(event);
  }
}
