import { formatCount, formatSpan } from "../../report/number_text.ts";
import type { RunProgress } from "../../study/run_study.ts";
import { SECOND } from "../../units.ts";
import type { TextOutput } from "./cli_io.ts";

/** The shortest time between two drawings, in milliseconds: more often than that nobody reads. */
const REDRAW_MS = 100;

/** One line at the bottom of a terminal that says how far a run is; it overwrites itself. */
export class ProgressLine {
  readonly #terminal: TextOutput;
  readonly #clock: () => number;
  readonly #startedAt: number;
  #drawnAt = -Infinity;

  /** Counts the time left from now on; `clock` gives milliseconds. */
  constructor(terminal: TextOutput, clock: () => number) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#startedAt = clock();
  }

  /** Draws the line anew, at most ten times a second. */
  show(progress: RunProgress): void {
    this.showText(progressText(progress, (this.#clock() - this.#startedAt) / 1_000));
  }

  /** Draws other words than those of a run, at most ten times a second. */
  showText(text: string): void {
    const now = this.#clock();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    // A line as wide as the terminal would wrap, and then could not be overwritten.
    this.#terminal.write(`\r${text.slice(0, (this.#terminal.columns ?? 80) - 1)}\u001b[K`);
  }

  /** Removes the line, so that what follows starts at the left edge. */
  clear(): void {
    if (this.#drawnAt !== -Infinity) this.#terminal.write("\r\u001b[K");
    this.#drawnAt = -Infinity;
  }
}

/** `3/8 replications, 51 hours of 8 days simulated, 540 probes failed, about 12 seconds left`; `elapsed` in seconds. */
export function progressText(progress: RunProgress, elapsed: number): string {
  const { finishedReplications, replications, simulated, total, failed } = progress;
  const parts = [
    `${formatCount(finishedReplications)}/${formatCount(replications)} replications`,
    `${formatSpan(Math.round(simulated / SECOND))} of ${formatSpan(Math.round(total / SECOND))} simulated`,
    `${formatCount(failed)} probes failed`,
  ];
  if (simulated > 0) {
    parts.push(`about ${formatSpan(Math.ceil((elapsed * (total - simulated)) / simulated))} left`);
  }
  return parts.join(", ");
}
