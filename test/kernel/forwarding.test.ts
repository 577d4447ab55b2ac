import { describe, expect, it } from "vitest";
import type { Counters } from "../../src/kernel/counters.ts";
import { Machine } from "../../src/kernel/machine.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { era, ip } from "../support/small_network.ts";

/** A packet to 203.0.113.9 arrives at a router that has routes to its own network and those given. */
function countersOfRouter(isForwarding: boolean, kind?: "unreachable" | "prohibit" | "blackhole"): Counters {
  const machine = new Machine({ loop: new EventLoop(), era: era("6.1"), random: new RandomStreams("router", 0) });
  const [router, host] = ["router", "host"].map((name) => machine.createNetns(name));
  const [device, far] = machine.createVeth({ netns: router!, name: "eth0" }, { netns: host!, name: "eth0" });
  router!.addAddress(device, ip("192.0.2.1"), 24);
  host!.addAddress(far, ip("192.0.2.2"), 24);
  if (isForwarding) router!.sysctls.set("net.ipv4.ip_forward", "1");
  if (kind !== undefined) router!.addRoute({ destination: 0, prefixLength: 0, kind });
  const packet = machine.packets.take();
  packet.src = ip("192.0.2.2");
  packet.dst = ip("203.0.113.9");
  router!.receive(packet, device);
  return router!.counters;
}

describe("A packet that cannot be forwarded", () => {
  it("counts in IpExtInNoRoutes and draws an ICMP error if no route leads on", () => {
    expect(countersOfRouter(true)).toMatchObject({
      IpExtInNoRoutes: 1,
      IpInAddrErrors: 0,
      IcmpOutDestUnreachs: 1,
      IpForwDatagrams: 0,
    });
  });

  it("counts in IpInAddrErrors and draws nothing if forwarding is off", () => {
    expect(countersOfRouter(false)).toMatchObject({ IpExtInNoRoutes: 0, IpInAddrErrors: 1, IcmpOutDestUnreachs: 0 });
  });

  it.each([
    ["unreachable", 1],
    ["prohibit", 1],
    ["blackhole", 0],
  ] as const)("by a route that is %s counts in neither and draws %i ICMP errors", (kind, errors) => {
    const counters = countersOfRouter(true, kind);
    expect(counters).toMatchObject({ IpExtInNoRoutes: 0, IpInAddrErrors: 0, IcmpOutDestUnreachs: errors });
  });
});
