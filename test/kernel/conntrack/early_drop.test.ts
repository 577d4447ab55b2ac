import { describe, expect, it } from "vitest";
import { ConntrackBench } from "../../support/conntrack_bench.ts";

const sysctls = { "net.netfilter.nf_conntrack_max": "40" };

/** How many of twenty new connections a table refuses that has 40 entries, the first `assured` of them ASSURED. */
function refused(kernel: string, assured: number): { readonly refusals: number; readonly bench: ConntrackBench } {
  const bench = new ConntrackBench({ kernel, sysctls });
  for (let client = 1; client <= assured; client += 1) bench.establish(client);
  for (let client = assured + 1; client <= 40; client += 1) bench.pass(">", "S", {}, client);
  let refusals = 0;
  for (let client = 41; client <= 60; client += 1) if (bench.pass(">", "S", {}, client) === "DROP") refusals += 1;
  return { refusals, bench };
}

describe("A full conntrack table of few entries in many buckets", () => {
  it("up to 4.8 drops one entry for each new one: it looks on until it has met eight", () => {
    const { refusals, bench } = refused("4.8", 0);
    expect([refusals, bench.wire.host.counters.nf_conntrack_early_drop, bench.count]).toEqual([0, 20, 40]);
  });

  it("up to 4.8 refuses most where eight entries are seldom without ASSURED", () => {
    const { refusals, bench } = refused("4.8", 39);
    expect([refusals > 10, bench.count]).toEqual([true, 40]);
  });

  it("from 4.9 on refuses nearly all: eight buckets are seldom in use", () => {
    expect(refused("4.9", 0).refusals).toBeGreaterThan(15);
  });
});
