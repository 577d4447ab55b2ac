import { describe, expect, it } from "vitest";
import { ConnectTimes } from "../../src/cluster/connect_times.ts";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import { auditRuns } from "../../src/study/audit.ts";
import { runOf, smallNode } from "../cluster/small_node.ts";
import { causes } from "../report/run_documents.ts";

const EMPTY = runOf(smallNode("", ["duration=1s"]));

/** Boots of 10,000 probes (or other figures) with so many failures. */
function boots(failed: readonly number[], changes: Partial<ReplicationResult> = {}): ReplicationResult[] {
  return failed.map((count, replication) => ({
    ...EMPTY,
    replication,
    probes: { total: 10_000, failed: count, byCause: causes({ "nodeport-collision": count }) },
    ...changes,
  }));
}

const WORKLOAD = {
  name: "a.b",
  connects: 9,
  failed: 6,
  byCause: causes({ "conntrack-full": 2 }),
  connectTimes: new ConnectTimes().result(),
};

const CLAIM = { claim: "It is the churn", cause: "without", figure: "probes.failed" };
const STANDING = [11, 9, 12, 10, 8, 11, 9, 10];

/** The audit of one variant with so many failures in each boot. */
function auditOf(failed: readonly number[], standing: readonly number[] = STANDING) {
  return auditRuns(CLAIM, boots(standing), [{ name: "without", settings: {}, results: boots(failed) }]);
}

describe("auditRuns", () => {
  it.each([
    ["nothing is left", [0, 0, 0, 0, 0, 0, 0, 0], "lower", "yes"],
    ["a fifth is left", [2, 2, 1, 3, 2, 2, 2, 2], "lower", "yes"],
    ["about half is left", [5, 4, 6, 5, 4, 5, 5, 5], "lower", "undecided"],
    ["nothing changes", [10, 11, 9, 10, 10, 12, 8, 9], "no-difference", "no"],
    ["it doubles", [20, 19, 22, 21, 18, 20, 20, 20], "higher", "no"],
  ] as const)("judges that %s", (_, failed, change, explains) => {
    const audit = auditOf(failed);
    expect(audit.variants[0]).toMatchObject({ change, explains, isClaimed: true });
    expect(audit.isCause).toBe(explains);
    expect(audit.explainedBy).toEqual(explains === "yes" ? ["without"] : []);
  });

  it("leaves few events undecided, even if none is left", () => {
    expect(auditOf([0, 0, 0, 0], [1, 0, 1, 1]).variants[0]).toMatchObject({
      change: "undecided",
      explains: "undecided",
    });
  });

  it("leaves one boot undecided, however many events it has", () => {
    expect(auditOf([0], [1000]).variants[0]).toMatchObject({ change: "undecided", explains: "undecided" });
  });

  it("leaves open what nothing bounds", () => {
    const { ratio, interval, explains } = auditOf([1, 0, 2, 1], [0, 0, 0, 0]).variants[0]!;
    expect([ratio, interval.high, explains]).toEqual([null, null, "undecided"]);
  });

  it("compares probabilities where the number of probes changes, and counts where it is asked for counts", () => {
    const half = boots([5, 5, 5, 5], { probes: { total: 5_000, failed: 5, byCause: causes({}) } });
    const run = { name: "without", settings: {}, results: half };
    const standing = boots([10, 10, 10, 10]);
    const ratioOf = (figure: string) => auditRuns({ ...CLAIM, figure }, standing, [run]).variants[0]!.ratio;
    expect(ratioOf("probes.probability")).toBeCloseTo(1, 12);
    expect(ratioOf("probes.failed")).toBeCloseTo(0.5, 12);
  });

  it.each([
    ["restarts.count", { restarts: 3 }, 3],
    ["readiness.flips", { readiness: { flips: 4, unready: 0 } }, 4],
    [
      "probes.byCause.port-exhaustion",
      { probes: { total: 9, failed: 7, byCause: causes({ "port-exhaustion": 5 }) } },
      5,
    ],
    ["workloads.a.b.failed", { workloads: [WORKLOAD] }, 6],
    ["workloads.a.b.byCause.conntrack-full", { workloads: [WORKLOAD] }, 2],
  ])("counts %s", (figure, changes, each) => {
    const run = { name: "without", settings: {}, results: boots([0, 0]) };
    const { standing, varied } = auditRuns({ ...CLAIM, figure }, boots([0, 0], changes), [run]).variants[0]!;
    expect([standing, varied]).toEqual([2 * each, 0]);
  });
});
