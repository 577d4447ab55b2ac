import { writeSync } from "node:fs";
import { EXIT_CODE } from "./exit_code.ts";

/** The signals that ask a program to end: Ctrl-C, a supervisor's request, a terminal that goes away. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The commands that come to their end by themselves once they hear of an interrupt. */
const LISTENING: readonly string[] = ["run", "sweep", "diff", "explain", "conform"];

/**
 * The signals of the system as one that aborts. Commands that compute without a pause never hear of it: those are left to
 * the system, which ends them at once. A second signal ends any of them so.
 */
export class Interrupts {
  readonly #controller = new AbortController();
  #isAwaited = false;

  /** Listens if the command, the first word after `sim`, is one that does. */
  constructor(command: string | undefined) {
    if (command === undefined || !LISTENING.includes(command)) return;
    for (const name of ENDING) process.on(name, this.#abort);
  }

  /** Aborts at the first signal. Until it is asked for there is nothing to keep, and the program ends by itself. */
  get signal(): AbortSignal {
    this.#isAwaited = true;
    return this.#controller.signal;
  }

  readonly #abort = (): void => {
    for (const name of ENDING) process.off(name, this.#abort);
    this.#controller.abort();
    if (this.#isAwaited) return;
    try {
      writeSync(process.stderr.fd, "sim: interrupted; nothing was run\n");
    } catch {
      // Nobody is left to tell.
    }
    process.exit(EXIT_CODE.interrupted);
  };
}
