import type { Micros } from "../units.ts";
import type { EventLoop, HandlerId, Overlap } from "./event_loop.ts";

/** What a timer column asks of its owner. */
export interface TimerColumnOwner {
  /** Whether the timer armed for `slot` under `generation` still stands; a cancelled timer is simply not live. */
  isLive(slot: number, generation: number): boolean;
  /** The timer of `slot` runs out. */
  fire(slot: number): void;
}

/**
 * Timers of one fixed length, first in, first out: they need no queue, since the one armed first is due first. Only the
 * oldest live one stands in the event loop, with the sequence it took when it was armed, so the order of all events is
 * the same as if each stood there. Arming is O(1), and when a timer is due is only asked once it is the oldest; cancelling
 * costs nothing; a dead timer is dropped when it is reached, and counts as no event.
 */
export class TimerColumn {
  readonly #loop: EventLoop;
  readonly #owner: TimerColumnOwner;
  readonly #handler: HandlerId;
  /** How long all of them take, or -1 if `#dueOf` says when one is due. */
  readonly #length: Micros;
  readonly #dueOf: (armedAt: Micros) => Micros;
  #armedAt = new Float64Array(64);
  #sequences = new Float64Array(64);
  #slots = new Int32Array(64);
  #generations = new Int32Array(64);
  #head = 0;
  #count = 0;
  #isArmed = false;

  /** @param length of each timer, or when one fires that was armed at `armedAt`: never earlier than one armed before it. */
  // oxlint-disable-next-line max-params -- made once per kind of timer
  constructor(loop: EventLoop, name: string, length: Micros | ((armedAt: Micros) => Micros), owner: TimerColumnOwner) {
    this.#loop = loop;
    this.#length = typeof length === "number" ? length : -1;
    this.#dueOf = typeof length === "number" ? (armedAt) => armedAt + length : length;
    this.#owner = owner;
    this.#handler = loop.handler(name, () => this.#fireHead());
    loop.addStore(this);
  }

  /** See `EventLoop.letOverlap`. */
  letOverlap(does: Overlap): void {
    this.#loop.letOverlap(this.#handler, does);
  }

  /** Timers that there is room for before dead ones are dropped. */
  get capacity(): number {
    return this.#armedAt.length;
  }

  /** Arms a timer now. */
  arm(slot: number, generation: number): void {
    if (this.#count === this.#armedAt.length) this.#makeRoom();
    const row = (this.#head + this.#count) & (this.#armedAt.length - 1);
    this.#armedAt[row] = this.#loop.now;
    this.#sequences[row] = this.#loop.takeSequence();
    this.#slots[row] = slot;
    this.#generations[row] = generation;
    this.#count += 1;
    if (!this.#isArmed) this.#armHead();
  }

  /** What does not hold: the timers stand in the order of their arming, the next one is in the queue, and no live one is overdue. */
  *broken(pending: ReadonlyMap<HandlerId, number>): Generator<string> {
    const name = this.#loop.nameOf(this.#handler);
    const events = pending.get(this.#handler) ?? 0;
    const expected = this.#count > 0 ? 1 : 0;
    if (events !== expected)
      yield `a column has its next timer in the queue: "${name}" has ${this.#count} timers and ${events} events there`;
    let before = -1;
    let hasLive = false;
    for (let index = 0; index < this.#count; index += 1) {
      const row = (this.#head + index) & (this.#armedAt.length - 1);
      if (this.#sequences[row]! <= before)
        yield `timers of a column stand in the order of arming: those of "${name}" do not`;
      before = this.#sequences[row]!;
      if (hasLive || !this.#owner.isLive(this.#slots[row]!, this.#generations[row]!)) continue;
      hasLive = true;
      const due = this.#dueOf(this.#armedAt[row]!);
      if (due < this.#loop.now)
        yield `no timer is overdue: one of "${name}" was due at ${due} us, now is ${this.#loop.now} us`;
    }
  }

  #fireHead(): void {
    this.#isArmed = false;
    const slot = this.#slots[this.#head]!;
    const isLive = this.#owner.isLive(slot, this.#generations[this.#head]!);
    this.#dropHead();
    // The next one first: who is woken may ask what is due.
    this.#armHead();
    if (isLive) this.#owner.fire(slot);
    else this.#loop.countEvents(-1);
  }

  #armHead(): void {
    while (this.#count > 0 && !this.#owner.isLive(this.#slots[this.#head]!, this.#generations[this.#head]!)) {
      this.#dropHead();
    }
    if (this.#count === 0) return;
    this.#isArmed = true;
    const armedAt = this.#armedAt[this.#head]!;
    const due = this.#length >= 0 ? armedAt + this.#length : this.#dueOf(armedAt);
    this.#loop.atSequence(due, this.#sequences[this.#head]!, this.#handler, 0);
  }

  #dropHead(): void {
    this.#head = (this.#head + 1) & (this.#armedAt.length - 1);
    this.#count -= 1;
  }

  /** Drops the dead timers, of which there may be many behind a live one; grows if half the room is still taken. */
  #makeRoom(): void {
    const mask = this.#armedAt.length - 1;
    const count = this.#count;
    this.#count = 0;
    for (let index = 0; index < count; index += 1) {
      const from = (this.#head + index) & mask;
      const isInLoop = index === 0 && this.#isArmed;
      if (!isInLoop && !this.#owner.isLive(this.#slots[from]!, this.#generations[from]!)) continue;
      const to = (this.#head + this.#count) & mask;
      this.#armedAt[to] = this.#armedAt[from]!;
      this.#sequences[to] = this.#sequences[from]!;
      this.#slots[to] = this.#slots[from]!;
      this.#generations[to] = this.#generations[from]!;
      this.#count += 1;
    }
    if (2 * this.#count > this.#armedAt.length) this.#grow();
  }

  #grow(): void {
    const capacity = this.#armedAt.length;
    const armedAt = new Float64Array(capacity * 2);
    const sequences = new Float64Array(capacity * 2);
    const slots = new Int32Array(capacity * 2);
    const generations = new Int32Array(capacity * 2);
    for (let index = 0; index < this.#count; index += 1) {
      const row = (this.#head + index) & (capacity - 1);
      armedAt[index] = this.#armedAt[row]!;
      sequences[index] = this.#sequences[row]!;
      slots[index] = this.#slots[row]!;
      generations[index] = this.#generations[row]!;
    }
    this.#armedAt = armedAt;
    this.#sequences = sequences;
    this.#slots = slots;
    this.#generations = generations;
    this.#head = 0;
  }
}
