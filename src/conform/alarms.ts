import type { EventLoop, HandlerId } from "../sim/event_loop.ts";
import type { Micros } from "../units.ts";

/** Calls of user space at given moments: what the scripts of a recording do, on time and to the microsecond. */
export class Alarms {
  readonly #loop: EventLoop;
  readonly #handler: HandlerId;
  readonly #calls = new Map<number, () => void>();
  #next = 0;

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.#handler = loop.handler("conform/alarm", (number) => this.#ring(number));
  }

  /** Has `call` made at a moment that is not over. @returns a number to cancel it by. */
  at(time: Micros, call: () => void): number {
    const number = this.#next;
    this.#next += 1;
    this.#calls.set(number, call);
    this.#loop.at(time, this.#handler, number);
    return number;
  }

  /** Has `call` made after a delay, 0 or more. */
  after(delay: Micros, call: () => void): number {
    return this.at(this.#loop.now + delay, call);
  }

  /** The call is not made any more; one that was made already is no error. */
  cancel(number: number): void {
    this.#calls.delete(number);
  }

  #ring(number: number): void {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    call?.();
  }
}
