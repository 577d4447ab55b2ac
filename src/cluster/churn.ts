import type { EventLoop } from "../sim/event_loop.ts";
import { exponential } from "../sim/distributions.ts";
import { DOUBLE_ZERO } from "../sim/double_zero.ts";
import type { RandomStream } from "../sim/random.ts";
import { Flow } from "../kernel/flow/flow.ts";
import type { Netns } from "../kernel/netns.ts";
import { type Micros, SECOND } from "../units.ts";
import type { Clients, ClientSpec, Outcome } from "./clients.ts";
import { SELF_CHECK_REQUEST_BYTES } from "./node_local_dns.ts";
import type { ChurnOptions } from "./options.ts";
import { SourcePorts } from "./source_ports.ts";
import { type Workload, WorkloadCounts } from "./workload.ts";

/** Bytes of a request after which the server closes. */
export const CLOSE_REQUEST_BYTES = 100;

/** Bytes of a request that asks to keep the connection open, so that the client closes. */
export const KEEP_ALIVE_REQUEST_BYTES = SELF_CHECK_REQUEST_BYTES;

const TIMEOUT: Micros = 3 * SECOND;

/** An agent that connects again and again: Poisson arrivals, or evenly spaced ones from a random phase on. */
export class Churn implements Workload {
  readonly counts: WorkloadCounts;
  readonly spec: ClientSpec;
  readonly #options: ChurnOptions;
  readonly #clients: Clients;
  readonly #loop: EventLoop;
  readonly #arrivals: RandomStream;
  readonly #handler: number;
  /** Time of the next arrival with its fraction of a microsecond, so that rounding does not change the rate. */
  #next: Micros = DOUBLE_ZERO;

  constructor(options: ChurnOptions, netns: Netns, clients: Clients) {
    this.counts = new WorkloadCounts(options.name);
    this.#options = options;
    this.#clients = clients;
    this.#loop = netns.machine.loop;
    this.#arrivals = netns.machine.random.stream(`churn/${options.name}/arrivals`);
    const sourcePorts = options.source === undefined ? undefined : new SourcePorts(netns.machine, options.source);
    const requestBytes = options.closes === "server" ? CLOSE_REQUEST_BYTES : KEEP_ALIVE_REQUEST_BYTES;
    this.spec = {
      netns,
      address: options.to.address,
      port: options.to.port,
      requestBytes,
      flow: new Flow(requestBytes),
      closes: options.closes,
      timeout: options.timeout ?? TIMEOUT,
      ...(options.lasts === undefined ? {} : { lasts: options.lasts }),
      ...(sourcePorts === undefined ? {} : { bind: (slot: number) => sourcePorts.bind(slot, options.to) }),
      finished: (_row: number, outcome: Outcome) => this.counts.count(outcome),
    };
    this.#handler = this.#loop.handler(`churn/${options.name}`, () => this.#connect());
    this.#loop.letOverlap(this.#handler, "begins");
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
    this.#clients.open(this.spec);
  }
}
