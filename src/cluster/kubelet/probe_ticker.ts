import type { EventLoop } from "../../sim/event_loop.ts";
import { TimerColumn, type TimerColumnOwner } from "../../sim/timer_column.ts";
import type { Micros } from "../../units.ts";

/** Whom a ticker wakes. */
export interface ProbeTicked {
  tick(): void;
}

/**
 * Lets the probe workers of one period tick. Their ticks come in the order in which they were asked for, so that of
 * hundreds of workers one event stands in the queue.
 */
export class ProbeTicker implements TimerColumnOwner {
  /** Between two ticks of a worker. */
  readonly period: Micros;
  readonly #workers: ProbeTicked[] = [];
  readonly #column: TimerColumn;

  constructor(loop: EventLoop, period: Micros) {
    this.period = period;
    this.#column = new TimerColumn(loop, `kubelet/ticks/${period}us`, period, this);
    this.#column.letOverlap("begins");
  }

  /** Makes a worker known. @returns its number. */
  add(worker: ProbeTicked): number {
    return this.#workers.push(worker) - 1;
  }

  /** Lets a worker tick once, a period from now. */
  arm(number: number): void {
    this.#column.arm(number, 0);
  }

  /** No tick is taken back: a worker that has stopped does nothing at its last one. */
  isLive(): boolean {
    return true;
  }

  fire(number: number): void {
    this.#workers[number]!.tick();
  }
}
