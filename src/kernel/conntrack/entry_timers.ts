import type { EventLoop, HandlerId } from "../../sim/event_loop.ts";
import type { Micros } from "../../units.ts";
import { longerFloat64 } from "../../sim/columns.ts";
import type { ConntrackTable } from "./conntrack_table.ts";
import { CtStatus } from "./ct_status.ts";

/**
 * The timers that entries have on kernels without a garbage collector: an entry is gone from table and count at the
 * moment it expires. Each entry has one event in the loop; one that was put off is found out when that event fires.
 *
 * Source: net/netfilter/nf_conntrack_core.c death_by_timeout, __nf_ct_refresh_acct, v4.8.
 * Not modelled: the tick that such a timer waits for, and that a refresh by less than a second is passed over.
 */
export class EntryTimers {
  readonly #loop: EventLoop;
  readonly #table: ConntrackTable;
  readonly #handler: HandlerId;
  /** When the event of a slot fires; `Infinity` if none is due. */
  #due = new Float64Array(1024).fill(Infinity);
  #fired = 0;

  /** @param kill destroys an entry whose time is over. */
  constructor(loop: EventLoop, table: ConntrackTable, kill: (slot: number) => void) {
    this.#loop = loop;
    this.#table = table;
    this.#handler = loop.handler("conntrack/timer", (slot) => {
      const isDue = this.#due[slot] === loop.now;
      if (isDue) this.#due[slot] = Infinity;
      const isThere = isDue && table.isUsed(slot) && table.has(slot, CtStatus.CONFIRMED);
      if (isThere && table.expires(slot) <= loop.now) {
        kill(slot);
        this.#fired += 1;
        return;
      }
      // Another event has taken this one's place, the entry is gone, or its end was put off: nothing happens.
      loop.countEvents(-1);
      if (isThere) this.arm(slot);
    });
    loop.letOverlap(this.#handler, "ends");
  }

  /** Entries that their timers have taken out so far. */
  get fired(): number {
    return this.#fired;
  }

  /** An entry comes to its slot, of whose former entry an event may still be due. @param time when its own fires. */
  start(slot: number, time: Micros): void {
    while (slot >= this.#due.length) {
      const length = this.#due.length;
      this.#due = longerFloat64(this.#due, 2 * length).fill(Infinity, length);
    }
    this.#due[slot] = time;
    this.#loop.at(time, this.#handler, slot);
  }

  /** A confirmed entry has a new moment of expiry. */
  arm(slot: number): void {
    const time = this.#table.expires(slot);
    if (time < this.#due[slot]!) this.start(slot, time);
  }

  /** When the event of an entry fires; `Infinity` if none is due. */
  dueOf(slot: number): Micros {
    return this.#due[slot] ?? Infinity;
  }
}
