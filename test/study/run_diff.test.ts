import { describe, expect, it } from "vitest";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import type { DiffDocument } from "../../src/study/diff_document.ts";
import { diffFigures, verdictOf } from "../../src/study/diff_figures.ts";
import { mechanismFactors } from "../../src/study/mechanism.ts";
import { runDiff } from "../../src/study/run_diff.ts";
import { runOf, smallNode } from "../cluster/small_node.ts";
import { causes } from "../report/run_documents.ts";
import { studyHere } from "./study_here.ts";

// Goal: a comparison is a run of A with B for its variant, and its verdict is what the intervals allow.
// Method: boots of a small node in this thread, and counts that are made up.

const PODS = `sysctls:
  net.ipv4.ip_local_port_range: 36600 36999
pods:
  - name: default/app
    listen: [80]
    replicas: 9
    readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 }
    livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10, failureThreshold: 4 }
churn:
  - { name: agents, from: node, to: 10.10.85.10:9100, rate: 1/s }
`;
const LENGTH = ["replications=6", "duration=10m"];

function compare(settings: Readonly<Record<string, string>>): Promise<DiffDocument> {
  const own = Object.entries(settings).map(([path, value]) => `${path}=${value}`);
  const side = { file: "small.yaml", digest: "sha256:0" };
  const a = { ...side, scenario: smallNode(PODS, LENGTH), settings: {} };
  const b = { ...side, scenario: smallNode(PODS, [...LENGTH, ...own]), settings };
  const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
  return runDiff({ a, b, overrides: {}, margin: 0.2, version: "1.2.3", jobs: 1, clocks }, studyHere);
}

describe("runDiff", () => {
  it("calls a reservation of the NodePort better, and names what it changed", async () => {
    const document = await compare({ "sysctls.net.ipv4.ip_local_reserved_ports": "36704" });
    expect([document.verdict, document.decidedBy]).toEqual(["better", "probes.probability"]);
    expect(document.changed).toEqual(["reserved", "reachable", "startsOfOneNodePort", "inARow"]);
    expect(document.a.mechanism).toMatchObject({ cursor: "machine", nodePorts: 1, reachable: 1, livenessThreshold: 4 });
    expect(document.b.mechanism).toMatchObject({ nodePorts: 1, reachable: 0, reserved: 1, startsOfOneNodePort: 0 });
  });

  it("finds one and the same history where a setting has no effect", async () => {
    const document = await compare({ "sysctls.net.netfilter.nf_conntrack_max": "200000" });
    expect(document.isSameHistory).toBe(true);
    expect(document.a.engine).toEqual(document.b.engine);
  });

  it("has the figures that runs of the two sides have", async () => {
    const { a, b } = await compare({ "kubeProxy.version": "1.18.20" });
    const single = await studyHere({
      scenario: smallNode(PODS, [...LENGTH, "kubeProxy.version=1.18.20"]),
      file: "small.yaml",
      digest: "sha256:0",
      version: "1.2.3",
      overrides: {},
      jobs: 1,
      clocks: { wallSeconds: () => 0, cpuSeconds: () => 0 },
    });
    expect(b.probes).toEqual(single.probes);
    expect(b.settings.overrides).toEqual({ "kubeProxy.version": "1.18.20" });
    expect(a.settings.overrides).toEqual({});
    expect(b.mechanism.held).toBe(1);
  });
});

const EMPTY = runOf(smallNode("", ["duration=1s"]));

/** Boots of one node-week with 10,000 probes, of which so many failed, and with so many restarts. */
function madeUp(failed: readonly number[], restarts: readonly number[] = []): ReplicationResult[] {
  return failed.map((count, replication) => ({
    ...EMPTY,
    replication,
    duration: 7 * 86_400 * 1e6,
    restarts: restarts[replication] ?? 0,
    probes: { total: 10_000, failed: count, byCause: causes({ "nodeport-collision": count }) },
  }));
}

