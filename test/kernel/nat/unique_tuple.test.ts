import { describe, expect, it } from "vitest";
import { chooseUniqueSource } from "../../../src/kernel/nat/unique_tuple.ts";
import { RandomStream } from "../../../src/sim/random.ts";
import type { Port } from "../../../src/units.ts";
import { ConntrackBench } from "../../support/conntrack_bench.ts";
import { ip } from "../../support/small_network.ts";

// Goal: how far a kernel searches for a free source port.
// Method: 1,000 connections of one address hold the ports 2000 to 2999, but for those left free; a connection of another
// address from port 4000, which is to get that address and one of these ports, comes last.

const ADDRESS = ip("203.0.113.0");
const LOW = 2000;
const HIGH = 2999;
const ANOTHER_CLIENT = (1 << 16) | 4000;

/** The port that each of so many draws gives. */
function portsGiven(kernel: string, free: readonly Port[], draws: number): Port[] {
  const bench = new ConntrackBench({ kernel });
  for (let port = LOW; port <= HIGH; port += 1) if (!free.includes(port)) bench.pass(">", "S", {}, port);
  bench.pass(">", "S", {}, ANOTHER_CLIENT);
  const { conntrack } = bench;
  const slot = conntrack.table.extent - 1;
  const range = { address: ADDRESS, portLow: LOW, portHigh: HIGH, isRandom: false };
  return Array.from({ length: draws }, (_, draw) => {
    const chosen = chooseUniqueSource(conntrack, new RandomStream(`draw ${draw}`), slot, range);
    expect(chosen.address).toBe(ADDRESS);
    expect(chosen.port).toBeGreaterThanOrEqual(LOW);
    expect(chosen.port).toBeLessThanOrEqual(HIGH);
    return chosen.port;
  });
}

describe("The search for a source port that nobody has", () => {
  it.each(["4.4.11", "4.19.222", "4.20"])("goes over the whole range on %s, from a random place", (kernel) => {
    expect(new Set(portsGiven(kernel, [2500], 40))).toEqual(new Set([2500]));
    expect(new Set(portsGiven(kernel, [2250, 2750], 40))).toEqual(new Set([2250, 2750]));
  });

  it.each(["4.19.228", "5.4.188", "6.1"])(
    "gives up on %s after 248 of 1,000 ports, with one that is taken",
    (kernel) => {
      const isFound = portsGiven(kernel, [2500], 200).filter((port) => port === 2500).length / 200;
      expect(isFound).toBeGreaterThan(0.1);
      expect(isFound).toBeLessThan(0.4);
    },
  );

  it("tries 128, 64, 32, 16 and at last 8 ports before it gives up on 6.1, all of them on 4.4", () => {
    const tried = (kernel: string): number => {
      const bench = new ConntrackBench({ kernel });
      for (let port = LOW; port <= HIGH; port += 1) bench.pass(">", "S", {}, port);
      bench.pass(">", "S", {}, ANOTHER_CLIENT);
      const range = { address: ADDRESS, portLow: LOW, portHigh: HIGH, isRandom: false };
      const slot = bench.conntrack.table.extent - 1;
      chooseUniqueSource(bench.conntrack, new RandomStream("draw"), slot, range);
      return bench.wire.host.counters.nf_conntrack_found;
    };
    // The last port of the range is given out untried on 4.4.
    expect([tried("6.1"), tried("4.4.11")]).toEqual([128 + 64 + 32 + 16 + 8, 999]);
  });

  it.each([
    [511, 1, 511],
    [512, 600, 1023],
    [1023, 600, 1023],
    [1024, 1024, 65535],
  ])("keeps to the ports that are as privileged as the old one: %i becomes one from %i to %i", (old, low, high) => {
    const bench = new ConntrackBench();
    bench.pass(">", "S", {}, old);
    const range = { address: ADDRESS, portLow: undefined, portHigh: undefined, isRandom: true };
    const ports = Array.from(
      { length: 400 },
      (_, draw) => chooseUniqueSource(bench.conntrack, new RandomStream(`draw ${draw}`), 0, range).port,
    );
    const share = (high - low) / 20;
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(low);
    expect(Math.min(...ports)).toBeLessThan(low + share);
    expect(Math.max(...ports)).toBeLessThanOrEqual(high);
    expect(Math.max(...ports)).toBeGreaterThan(high - share);
  });

  it("ends with a port that is taken when all are, after the whole range", () => {
    const ports = portsGiven("4.4.11", [], 20);
    expect(new Set(ports).size).toBeGreaterThan(10);
  });
});
