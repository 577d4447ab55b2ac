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

/** Who hears of the events of others in which packets may be sent: of the moment before each, and of the one behind it. */
export interface OtherEvents {
  begin: () => void;
  end: () => void;
}

/**
 * Who hears that connect() is over, or an event of the connection's own that fired at this time.
 *
 * @returns whether the client's TIME_WAIT entry has begun.
 */
export type OwnEnds = (time: Micros) => boolean;

/**
 * Writes down the events of a connection that goes packet by packet, beside which others may begin, go on or end
 * (`Overlap`) and nothing else may happen. An event is the connection's own if connect() scheduled it, or another one of its
 * own did.
 */
export class ScheduleRecorder implements EventObserver {
  readonly #loop: EventLoop;
  /** Whose events are never its own. */
  readonly #others: readonly HandlerId[];
  readonly #ownEnds: OwnEnds;
  readonly #otherEvents: OtherEvents;
  readonly #begins: Micros;
  /** The places in the order of events that connect() has taken come after this one. */
  readonly #taken: number;
  /** By event of its own, as they fired: when, its own place in the order, and the last one taken before it fired and after it. */
  readonly #times: Micros[] = [];
  readonly #sequences: number[] = [];
  readonly #takenBefore: number[] = [];
  readonly #takenAfter: number[] = [];
  /** The last place that connect() has taken; -1 as long as no event has fired. */
  #takenByConnect = -1;
  /** Whether the event that fired last is its own, and how many had fired before that one. */
  #isOwn = false;
  /** Whether the end of the one that fires now is to be told to `#otherEvents`. */
  #isTold = false;
  #firedBefore = 0;
  #events = 0;
  #finish = -1;
  #takenAtFinish = 0;
  #wait = -1;
  #isDisturbed = false;

  /** Begins now. */
  // oxlint-disable-next-line max-params -- made once per connection that is watched
  constructor(loop: EventLoop, others: readonly HandlerId[], ownEnds: OwnEnds, otherEvents: OtherEvents) {
    this.#loop = loop;
    this.#otherEvents = otherEvents;
    this.#others = others;
    this.#ownEnds = ownEnds;
    this.#begins = loop.now;
    this.#taken = loop.lastSequence;
    loop.observer = this;
  }

  fires(handler: HandlerId, sequence: number): void {
    this.#endLast();
    this.#isOwn = !this.#others.includes(handler) && this.#isOfOwn(sequence);
    if (!this.#isOwn) {
      const does = this.#loop.overlapOf(handler);
      if (does === undefined) this.#isDisturbed = true;
      if (does === "goes on") this.#tell();
      return;
    }
    this.#times.push(this.#loop.now - this.#begins);
    this.#sequences.push(sequence);
    this.#takenBefore.push(this.#loop.lastSequence);
    this.#firedBefore = this.#loop.fired;
  }

  /** The client is told that it is done. */
  finish(): void {
    this.#finish = this.#times.length - 1;
    this.#takenAtFinish = this.#loop.lastSequence;
  }

  /** Another connection begins now, whose packets are sent. @returns whether its event has been told of only now. */
  join(): boolean {
    // In one of its own events nobody could tell the one from the other.
    if (this.#isOwn || this.#takenByConnect < 0) this.#isDisturbed = true;
    if (this.#isDisturbed || this.#isTold) return false;
    this.#tell();
    return true;
  }

  /** Something happens now of which there is no telling whose it is. */
  disturb(): void {
    this.#isDisturbed = true;
  }

  /** Whether something has happened that may have made a difference. */
  get isDisturbed(): boolean {
    return this.#isDisturbed;
  }

  /** Its own events so far, timers left out that had been cancelled. */
  get events(): number {
    return this.#events;
  }

  /** Writes down no more. @returns what has been; `undefined` if the client was told nothing. */
  end(): ScheduleFacts | undefined {
    this.#loop.observer = undefined;
    this.#endLast();
    const sequences = this.#sequences;
    if (this.#finish < 0) return undefined;
    const fired = [...sequences.keys()].toSorted((a, b) => sequences[a]! - sequences[b]!);
    const parents = fired.map((event) => this.#scheduledIn(sequences[event]!));
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

  #tell(): void {
    this.#isTold = true;
    this.#otherEvents.begin();
  }

  /** The event that fired last is over. */
  #endLast(): void {
    if (this.#takenByConnect < 0) {
      this.#takenByConnect = this.#loop.lastSequence;
      this.#ownEnds(this.#begins);
    }
    if (this.#isTold) {
      this.#isTold = false;
      this.#otherEvents.end();
    }
    if (!this.#isOwn) return;
    this.#isOwn = false;
    this.#takenAfter.push(this.#loop.lastSequence);
    this.#events += this.#loop.fired - this.#firedBefore;
    const isWaiting = this.#ownEnds(this.#begins + this.#times.at(-1)!);
    if (this.#wait < 0 && isWaiting) this.#wait = this.#times.length - 1;
  }

  /** Whether a place in the order was taken by connect() or in an event of the connection's own. */
  #isOfOwn(sequence: number): boolean {
    const event = this.#scheduledIn(sequence);
    const [first, last] =
      event < 0 ? [this.#taken, this.#takenByConnect] : [this.#takenBefore[event]!, this.#takenAfter[event]!];
    return sequence > first && sequence <= last;
  }

  /** The last event that fired before a place in the order was taken. */
  #scheduledIn(sequence: number): number {
    return this.#takenBefore.findLastIndex((taken) => taken < sequence);
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