const STANDING = [110, 90, 120, 100, 80, 110, 90, 100];

describe("verdictOf", () => {
  const verdict = (a: ReplicationResult[], b: ReplicationResult[], margin = 0.2) => {
    const { verdict: found, decidedBy } = verdictOf(diffFigures(a, b, margin));
    return [found, decidedBy];
  };
  const halved = STANDING.map((count) => count / 2);

  it("is better or worse where the interval leaves 0 out", () => {
    expect(verdict(madeUp(STANDING), madeUp(halved))).toEqual(["better", "probes.probability"]);
    expect(verdict(madeUp(halved), madeUp(STANDING))).toEqual(["worse", "probes.probability"]);
  });

  it("is no difference where the interval lies within the margin, and undecided where it reaches beyond", () => {
    expect(verdict(madeUp(STANDING), madeUp(STANDING.toReversed()))).toEqual(["no-difference", "probes.probability"]);
    expect(verdict(madeUp(STANDING), madeUp(STANDING.toReversed()), 0.01)).toEqual(["undecided", "probes.probability"]);
  });

  it("goes by restarts before failures", () => {
    const restarts = [9, 12, 8, 10, 11, 9, 10, 8];
    expect(verdict(madeUp(STANDING), madeUp(halved, restarts))).toEqual(["worse", "restarts.perNodeWeek"]);
  });

  it("is open while so few restarts may matter, though failures do not differ", () => {
    const restarts = [0, 0, 8, 0, 0, 0, 0, 0];
    expect(verdict(madeUp(STANDING), madeUp(STANDING, restarts))).toEqual(["undecided", "restarts.perNodeWeek"]);
  });

  it("is undecided by one boot", () => {
    expect(verdict(madeUp([1000]), madeUp([1]))).toEqual(["undecided", "probes.probability"]);
  });

  it("is open where nothing failed among too few probes to exclude one in a million", () => {
    expect(verdict(madeUp([0, 0]), madeUp([0, 0]))).toEqual(["undecided", "probes.probability"]);
  });
});

describe("mechanismFactors", () => {
  const scenario = smallNode(PODS);
  const factors = (exposure: Partial<ReplicationResult["exposure"]>, kernel = "5.4.188") =>
    mechanismFactors(smallNode(PODS, [`kernel=${kernel}`]), [
      { ...runOf(scenario), exposure: { ...EMPTY.exposure, portRange: [1024, 65_000], ...exposure } },
    ]);
  const block = [30_080, 30_081, 30_082, 30_083, 30_084];

  it("counts NodePorts side by side, and those that the walk meets one step after the other", () => {
    const exposure = { nodePorts: [20_000, ...block], intercepted: [20_000, ...block] };
    expect(factors(exposure)).toMatchObject({ adjacent: 5, inARow: 3, reachable: 4, otherParity: 2 });
    expect(factors(exposure, "3.10.0-1160.el7")).toMatchObject({
      adjacent: 5,
      inARow: 5,
      reachable: 6,
      otherParity: 0,
    });
  });

  it("counts the starting places that reserved ports hand to the NodePort behind them", () => {
    const reservedPorts = Array.from({ length: 10 }, (_, index) => 30_070 + index);
    expect(factors({ nodePorts: block, intercepted: block, reservedPorts }).startsOfOneNodePort).toBe(6);
  });

  it("goes on at the top of the range where a walk wraps", () => {
    const exposure = { nodePorts: [1024], intercepted: [1024], reservedPorts: [64_996, 64_998] };
    expect(factors({ ...exposure, portRange: [1024, 64_999] }).startsOfOneNodePort).toBe(3);
  });

  it("knows who shares the cursor of each walk", () => {
    const cursors = ["3.10.0-1160.el7", "5.4.188", "5.15.24", "6.1"].map((kernel) => factors({}, kernel).cursor);
    expect(cursors).toEqual(["machine", "machine", "destination", "destination-and-epoch"]);
  });
});
