import type { Micros } from "../units.ts";
import { assert } from "./assert.ts";
import { longerUint8 } from "./columns.ts";
import { DOUBLE_ZERO } from "./double_zero.ts";
import { Fingerprint } from "./fingerprint.ts";
import { TimerQueue } from "./timer_queue.ts";

/** What the loop calls: the argument is mostly the row of a table. It runs to completion. */
export type Handler = (argument: number) => void;

/** An event that has not fired yet. */
export interface PendingEvent {
  readonly time: Micros;
  readonly sequence: number;
  readonly handler: HandlerId;
  readonly argument: number;
}

/** The event that ended in an error: the name of its handler, and its argument. */
export interface BrokenEvent {
  readonly handler: string;
  readonly argument: number;
}

/** A part that keeps events of its own beside the queue and can say what is wrong with them. */
export interface EventStore {
  /**
   * What does not hold, one sentence each; nothing in a sound part. It changes nothing.
   *
   * @param pending how many events of each handler are in the queue.
   */
  broken(pending: ReadonlyMap<HandlerId, number>): Iterable<string>;
}

/** Hears of each event right before it fires; it must not change anything. */
export interface EventObserver {
  /** @param sequence the event's place in the order, taken when it was scheduled. */
  fires(handler: HandlerId, sequence: number): void;
}

/** Names a registered handler; made by `EventLoop.handler`. */
export type HandlerId = number & { readonly unit?: "HandlerId" };

/**
 * What events of a handler do that may fall into what others do at once. They neither read nor change what those have
 * under way, and
 *
 * - `begins` does nothing by itself but begin something, and who begins that hears of it;
 * - `goes on` does the next step of something;
 * - `ends` takes something of its own away, which nobody has under way. It was scheduled long before.
 */
export type Overlap = "begins" | "goes on" | "ends";

/** Bits, of which a handler has one at most. */
const OVERLAP = { begins: 1, "goes on": 2, ends: 4 } as const satisfies Record<Overlap, number>;
const OVERLAPS: readonly (Overlap | undefined)[] = [undefined, "begins", "goes on", undefined, "ends"];

/** A run whose clock has not moved for so many events goes round in circles. */
const EVENTS_BETWEEN_CHECKS = 10_000_000;

/**
 * The clock and the order of all that happens. Events fire in order of (time, sequence), the sequence being the order
 * in which they were scheduled; `now` never goes back.
 */
export class EventLoop {
  #now: Micros = DOUBLE_ZERO;
  /** Where the present call of `runUntil` ends. */
  #end: Micros = -Infinity;
  #sequence = 0;
  #fired = 0;
  #told = 0;
  readonly #queue = new TimerQueue();
  readonly #handlers: Handler[] = [];
  readonly #names: string[] = [];
  readonly #stores: EventStore[] = [];
  /** By handler a bit of `OVERLAP`, 0 if its events may not fall into what others do at once. */
  #overlaps = new Uint8Array(64);
  #isTraced = false;
  #observer: EventObserver | undefined = undefined;
  /** Whether anybody wants to know of each event: the fingerprint or the observer. */
  #isWatched = false;
  /** When so many events have fired the clock must have moved on from `#checkedAt`. */
  #nextCheck = EVENTS_BETWEEN_CHECKS;
  #checkedAt: Micros = -Infinity;
  readonly #fingerprint = new Fingerprint();
  #broken: BrokenEvent | undefined = undefined;

  /** Microseconds since the start of the run. */
  get now(): Micros {
    return this.#now;
  }

  /** The event that ended in an error; `undefined` as long as none did. */
  get brokenEvent(): BrokenEvent | undefined {
    return this.#broken;
  }

  /** Events so far: those that were fired, but for cancelled timers, and those that were told by `countEvents`. */
  get fired(): number {
    return this.#fired + this.#told;
  }

  /** Counts events that took place without being fired, or, when negative, that were fired for nothing. */
  countEvents(count: number): void {
    this.#told += count;
  }

  /** When the next event is due: Infinity if none is. */
  get next(): Micros {
    return this.#queue.earliestTime;
  }

  /** Whether nothing is due up to and including `time`, nor the run's end. */
  isQuietUntil(time: Micros): boolean {
    return time < this.#end && time < this.#queue.earliestTime;
  }

