import type { EventLoop, HandlerId } from "../../sim/event_loop.ts";
import { longerFloat64 } from "../columns.ts";
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

  /** @param kill destroys an entry whose time is over. */
  constructor(loop: EventLoop, table: ConntrackTable, kill: (slot: number) => void) {
    this.#loop = loop;
    this.#table = table;
    this.#handler = loop.handler("conntrack/timer", (slot) => {
      // An earlier event has taken this one's place, and may have fired.
      if (this.#due[slot] !== loop.now) return;
      this.#due[slot] = Infinity;
      if (!table.isUsed(slot) || !table.has(slot, CtStatus.CONFIRMED)) return;
      if (table.expires(slot) <= loop.now) kill(slot);
      else this.arm(slot);
    });
  }

  /** A confirmed entry has a new moment of expiry. */
  arm(slot: number): void {
    while (slot >= this.#due.length) {
      const length = this.#due.length;
      this.#due = longerFloat64(this.#due, 2 * length).fill(Infinity, length);
    }
    const expires = this.#table.expires(slot);
    if (expires >= this.#due[slot]!) return;
    this.#due[slot] = expires;
    this.#loop.at(expires, this.#handler, slot);
  }
}
