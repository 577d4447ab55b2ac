import type { Micros } from "../units.ts";
import { assert } from "./assert.ts";
import { EventLoop, type Handler, type HandlerId, type PendingEvent } from "./event_loop.ts";

/**
 * An event loop that keeps a plain sorted list beside its queue and its columns, and asserts that each event
 * that fires is the first of the list. It fires the same events in the same order, slowly: O(n) in the events to come.
 */
export class CheckedLoop extends EventLoop {
  /** What is called after each event, when its handler has run to completion. */
  afterEach: (() => void) | undefined = undefined;
  /** The events to come, the next one last. */
  readonly #expected: PendingEvent[] = [];
  /** The place in the order that was taken last. */
  #taken = 0;
  #isListed = false;

  override handler(name: string, handler: Handler): HandlerId {
    const id: HandlerId = super.handler(name, (argument) => {
      this.#fires(id, argument);
      handler(argument);
      this.afterEach?.();
    });
    return id;
  }

  override after(delay: Micros, handler: HandlerId, argument: number): void {
    const sequence = this.#taken + 1;
    const time = this.now + delay;
    this.#isListed = false;
    super.after(delay, handler, argument);
    this.#taken = sequence;
    if (!this.#isListed) this.#list({ time, sequence, handler, argument });
  }

  override takeSequence(): number {
    this.#taken += 1;
    const sequence = super.takeSequence();
    assert(
      sequence === this.#taken,
      `places in the order are taken one by one: ${sequence} came after ${this.#taken - 1}`,
    );
    return sequence;
  }

  override atSequence(time: Micros, sequence: number, handler: HandlerId, argument: number): void {
    super.atSequence(time, sequence, handler, argument);
    this.#isListed = true;
    this.#list({ time, sequence, handler, argument });
  }

  override *broken(): Generator<string> {
    yield* super.broken();
    const pending = [...this.pending()].toSorted((a, b) => (isBefore(a, b) ? 1 : -1));
    const isSame =
      pending.length === this.#expected.length && pending.every((event, at) => isSameEvent(event, this.#expected[at]!));
    if (!isSame)
      yield `the events to come are those that were scheduled: there are ${pending.length}, of ${this.#expected.length}`;
  }

  #fires(handler: HandlerId, argument: number): void {
    const next = this.#expected.pop();
    const fired = `"${this.nameOf(handler)}" (${argument}) at ${this.now} us`;
    assert(next !== undefined, `an event that fires was scheduled: ${fired} was not`);
    assert(
      next.time === this.now && next.handler === handler && next.argument === argument,
      `events fire in order of time and sequence: ${fired} fires before "${this.nameOf(next.handler)}" (${next.argument}) at ${next.time} us`,
    );
  }

  /** Puts an event behind all that come later, with a search from the end, where most belong. */
  #list(event: PendingEvent): void {
    assert(
      event.argument === (event.argument | 0),
      `an argument is a 32-bit integer: that of "${this.nameOf(event.handler)}" is ${event.argument}`,
    );
    let place = this.#expected.length;
    while (place > 0 && isBefore(this.#expected[place - 1]!, event)) place -= 1;
    this.#expected.splice(place, 0, event);
  }
}

function isBefore(a: PendingEvent, b: PendingEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

function isSameEvent(a: PendingEvent, b: PendingEvent): boolean {
  return a.time === b.time && a.sequence === b.sequence && a.handler === b.handler && a.argument === b.argument;
}
