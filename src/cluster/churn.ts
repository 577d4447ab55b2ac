import type { EventLoop } from "../sim/event_loop.ts";
import { exponential } from "../sim/distributions.ts";
import type { RandomStream } from "../sim/random.ts";
import type { Netns } from "../kernel/netns.ts";
import { type Micros, SECOND } from "../units.ts";
import type { Clients, ClientSpec, Outcome } from "./clients.ts";
import type { ChurnOptions } from "./options.ts";
import { WorkloadCounts } from "./workload.ts";

const REQUEST_BYTES = 100;
const TIMEOUT: Micros = 3 * SECOND;

/** An agent that connects again and again: Poisson arrivals, or evenly spaced ones from a random phase on. */
export class Churn {
  readonly counts: WorkloadCounts;
  readonly #options: ChurnOptions;
  readonly #clients: Clients;
  readonly #loop: EventLoop;
  readonly #arrivals: RandomStream;
  readonly #spec: ClientSpec;
  readonly #handler: number;
  /** Time of the next arrival with its fraction of a microsecond, so that rounding does not change the rate. */
  #next = 0;

  constructor(options: ChurnOptions, netns: Netns, clients: Clients) {
    this.counts = new WorkloadCounts(options.name);
    this.#options = options;
    this.#clients = clients;
    this.#loop = netns.machine.loop;
    this.#arrivals = netns.machine.random.stream(`churn/${options.name}/arrivals`);
    this.#spec = {
      netns,
      address: options.to.address,
      port: options.to.port,
      requestBytes: REQUEST_BYTES,
      closes: options.closes,
      timeout: options.timeout ?? TIMEOUT,
      finished: (_row: number, outcome: Outcome) => this.counts.count(outcome),
    };
    this.#handler = this.#loop.handler(`churn/${options.name}`, () => this.#connect());
  }

  /** Schedules the first arrival. A rate of 0 never connects. */
  start(): void {
    if (this.#options.ratePerSecond <= 0) return;
    const mean = SECOND / this.#options.ratePerSecond;
    this.#next =
      this.#options.arrivals === "poisson" ? exponential(this.#arrivals, mean) : this.#arrivals.uniform() * mean;
    this.#loop.at(Math.floor(this.#next), this.#handler, 0);
  }

  #connect(): void {
    const mean = SECOND / this.#options.ratePerSecond;
    this.#next += this.#options.arrivals === "poisson" ? exponential(this.#arrivals, mean) : mean;
    this.#loop.at(Math.max(this.#loop.now, Math.floor(this.#next)), this.#handler, 0);
    this.#clients.open(this.#spec);
  }
}
