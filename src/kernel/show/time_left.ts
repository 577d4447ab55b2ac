import type { Micros } from "../../units.ts";
import type { Machine } from "../machine.ts";

/** Milliseconds from now to a moment, in whole ticks as the kernel counts them; 0 if it has passed. */
export function millisecondsLeft({ jiffies, loop }: Machine, due: Micros): number {
  const ticks = jiffies.at(due) - jiffies.at(loop.now);
  return Math.max(0, Math.floor((ticks * 1000) / jiffies.hz));
}

/** Whole seconds from now to a moment; 0 if it has passed. */
export function secondsLeft(machine: Machine, due: Micros): number {
  return Math.floor(millisecondsLeft(machine, due) / 1000);
}
