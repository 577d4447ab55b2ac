import { describe, expect, it } from "vitest";
import { createScheduler } from "../../../src/kernel/ipvs/schedulers.ts";
import { RealServer, VirtualService } from "../../../src/kernel/ipvs/virtual_service.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { era, ip } from "../../support/small_network.ts";

function serverOf(weight: number): RealServer {
  const scheduler = createScheduler("rr", era("6.1.176"));
  return new RealServer(new VirtualService(Protocol.TCP, ip("10.96.0.10"), 80, scheduler), ip("10.23.0.1"), 80, weight);
}

describe("RealServer", () => {
  it("that was only added is available, counts nothing and has the weight that it was added with", () => {
    const { isAvailable, active, inactive, weight, lastWeight, stats } = serverOf(3);
    expect([isAvailable, active, inactive, weight, lastWeight, stats.connections]).toEqual([true, 0, 0, 3, 3, 0]);
  });

  it("knows the latest weight that was not 0", () => {
    const server = serverOf(3);
    const seen = [5, 0, 0, 2].map((weight) => {
      server.weight = weight;
      return [server.weight, server.lastWeight];
    });
    expect(seen).toEqual([
      [5, 5],
      [0, 5],
      [0, 5],
      [2, 2],
    ]);
    expect(serverOf(0).lastWeight).toBe(0);
  });

  it("counts packets anew for another service, and its connections on", () => {
    const server = serverOf(1);
    server.active = 2;
    server.stats.inPackets = 7;
    server.moveTo(serverOf(1).service);
    expect([server.active, server.stats.inPackets]).toEqual([2, 0]);
  });
});
