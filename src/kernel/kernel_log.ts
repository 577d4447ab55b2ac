import type { Micros } from "../units.ts";
import type { Machine } from "./machine.ts";

/** A line of the kernel's log. */
export interface KernelLogLine {
  readonly at: Micros;
  readonly text: string;
}

/** `net.core.message_cost` in seconds and `net.core.message_burst`. Source: net/core/utils.c net_ratelimit_state, v6.1. */
const INTERVAL_S = 5;
const BURST = 10;

const LINES_KEPT = 1000;

/**
 * The kernel's log as far as the network writes it: ten lines in five seconds, and then how many were suppressed. Give it to
 * a machine to have it written (`machine.log`); without it nothing is.
 *
 * Source: lib/ratelimit.c ___ratelimit, v6.1. Not modelled: messages other than that of a full conntrack table, and the two
 * sysctls.
 */
export class KernelLog {
  readonly #machine: Machine;
  readonly #lines: KernelLogLine[] = [];
  readonly #linesMost: number;
  /** The tick at which the interval began; -1 before the first message. */
  #begin = -1;
  #printed = 0;
  #missed = 0;

  /** @param linesMost how many lines are kept, from the first on. */
  constructor(machine: Machine, linesMost: number = LINES_KEPT) {
    this.#machine = machine;
    this.#linesMost = linesMost;
  }

  /** The first lines, 1,000 of them unless told otherwise. */
  get lines(): readonly KernelLogLine[] {
    return this.#lines;
  }

  /** A message of `net_warn_ratelimited`. */
  warnRateLimited(text: string): void {
    const { jiffies, loop } = this.#machine;
    const tick = jiffies.at(loop.now);
    if (this.#begin < 0) this.#begin = tick;
    if (tick > this.#begin + INTERVAL_S * jiffies.hz) {
      if (this.#missed > 0) this.#write(`net_ratelimit: ${this.#missed} callbacks suppressed`);
      this.#missed = 0;
      this.#begin = tick;
      this.#printed = 0;
    }
    if (this.#printed < BURST) {
      this.#printed += 1;
      this.#write(text);
    } else this.#missed += 1;
  }

  /** What `dmesg` prints: each line with the seconds since boot. Source: kernel/printk/printk.c print_time, v6.1. */
  dmesg(): string {
    return this.#lines.map((line) => `${this.lineText(line)}\n`).join("");
  }

  /** A line as `dmesg` prints it, without a line feed. */
  lineText({ at, text }: KernelLogLine): string {
    return `[${this.#uptimeText(at)}] ${text}`;
  }

  #write(text: string): void {
    if (this.#lines.length < this.#linesMost) this.#lines.push({ at: this.#machine.loop.now, text });
  }

  #uptimeText(at: Micros): string {
    const uptime = this.#machine.sinceBoot(at);
    const fraction = uptime % 1_000_000;
    return `${(uptime - fraction) / 1_000_000}`.padStart(5).concat(".", `${fraction}`.padStart(6, "0"));
  }
}
