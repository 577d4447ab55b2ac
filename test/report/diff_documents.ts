import type { DiffDocument, DiffFigure, DiffSideDocument, MechanismFactors } from "../../src/study/diff_document.ts";
import { causes, failingRun } from "./run_documents.ts";

/** A figure whose interval is so far to either side of the difference. */
export function figureOf(figure: string, values: readonly [a: number, b: number], half: number): DiffFigure {
  const [a, b] = values;
  const difference = b - a;
  const interval = { low: difference - half, high: difference + half, level: 0.95, method: "made up" };
  const change = Math.abs(difference) <= half ? "undecided" : difference < 0 ? "lower" : "higher";
  return { figure, a, b, difference, interval, margin: 0.2 * a, varianceReduction: null, change };
}

/** A node on which eight scattered NodePorts can be picked. */
const SCATTERED: MechanismFactors = {
  portWalk: "5.12-5.17",
  cursor: "destination",
  portRange: [1024, 65000],
  nodePorts: 18,
  reachable: 9,
  reserved: 0,
  held: 0,
  otherParity: 9,
  adjacent: 1,
  inARow: 1,
  startsOfOneNodePort: 1,
  connectsPerEpoch: 2,
  livenessThreshold: 3,
};

/** One side: the made-up run `failingRun` with other factors, settings and probes. */
export function sideOf(
  name: string,
  mechanism: Partial<MechanismFactors> = {},
  parts: Partial<DiffSideDocument> = {},
): DiffSideDocument {
  const { format: _format, scenario, expectations: _expectations, engine, ...figures } = failingRun();
  const { events, connections, packets, fingerprint } = engine;
  return {
    ...figures,
    ...scenario,
    name,
    mechanism: { ...SCATTERED, ...mechanism },
    engine: { events, connections, packets, fingerprint },
    ...parts,
  };
}

/** Adjacent NodePorts under B: restarts where A has none, by the same mean. */
export function clusteredDiff(parts: Partial<DiffDocument> = {}): DiffDocument {
  const { settings, probes } = sideOf("a");
  const random = { ...settings, overrides: { duration: "1h", "services.web.nodePorts": "random" } };
  const rows = { ...probes, longestRunOfFailures: 5, byCause: causes({ "nodeport-collision": 2_200 }) };
  return {
    format: "diff/1",
    settings: {
      seed: "nodelocaldns",
      replications: 12,
      durationSeconds: 3_600,
      margin: 0.2,
      overrides: { duration: "1h" },
    },
    verdict: "worse",
    decidedBy: "restarts.perNodeWeek",
    figures: [
      { ...figureOf("restarts.perNodeWeek", [0, 315], 44), margin: 1 },
      { ...figureOf("probes.probability", [2.74e-4, 2.86e-4], 5.5e-5), varianceReduction: 1.84 },
      { ...figureOf("workloads.zabbix.probability", [0, 0], 1e-6), margin: 1e-6 },
      { ...figureOf("ports.inUseMax", [1_250, 1_250], 3), change: "no-difference", varianceReduction: 0.5 },
    ],
    isSameHistory: false,
    changed: ["adjacent", "inARow", "connectsPerEpoch"],
    a: sideOf("a", {}, { settings: random }),
    b: sideOf(
      "b",
      { adjacent: 18, inARow: 9 },
      { probes: rows, settings: { ...settings, overrides: { duration: "1h" } } },
    ),
    engine: { version: "1.2.3", cpuSeconds: 30, wallSeconds: 20 },
    ...parts,
  };
}
