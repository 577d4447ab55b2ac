// oxlint-disable-next-line import/default -- vite makes the default export of it.
import LabWorker from "./lab_worker.ts?worker&inline";
import type { FromLab, Hello, ToLab } from "./messages.ts";
import type { PageSettings } from "./page_settings.ts";

declare const PORTFALL_VERSION: string;

/** The release of portfall that the page was built from. */
export const VERSION = PORTFALL_VERSION;

/** Replications that run side by side: a core stays free for the page and what else the user does. */
const BOOTS_MOST = 8;

/** The page's end of the simulator: workers that it starts, speaks to and replaces. */
export class LabClient {
  readonly #line: MessagePort;
  readonly #boots = new Map<string, Worker>();
  #number = 0;

  /** @param hear hears what the lab says of the latest settings. */
  constructor(hear: (message: FromLab) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#line = port1;
    port1.addEventListener("message", ({ data }: MessageEvent<FromLab>) => {
      if (data.kind === "stuck") this.#startBoot(data.index, data.tells);
      else if (data.number === this.#number) hear(data);
    });
    port1.start();
    const broken = (event: ErrorEvent): void => hear({ kind: "broken", number: this.#number, message: event.message });
    start({ kind: "lab", page: port2, version: VERSION }, port2).addEventListener("error", broken);
    const cores = navigator.hardwareConcurrency;
    const boots = Math.max(1, Math.min(BOOTS_MOST, cores - 1));
    for (let index = 0; index < boots; index += 1) this.#startBoot(index, false);
    this.#startBoot(0, true);
  }

  /** Asks for other settings; what was asked before is given up as soon as these turn out to be right. */
  send(settings: PageSettings): void {
    this.#number += 1;
    this.#say({ kind: "settings", number: this.#number, settings });
  }

  /** Ends what is running. */
  stop(): void {
    this.#say({ kind: "stop" });
  }

  #startBoot(index: number, tells: boolean): void {
    const key = `${tells ? "teller" : "boot"} ${index}`;
    this.#boots.get(key)?.terminate();
    const { port1, port2 } = new MessageChannel();
    this.#boots.set(key, start({ kind: "boot", lab: port1 }, port1));
    this.#line.postMessage({ kind: "worker", index, tells, port: port2 } satisfies ToLab, [port2]);
  }

  #say(message: ToLab): void {
    this.#line.postMessage(message, []);
  }
}

function start(hello: Hello, port: MessagePort): Worker {
  const worker = new LabWorker();
  worker.postMessage(hello, [port]);
  return worker;
}
