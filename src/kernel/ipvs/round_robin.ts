import { assert } from "../../sim/assert.ts";
import { greatestCommonDivisor } from "../greatest_common_divisor.ts";
import type { DeletedServer, Scheduler } from "./schedulers.ts";
import type { RealServer, VirtualService } from "./virtual_service.ts";

/**
 * `rr`: the server behind the one chosen last, in the kernel's order, wrapping to the head. The first choice is the
 * head, which is the server added last.
 *
 * Source: net/netfilter/ipvs/ip_vs_rr.c ip_vs_rr_schedule, ip_vs_rr_del_dest, v6.1.
 */
export class RoundRobin implements Scheduler {
  readonly name = "rr";
  /** The server chosen last; `undefined` stands for the list's head. */
  #last: RealServer | undefined = undefined;

  schedule(service: VirtualService): RealServer | undefined {
    const server = this.peek(service);
    if (server !== undefined) this.choose(server);
    return server;
  }

  peek({ servers }: VirtualService): RealServer | undefined {
    const start = this.#last === undefined ? -1 : servers.indexOf(this.#last);
    for (let step = 1; step <= servers.length; step += 1) {
      const server = servers[(start + step) % servers.length]!;
      if (server.weight > 0) return server;
    }
    return undefined;
  }

  choose(server: RealServer): void {
    this.#last = server;
  }

  serversChanged(_service: VirtualService, deleted?: DeletedServer): void {
    if (deleted !== undefined && this.#last === deleted.server) this.#last = deleted.before;
  }
}

/**
 * `wrr`: from the mark on, the next server whose weight reaches the current weight; at the end of the list the current
 * weight falls by the greatest common divisor, and from 0 it returns to the maximum. A service whose servers were added
 * one by one starts at weight 1.
 *
 * Source: net/netfilter/ipvs/ip_vs_wrr.c ip_vs_wrr_schedule, ip_vs_wrr_dest_changed, v6.1.
 */
export class WeightedRoundRobin implements Scheduler {
  readonly name = "wrr";
  #mark = -1;
  #currentWeight = 0;
  #maxWeight = 0;
  #step = 1;
  /** Mark and current weight once the server is chosen that `peek` told last. */
  #nextMark = -1;
  #nextWeight = 0;

  schedule(service: VirtualService): RealServer | undefined {
    const server = this.peek(service);
    if (server !== undefined) this.choose();
    return server;
  }

  peek({ servers }: VirtualService): RealServer | undefined {
    if (this.#maxWeight === 0) return undefined;
    let mark = this.#mark;
    let weight = this.#currentWeight;
    const laps = Math.ceil(this.#maxWeight / this.#step) + 2;
    for (let look = 0; look <= laps * (servers.length + 1); look += 1) {
      mark += 1;
      if (mark >= servers.length) {
        mark = -1;
        weight -= this.#step;
        if (weight <= 0) weight = this.#maxWeight;
        continue;
      }
      const server = servers[mark]!;
      if (server.weight <= 0 || server.weight < weight) continue;
      this.#nextMark = mark;
      this.#nextWeight = weight;
      return server;
    }
    assert(false, "a weighted round robin with a positive weight finds a server");
  }

  choose(): void {
    this.#mark = this.#nextMark;
    this.#currentWeight = this.#nextWeight;
  }

  serversChanged(service: VirtualService): void {
    let divisor = 0;
    let most = 0;
    for (const { weight } of service.servers) {
      if (weight <= 0) continue;
      divisor = greatestCommonDivisor(weight, divisor);
      most = Math.max(most, weight);
    }
    this.#step = Math.max(divisor, 1);
    this.#maxWeight = most === 0 ? 0 : most - (this.#step - 1);
    this.#mark = -1;
    const current = this.#currentWeight;
    if (current > this.#maxWeight || current === 0) this.#currentWeight = this.#maxWeight;
    else if (this.#step > 1) this.#currentWeight = Math.floor(current / this.#step) * this.#step + 1;
  }
}
