import type { Netns } from "../../kernel/netns.ts";
import type { EventLoop } from "../../sim/event_loop.ts";
import type { Ipv4, Micros } from "../../units.ts";
import type { Clients, ClientSpec, Outcome } from "../clients.ts";
import type { LoadBalancerOptions } from "../options.ts";
import type { LoadBalancerResult } from "../replication_result.ts";
import { KeptConnections } from "./kept_connections.ts";

/** Bytes of a health checker's GET with its headers. */
const REQUEST_BYTES = 90;

/**
 * A load balancer outside the cluster with this node as a target: it connects to the NodePort again and again, takes the
 * node out of service after some failures in a row and back after some successes. Its own traffic goes through the same
 * NodePort while the node is in service.
 *
 * Source: staging/src/k8s.io/legacy-cloud-providers/aws/aws_loadbalancer.go ensureLoadBalancerHealthCheck, v1.20.2.
 * Not modelled: several nodes of the load balancer, each with checks of its own; clients' requests.
 */
export class LoadBalancer {
  readonly #options: LoadBalancerOptions;
  readonly #loop: EventLoop;
  readonly #netns: Netns;
  readonly #clients: Clients;
  readonly #spec: ClientSpec;
  readonly #connections: KeptConnections;
  readonly #handler: number;
  #checks = 0;
  #failed = 0;
  /** Results in a row that speak against the present state. */
  #contrary = 0;
  #marked = 0;
  #unhealthySince: Micros = -1;
  #unhealthy: Micros = 0;

  constructor(options: LoadBalancerOptions, target: Ipv4, parts: { readonly netns: Netns; readonly clients: Clients }) {
    const { name, nodePort: port, healthCheck, connections: count, connectionLifetime: lifetime } = options;
    const { netns, clients } = parts;
    this.#options = options;
    this.#netns = netns;
    this.#loop = netns.machine.loop;
    this.#clients = clients;
    this.#connections = new KeptConnections({ name, netns, address: target, port, count, lifetime });
    this.#spec = {
      netns,
      address: target,
      port,
      requestBytes: healthCheck.protocol === "HTTP" ? REQUEST_BYTES : 0,
      closes: "client",
      timeout: healthCheck.timeout,
      finished: (_row: number, outcome: Outcome) => this.#finished(outcome.isSuccess),
    };
    this.#handler = this.#loop.handler(`load-balancer/${name}/check`, () => this.#check());
  }

  /** Begins to check, at a random phase of the interval, with the node in service. */
  start(): void {
    const phase = this.#netns.machine.random.stream(`load-balancer/${this.#options.name}/phase`);
    this.#loop.after(phase.below(this.#options.healthCheck.interval), this.#handler, 0);
    this.#connections.start();
  }

  /** What it has seen so far. */
  result(): LoadBalancerResult {
    const { connects, failed } = this.#connections.counts;
    const since = this.#unhealthySince;
    return {
      name: this.#options.name,
      service: this.#options.service,
      checks: this.#checks,
      failed: this.#failed,
      markedUnhealthy: this.#marked,
      unhealthy: this.#unhealthy + (since < 0 ? 0 : this.#loop.now - since),
      isUnhealthyAtEnd: since >= 0,
      connects,
      connectsFailed: failed,
    };
  }

  #check(): void {
    this.#loop.after(this.#options.healthCheck.interval, this.#handler, 0);
    this.#clients.open(this.#spec);
  }

  #finished(isSuccess: boolean): void {
    this.#checks += 1;
    if (!isSuccess) this.#failed += 1;
    const isHealthy = this.#unhealthySince < 0;
    if (isSuccess === isHealthy) {
      this.#contrary = 0;
      return;
    }
    this.#contrary += 1;
    const { unhealthyThreshold, healthyThreshold } = this.#options.healthCheck;
    if (this.#contrary >= (isHealthy ? unhealthyThreshold : healthyThreshold)) this.#mark(!isHealthy);
  }

  #mark(isHealthy: boolean): void {
    const { now } = this.#loop;
    this.#contrary = 0;
    this.#connections.setInService(isHealthy);
    if (isHealthy) {
      this.#unhealthy += now - this.#unhealthySince;
      this.#unhealthySince = -1;
    } else {
      this.#marked += 1;
      this.#unhealthySince = now;
    }
  }
}
