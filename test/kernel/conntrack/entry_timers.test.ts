import { describe, expect, it } from "vitest";
import { ConntrackTable } from "../../../src/kernel/conntrack/conntrack_table.ts";
import { CtStatus } from "../../../src/kernel/conntrack/ct_status.ts";
import { EntryTimers } from "../../../src/kernel/conntrack/entry_timers.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { EventLoop } from "../../../src/sim/event_loop.ts";

/** A table with timers, and when each has killed an entry. */
function bench(): {
  loop: EventLoop;
  table: ConntrackTable;
  timers: EntryTimers;
  killed: number[];
  add: (expires: number) => number;
} {
  const loop = new EventLoop();
  const table = new ConntrackTable(1024);
  const killed: number[] = [];
  const timers = new EntryTimers(loop, table, (slot) => {
    killed.push(loop.now);
    table.remove(slot);
    table.free(slot);
  });
  const add = (expires: number): number => {
    const slot = table.allocate();
    table.setProtocol(slot, Protocol.TCP);
    table.setOriginal(slot, 1, 2, 3);
    table.set(slot, CtStatus.CONFIRMED);
    table.setExpires(slot, expires);
    table.insert(slot);
    timers.start(slot, expires);
    return slot;
  };
  return { loop, table, timers, killed, add };
}

describe("EntryTimers", () => {
  it("kills an entry at the moment at which it expires, a later one if it was put off, an earlier one if it was brought forward", () => {
    for (const renewed of [5000, 500]) {
      const { loop, table, timers, killed, add } = bench();
      const slot = add(1000);
      table.setExpires(slot, renewed);
      timers.arm(slot);
      loop.runUntil(10_000);
      expect(killed).toEqual([renewed]);
    }
  });

  it("does not take the event of a slot's former entry for that of the entry that has come there", () => {
    const { loop, table, timers, killed, add } = bench();
    const former = add(1000);
    table.remove(former);
    table.free(former);
    const slot = add(5000);
    expect(slot).toBe(former);
    expect(timers.dueOf(slot)).toBe(5000);
    loop.runUntil(10_000);
    expect(killed).toEqual([5000]);
    expect(timers.fired).toBe(1);
  });
});
