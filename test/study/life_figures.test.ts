import { describe, expect, it } from "vitest";
import { runReplication } from "../../src/cluster/replication.ts";
import type { LifeResult, ReplicationResult } from "../../src/cluster/replication_result.ts";
import { clumpOf, lifeFigures, runsOfFailures, WEEK } from "../../src/study/life_figures.ts";
import { smallNode } from "../cluster/small_node.ts";

// Nobody listens on port 81, so every probe fails and every third kills the container.
const REFUSED = `pods:
  - { name: default/bad, listen: [80], livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 10 } }
  - { name: default/good, listen: [80], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 } }
`;

const result = runReplication(smallNode(REFUSED), 0);

function withLives(...lives: readonly LifeResult[]): readonly ReplicationResult[] {
  return lives.map((life, replication) => ({ ...result, replication, duration: WEEK / 7, life }));
}

function nodeHitAt(...days: readonly (number | null)[]): LifeResult {
  return {
    runs: [],
    pods: [],
    nodes: days.map((day) => ({ failure: day === null ? null : (day * WEEK) / 7, restart: null })),
  };
}

describe("A replication's life", () => {
  it("holds the first failure and restart of every probed pod, and of the node", () => {
    const [bad, good] = result.life!.pods;
    expect(good).toEqual({ failure: null, restart: null });
    expect(bad!.failure).toBe(result.failures[0]!.at);
    expect(bad!.restart).toBe(result.failures[2]!.at);
    expect(result.life!.nodes).toEqual([bad]);
  });

  it("counts each failure in exactly one run, the one that goes on among them", () => {
    const failures = result.life!.runs.reduce((sum, count, index) => sum + count * (index + 1), 0);
    expect(failures).toBe(result.probes.failed);
    expect(result.life!.runs.length).toBe(result.series[0]!.longestRunOfFailures);
  });
});

describe("runsOfFailures", () => {
  it("gives each length that came with its rate, and marks the one that gathers longer ones", () => {
    const runs = Array.from({ length: 64 }, (_, index) => (index === 0 ? 9 : index === 2 || index === 63 ? 1 : 0));
    const found = runsOfFailures(withLives({ ...nodeHitAt(null), runs }), 0.95);
    expect(found.map(({ length, isAtLeast, count }) => [length, isAtLeast, count])).toEqual([
      [1, false, 9],
      [3, false, 1],
      [64, true, 1],
    ]);
    expect(found[0]).toMatchObject({ perNodeWeek: expect.closeTo(63, 9) });
  });
});

describe("clumpOf", () => {
  it("is the mean length of the run that a failure is in", () => {
    expect(clumpOf(withLives({ ...nodeHitAt(null), runs: [2, 0, 0, 1] }))).toBe((2 + 16) / 6);
    expect(clumpOf(withLives(nodeHitAt(null)))).toBe(1);
  });
});

describe("lifeFigures", () => {
  it("counts the nodes hit within a week where all were watched for one", () => {
    const results = withLives(nodeHitAt(2), nodeHitAt(9), nodeHitAt(null), nodeHitAt(1)).map((one) => ({
      ...one,
      duration: 2 * WEEK,
    }));
    expect(lifeFigures(results, 0.95)!.nodesHitInAWeek.failure.share).toBe(0.5);
  });

  it("extrapolates shorter watches at the rate seen, and says so", () => {
    const results = withLives(nodeHitAt(0.5), nodeHitAt(null), nodeHitAt(null), nodeHitAt(null));
    const { failure, restart } = lifeFigures(results, 0.95)!.nodesHitInAWeek;
    expect(failure.share).toBeCloseTo(1 - Math.exp(-7 / 3.5), 12);
    expect(failure.interval.method).toContain("extrapolated to a week");
    expect(restart).toMatchObject({
      share: 0,
      interval: { low: 0, high: expect.closeTo(1 - Math.exp((-4.45897 * 7) / 4), 7) },
    });
  });

  it("is missing where a replication did not keep its life", () => {
    const { life: _life, ...without } = result;
    expect(lifeFigures([without], 0.95)).toBeUndefined();
  });
});
