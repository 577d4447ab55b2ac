import type { Micros } from "../../units.ts";
import type { KubeProxyLogLine } from "../replication_result.ts";

/** Lines of kube-proxy's log that are kept. */
export const LOG_LINES_KEPT = 100;

/** kube-proxy's log as evidence: the first 100 lines, and how many there were in all. */
export class KubeProxyLog {
  readonly #lines: KubeProxyLogLine[] = [];
  #count = 0;

  /** Lines so far, those that were not kept included. */
  get count(): number {
    return this.#count;
  }

  get lines(): readonly KubeProxyLogLine[] {
    return this.#lines;
  }

  write(at: Micros, text: string): void {
    this.#count += 1;
    if (this.#lines.length < LOG_LINES_KEPT) this.#lines.push({ at, text });
  }
}
