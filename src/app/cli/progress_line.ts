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
    this.showText(progressText(progress, (this.#clock() - this.#startedAt) / 1_000, this.#room));
  }

  /** What fits: a line as wide as the terminal would wrap, and then could not be overwritten. */
  get #room(): number {
    return (this.#terminal.columns ?? 80) - 1;
  }

  /** Draws other words than those of a run, at most ten times a second. */
  showText(text: string): void {
    const now = this.#clock();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#terminal.write(`\r${text.slice(0, this.#room)}\u001b[K`);
  }

  /** Removes the line, so that what follows starts at the left edge. */
  clear(): void {
    if (this.#drawnAt !== -Infinity) this.#terminal.write("\r\u001b[K");
    this.#drawnAt = -Infinity;
  }
}

/**
 * `3/8 replications, 51 hours of 8 days simulated, 540 probes failed, about 12 seconds left`; `elapsed` in seconds. Where
 * there is less room than that it says less, the time left last of all.
 */
export function progressText(progress: RunProgress, elapsed: number, room = Infinity): string {
  const { finishedReplications, replications, simulated, total, failed } = progress;
  const boots = `${formatCount(finishedReplications)}/${formatCount(replications)} replications`;
  const time = `${formatSpan(Math.round(simulated / SECOND))} of ${formatSpan(Math.round(total / SECOND))}`;
  const left =
    simulated > 0 ? [`about ${formatSpan(Math.ceil((elapsed * (total - simulated)) / simulated))} left`] : [];
  const texts = [
    [boots, `${time} simulated`, `${formatCount(failed)} probes failed`, ...left],
    [boots, time, `${formatCount(failed)} failed`, ...left],
    [boots, `${formatCount(failed)} failed`, ...left],
    [boots, ...left],
  ].map((parts) => parts.join(", "));
  return texts.find((text) => text.length <= room) ?? boots;
}
