/** The signals that ask a program to end: Ctrl-C, a supervisor's request, a terminal that goes away. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Signals of the system as one that aborts. They are taken over only when somebody first asks for `signal`: until then,
 * and in commands that never ask, they end the program at once. A second one does so in any case.
 */
export class Interrupts {
  readonly #controller = new AbortController();
  #isListening = false;

  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  get signal(): AbortSignal {
    if (!this.#isListening) {
      this.#isListening = true;
      for (const name of ENDING) process.on(name, this.#abort);
    }
    return this.#controller.signal;
  }

  readonly #abort = (): void => {
    for (const name of ENDING) process.off(name, this.#abort);
    this.#controller.abort();
  };
}
