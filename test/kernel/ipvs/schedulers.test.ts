import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ipvs } from "../../../src/kernel/ipvs/ipvs.ts";
import type { SchedulerName } from "../../../src/kernel/ipvs/schedulers.ts";
import type { RealServer, VirtualService } from "../../../src/kernel/ipvs/virtual_service.ts";
import { Packet } from "../../../src/kernel/packet.ts";
import { HOST, Wire } from "../../support/wire.ts";

/** A virtual service whose real servers are named by their last byte. */
class ServiceBench {
  readonly service: VirtualService;
  readonly #ipvs: Ipvs;
  readonly #servers = new Map<number, RealServer>();

  constructor(scheduler: SchedulerName) {
    const wire = new Wire();
    this.#ipvs = wire.machine.requireIpvs(wire.host);
    this.service = this.#ipvs.addService(6, HOST, 80, scheduler);
  }

  add(name: number, weight = 1): this {
    this.#servers.set(name, this.#ipvs.addServer(this.service, name, 80, weight));
    return this;
  }

  delete(name: number): this {
    this.#ipvs.deleteServer(this.service, this.#servers.get(name)!);
    return this;
  }

  weigh(name: number, weight: number): this {
    this.#ipvs.setWeight(this.service, this.#servers.get(name)!, weight);
    return this;
  }

  picks(count: number): (number | undefined)[] {
    return Array.from({ length: count }, () => this.service.scheduler.schedule(this.service, new Packet(0))?.address);
  }
}

describe("rr", () => {
  it("begins with the server added last and reaches a new one at the next wrap, as measured on real kernels", () => {
    const bench = new ServiceBench("rr").add(141).add(142).add(143).add(144);
    expect(bench.picks(6)).toEqual([144, 143, 142, 141, 144, 143]);
    bench.add(145);
    expect(bench.picks(6)).toEqual([142, 141, 145, 144, 143, 142]);
  });

  it("goes on behind the place of a server that was deleted after it had been chosen", () => {
    const bench = new ServiceBench("rr").add(141).add(142).add(143).add(144);
    expect(bench.picks(2)).toEqual([144, 143]);
    expect(bench.delete(143).picks(4)).toEqual([142, 141, 144, 142]);
  });

  it("begins at the head again when the deleted one was the head", () => {
    const bench = new ServiceBench("rr").add(141).add(142);
    expect(bench.picks(1)).toEqual([142]);
    expect(bench.delete(142).picks(2)).toEqual([141, 141]);
  });

  it("does not mind the deletion of another server", () => {
    const bench = new ServiceBench("rr").add(141).add(142).add(143);
    expect(bench.picks(1)).toEqual([143]);
    expect(bench.delete(142).picks(3)).toEqual([141, 143, 141]);
  });

  it("passes over weight 0 and finds nobody when all have it, or there is none", () => {
    const bench = new ServiceBench("rr").add(141).add(142).add(143).weigh(142, 0);
    expect(bench.picks(4)).toEqual([143, 141, 143, 141]);
    bench.weigh(141, 0).weigh(143, 0);
    expect(bench.picks(2)).toEqual([undefined, undefined]);
    expect(new ServiceBench("rr").picks(1)).toEqual([undefined]);
    expect(bench.weigh(142, 1).picks(2)).toEqual([142, 142]);
  });

  it("gives every server one turn in each round, whatever was chosen before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat({ max: 20 }), (count, before) => {
        const bench = new ServiceBench("rr");
        for (let name = 1; name <= count; name += 1) bench.add(name);
        bench.picks(before);
        expect(new Set(bench.picks(count)).size).toBe(count);
      }),
      { numRuns: 50 },
    );
  });
});

describe("wrr", () => {
  it("begins at current weight 1 when servers were added one by one, as measured on real kernels", () => {
    const bench = new ServiceBench("wrr").add(141, 3).add(142, 1).add(143, 2);
    expect(bench.picks(9)).toEqual([143, 142, 141, 141, 143, 141, 143, 142, 141]);
  });

  it("passes over weight 0 and finds nobody when all have it, or there is none", () => {
    expect(new ServiceBench("wrr").picks(1)).toEqual([undefined]);
    const bench = new ServiceBench("wrr").add(141, 0).add(142, 2);
    expect(bench.picks(3)).toEqual([142, 142, 142]);
    expect(bench.weigh(142, 0).picks(1)).toEqual([undefined]);
  });

  it("chooses each server as often as its weight says over whole rounds, from the second round on", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        fc.pre(total > 0);
        const bench = new ServiceBench("wrr");
        for (const [index, weight] of weights.entries()) bench.add(index + 1, weight);
        bench.picks(weights.length * 6);
        const picks = bench.picks(total * 2);
        const counts = weights.map((_, index) => picks.filter((name) => name === index + 1).length);
        expect(counts).toEqual(weights.map((weight) => weight * 2));
      }),
      { numRuns: 80 },
    );
  });
});