  /** The same, but for events that end something (see `Overlap`). */
  isSettlingUntil(time: Micros): boolean {
    if (time >= this.#end) return false;
    return time < this.#queue.earliestTime || this.#queue.hasOnly(this.#overlaps, OVERLAP.ends, time);
  }

  /**
   * Whether all that is due up to and including `time` may overlap with what takes until then, and the run does not end before.
   *
   * @param mayEnd whether events that end something may, too.
   */
  isOverlappingUntil(time: Micros, mayEnd: boolean): boolean {
    const mask = OVERLAP.begins | OVERLAP["goes on"] | (mayEnd ? OVERLAP.ends : 0);
    return time < this.#end && this.#queue.hasOnly(this.#overlaps, mask, time);
  }

  /** The same, and all that is due only begins or ends something. */
  isBeginningUntil(time: Micros): boolean {
    return time < this.#end && this.#queue.hasOnly(this.#overlaps, OVERLAP.begins | OVERLAP.ends, time);
  }

  /** Lets events of a handler fall into what others do at once. */
  letOverlap(handler: HandlerId, does: Overlap): void {
    if (handler >= this.#overlaps.length) this.#overlaps = longerUint8(this.#overlaps, 2 * handler);
    this.#overlaps[handler] = OVERLAP[does];
  }

  /** What was said of a handler with `letOverlap`, if anything was. */
  overlapOf(handler: HandlerId): Overlap | undefined {
    const bit = this.#overlaps[handler] ?? 0;
    return bit === 0 ? undefined : OVERLAPS[bit];
  }

  /** The place in the order of events that was taken last. */
  get lastSequence(): number {
    return this.#sequence;
  }

  /** Who hears of each event before it fires, if anybody does: one at a time. */
  set observer(observer: EventObserver | undefined) {
    this.#observer = observer;
    this.#isWatched = this.#isTraced || observer !== undefined;
  }

  /** Moves the clock over a span in which nothing is due, for one who does at once what would take that long. */
  advanceTo(time: Micros): void {
    assert(time >= this.#now && this.isQuietUntil(time), "the clock only jumps over what is quiet");
    this.#now = time;
  }

  /** Moves the clock over a span in which things only end, for the same one: they end meanwhile, each at its time. */
  settleUntil(time: Micros): void {
    assert(time >= this.#now && this.isSettlingUntil(time), "the clock only jumps over what ends by itself");
    this.#fireUntil(time);
    this.#now = time;
  }

  /** Registers a handler under a name; do it once per kind of event, not per entity. */
  handler(name: string, handler: Handler): HandlerId {
    this.#handlers.push(handler);
    this.#names.push(name);
    return this.#handlers.length - 1;
  }

  /** The name a handler was registered under. */
  nameOf(handler: HandlerId): string {
    return this.#names[handler] ?? "unknown handler";
  }

  /** Schedules `handler(argument)` at `time`, which must not lie in the past. */
  at(time: Micros, handler: HandlerId, argument: number): void {
    this.atSequence(time, this.takeSequence(), handler, argument);
  }

  /** Schedules `handler(argument)` in `delay` microseconds (0 or more). */
  after(delay: Micros, handler: HandlerId, argument: number): void {
    assert(delay >= 0, "an event is never scheduled in the past");
    this.#sequence += 1;
    this.#queue.push(this.#now + delay, this.#sequence, handler, argument);
  }

  /** All events that have not fired yet, in no order; those of timer columns only if they are the next of their column. */
  *pending(): Generator<PendingEvent> {
    yield* this.#queue.rows();
  }

  /** Makes known a part that keeps events of its own. */
  addStore(store: EventStore): void {
    this.#stores.push(store);
  }

  /** What does not hold of the events to come, one sentence each. It changes nothing. */
  *broken(): Generator<string> {
    if (!this.#queue.isOrdered()) yield "the queue's earliest event comes first: its rows are out of order";
    const pending = new Map<HandlerId, number>();
    for (const { time, sequence, handler } of this.pending()) {
      pending.set(handler, (pending.get(handler) ?? 0) + 1);
      const name = this.#names[handler];
      if (name === undefined) yield `each event has a handler: one at ${time} us names number ${handler}`;
      else if (!(time >= this.#now))
        yield `no event is overdue: "${name}" is due at ${time} us, now is ${this.#now} us`;
      if (sequence > this.#sequence) yield `each event has taken a place in the order: one at ${time} us has not`;
    }
    for (const store of this.#stores) yield* store.broken(pending);
  }

  /** Takes the next place in the order of events, for an event that is handed to the queue later (timer columns). */
  takeSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** Schedules an event whose place in the order was taken earlier with `takeSequence`. */
  atSequence(time: Micros, sequence: number, handler: HandlerId, argument: number): void {
    assert(time >= this.#now, "an event is never scheduled in the past");
    this.#queue.push(time, sequence, handler, argument);
  }

  /**
   * Fires all events up to and including `end`, then sets the clock to `end`. Calling it in slices equals one call.
   * Between 10 and 20 million events at one microsecond are a broken invariant: handlers that schedule each other
   * without a delay would never come to an end.
   */
  runUntil(end: Micros): void {
    assert(end >= this.#now, "time never goes back");
    this.#end = end;
    this.#fireUntil(end);
    this.#now = end;
  }

  #fireUntil(end: Micros): void {
    const queue = this.#queue;
    let handler: HandlerId = -1;
    let argument = 0;
    try {
      for (;;) {
        const time = queue.earliestTime;
        if (time > end || time === Infinity) return;
        this.#now = time;
        handler = queue.earliestHandler;
        argument = queue.earliestArgument;
        if (this.#isWatched) this.#tellOf(handler, argument);
        queue.pop();
        this.#fired += 1;
        if (this.#fired === this.#nextCheck) this.#checkThatTimeMoves(handler);
        this.#handlers[handler]!(argument);
      }
    } catch (error) {
      // To remember the event before each one fires would cost every event.
      this.#broken ??= { handler: this.nameOf(handler), argument };
      throw error;
    }
  }

  #checkThatTimeMoves(handler: HandlerId): void {
    const last = this.nameOf(handler);
    assert(
      this.#now > this.#checkedAt,
      `time moves on: after ${EVENTS_BETWEEN_CHECKS} events it is still ${this.#now} us, the last one of "${last}"`,
    );
    this.#checkedAt = this.#now;
    this.#nextCheck += EVENTS_BETWEEN_CHECKS;
  }

  /** Starts the event fingerprint: from now on it covers every fired (time, handler, argument). */
  traceEvents(): void {
    this.#isTraced = true;
    this.#isWatched = true;
  }

  /** The event fingerprint, for debugging and run-twice tests; all of it only if `traceEvents` came first. */
  eventFingerprint(): string {
    return this.#fingerprint.hex();
  }

  /** Tells of the earliest event, which is about to fire. */
  #tellOf(handler: number, argument: number): void {
    this.#observer?.fires(handler, this.#queue.earliestSequence);
    if (!this.#isTraced) return;
    this.#fingerprint.addWide(this.#now);
    this.#fingerprint.add(handler);
    this.#fingerprint.add(argument);
  }
}
