import { describe, expect, it } from "vitest";
import type { WorkloadResult } from "../../src/cluster/replication_result.ts";
import { runOf, smallNode } from "./small_node.ts";

/** An agent that connects to another host for 10 minutes. */
function churnOf(rest: string, seed = "small"): WorkloadResult {
  const churn = `churn:\n  - { name: agent, to: 10.10.85.10:10050, ${rest} }\n`;
  return runOf(smallNode(churn, ["duration=10m", `seed=${seed}`])).workloads[0]!;
}

describe("Churn", () => {
  it.each(["a", "b", "c", "d", "e"])("connects as often as a Poisson process of its rate does (seed %s)", (seed) => {
    const { connects } = churnOf("rate: 5/s, arrivals: poisson", seed);
    expect(Math.abs(connects - 3_000)).toBeLessThan(4 * Math.sqrt(3_000));
  });

  it("varies with the seed as a Poisson process does", () => {
    const counts = Array.from({ length: 20 }, (_, seed) => churnOf("rate: 1/s", `${seed}`).connects);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
    // The ratio has 19 degrees of freedom: chance leaves these bounds once in a thousand sets of seeds.
    expect(variance / mean).toBeGreaterThan(0.28);
    expect(variance / mean).toBeLessThan(2.31);
  });

  it("connects evenly when it is periodic", () => {
    expect(churnOf("rate: 2.5/s, arrivals: periodic").connects).toBe(1_500);
  });

  it("never connects at rate 0", () => {
    expect(churnOf("rate: 0/s").connects).toBe(0);
  });

  it("fails only where something is wrong", () => {
    for (const closes of ["client", "server", "reset"]) {
      expect(churnOf(`rate: 1/s, closes: ${closes}`)).toMatchObject({ failed: 0 });
    }
  });
});
