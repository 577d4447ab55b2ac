import { Flow } from "../kernel/flow/flow.ts";
import type { Netns } from "../kernel/netns.ts";
import { type Micros, SECOND } from "../units.ts";
import type { Clients, ClientSpec, Outcome } from "./clients.ts";
import { isAtLeast, type NodeLocalDnsOptions, type PodOptions } from "./options.ts";
import { type Workload, WorkloadCounts } from "./workload.ts";

/** Bytes of the self-check's request, which has no `Connection: close`, as incident 001's capture shows it. */
export const SELF_CHECK_REQUEST_BYTES = 99;

/** From a request to its answer, as incident 001's capture shows it. */
const ANSWER_DELAY: Micros = 100;
const INTERVAL: Micros = SECOND;

/** node-local-dns as a pod of the node's own network, with its health server and the probe of its manifest. */
export function nodeLocalDnsPod(options: NodeLocalDnsOptions): PodOptions {
  return {
    name: "kube-system/node-local-dns",
    workload: "node-cache",
    address: options.address,
    hostNetwork: true,
    listen: [options.healthPort],
    livenessProbe: options.livenessProbe,
    responseDelay: ANSWER_DELAY,
    containerStart: SECOND,
  };
}

/**
 * The self-check of node-local-dns: the loop of CoreDNS's health plugin asks its own health server once a second over
 * a new connection, which the client closes first because it does not read the body.
 *
 * Source: plugin/health/overloaded.go overloaded, v1.7.0.
 * Not modelled: the NOTRACK rules of node-cache (its flows have entries here), DNS traffic.
 */
export class SelfCheck implements Workload {
  readonly counts = new WorkloadCounts("node-local-dns");
  readonly spec: ClientSpec;
  readonly #netns: Netns;
  readonly #clients: Clients;
  readonly #handler: number;
  #isAsking = false;
  #hasMissedTick = false;

  constructor(options: NodeLocalDnsOptions, netns: Netns, clients: Clients) {
    this.#netns = netns;
    this.#clients = clients;
    this.spec = {
      netns,
      address: options.address,
      port: options.healthPort,
      requestBytes: SELF_CHECK_REQUEST_BYTES,
      flow: new Flow(SELF_CHECK_REQUEST_BYTES),
      closes: "client",
      // The client of the health plugin waits 5 s, from CoreDNS 1.8.4 on 3 s.
      timeout: (isAtLeast(options.version, [1, 8, 4]) ? 3 : 5) * SECOND,
      finished: (_row: number, outcome: Outcome) => this.#finished(outcome),
    };
    this.#handler = netns.machine.loop.handler("node-local-dns/self-check", () => this.#tick());
    netns.machine.loop.letOverlap(this.#handler, "begins");
  }

  /** Starts to ask, at a random phase of the second. */
  start(): void {
    const phase = this.#netns.machine.random.stream("node-local-dns/phase").below(INTERVAL);
    this.#netns.machine.loop.at(phase, this.#handler, 0);
  }

  #tick(): void {
    this.#netns.machine.loop.after(INTERVAL, this.#handler, 0);
    // The loop asks one at a time; its ticker keeps one tick that it missed.
    if (this.#isAsking) this.#hasMissedTick = true;
    else this.#ask();
  }

  #ask(): void {
    this.#isAsking = true;
    this.#clients.open(this.spec);
  }

  #finished(outcome: Outcome): void {
    this.counts.count(outcome);
    this.#isAsking = false;
    if (!this.#hasMissedTick) return;
    this.#hasMissedTick = false;
    this.#ask();
  }
}
