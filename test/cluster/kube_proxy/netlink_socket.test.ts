import { describe, expect, it } from "vitest";
import { NETLINK_REQUEST_TIME, NetlinkSocket } from "../../../src/cluster/kube_proxy/netlink_socket.ts";
import { RandomStream } from "../../../src/sim/random.ts";

/** How often each loop lost an answer in 2,000 meetings of `sync` requests with `termination` requests. */
function losses({ sync, termination, offset }: { sync: number; termination: number; offset: number }) {
  const counts = { sync: 0, termination: 0, nobody: 0 };
  for (let round = 0; round < 2000; round += 1) {
    const socket = new NetlinkSocket(new RandomStream(`meeting ${round}`));
    socket.begin("sync", sync, 0);
    counts[socket.begin("termination", termination, offset) ?? "nobody"] += 1;
  }
  return counts;
}

describe("NetlinkSocket", () => {
  it("loses no answer while one loop at a time sends requests", () => {
    expect(losses({ sync: 10, termination: 10, offset: 10 * NETLINK_REQUEST_TIME }).nobody).toBe(2000);
    expect(losses({ sync: 10, termination: 0, offset: 50 }).nobody).toBe(2000);
  });

  it("loses an answer of one or the other when requests of both are under way, either as often", () => {
    const { sync, termination, nobody } = losses({ sync: 1000, termination: 100, offset: 50_050 });
    expect(nobody).toBe(0);
    // Half and half; 2,000 meetings have a standard deviation of 22.
    expect(Math.abs(sync - termination) / 2).toBeLessThan(100);
  });

  it("often spares a single pair of requests", () => {
    const { nobody } = losses({ sync: 1, termination: 1, offset: 50 });
    // The sync reads first and takes an answer that came before its own: 1 in 8.
    expect(nobody / 2000).toBeGreaterThan(0.82);
    expect(nobody / 2000).toBeLessThan(0.93);
  });
});
