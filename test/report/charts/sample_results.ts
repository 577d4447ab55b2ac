import { portsDocument } from "../../app/ports_run.ts";
import type { Chart } from "../../../src/report/charts/chart.ts";
import { chartsOfResult } from "../../../src/report/charts/charts_of_result.ts";
import type { ResultDocument } from "../../../src/report/results/result.ts";
import type { RunDocument, SurvivalDocument } from "../../../src/study/run_document.ts";
import type { GaugeSeries } from "../../../src/study/series_figures.ts";
import { clusteredDiff } from "../diff_documents.ts";
import { causes, failingRun, heldRun, workloadOf } from "../run_documents.ts";
import { madeUpSweep } from "../sweep_documents.ts";

/** A run with all that charts are made of: a reservation before a NodePort, lives of pods and nodes, and readings. */
export function keptRun(): RunDocument {
  const run = failingRun();
  const interval = { low: 9, high: 14, level: 0.95, method: "made up" };
  const runOfFailures = (length: number, perNodeWeek: number) => ({
    length,
    isAtLeast: false,
    count: 10,
    perNodeWeek,
    interval: { ...interval, low: perNodeWeek * 0.7, high: perNodeWeek * 1.4 },
  });
  const life = { perPod: survival(72, 20, 0.7), perNode: survival(8, 8, 0) };
  return {
    ...run,
    exposure: { ...run.exposure, reservedBlocks: [[37_000, 38_819]], heldBlocks: [[8080, 8080]], isIntercepted: true },
    probes: {
      ...run.probes,
      longestRunOfFailures: 3,
      runsOfFailures: [runOfFailures(1, 1_800), runOfFailures(2, 40), runOfFailures(3, 2)],
    },
    restarts: {
      ...run.restarts,
      count: 2,
      perNodeWeek: 1.75,
      exact: { perNodeWeek: 1.6, runs: [{ length: 1, perNodeWeek: 1_750 }], assumptions: [] },
    },
    life: {
      firstFailure: life,
      firstRestart: life,
      nodesHitInAWeek: { failure: { share: 1, interval }, restart: { share: 0.4, interval } },
    },
    series: {
      everySeconds: 21_600,
      portsInUse: gauge([1_080, 1_090, 1_075, 1_101], 63_976),
      timeWait: gauge([1_000, 1_010, 990, 1_040], 65_536),
      conntrack: gauge([2_000, 2_210, 2_100, 2_150], 2_400),
    },
  };
}

function gauge(mean: readonly number[], capacity: number): GaugeSeries {
  return { mean, min: mean.map((value) => value - 10), max: mean.map((value) => value + 10), capacity };
}

function survival(watched: number, events: number, end: number): SurvivalDocument {
  const curve = [0.25, 0.5, 0.75, 1].map((share) => {
    const surviving = 1 - (1 - end) * share;
    return { atSeconds: 86_400 * share, surviving, low: surviving * 0.8, high: Math.min(1, surviving * 1.2) };
  });
  const medianInterval = { low: 30_000, high: null, level: 0.95, method: "made up" };
  return { watched, events, medianSeconds: end < 0.5 ? 43_200 : null, medianInterval, curve };
}

/** A run whose probes fail with a probability, by estimate and exactly. */
function runAt(probability: number): RunDocument {
  const run = probability === 0 ? heldRun() : failingRun();
  const { probes } = run;
  const interval = { ...probes.interval, low: probability * 0.9, high: Math.max(3.8e-7, probability * 1.1) };
  return {
    ...run,
    probes: {
      ...probes,
      probability,
      interval,
      failed: Math.round(probability * probes.total),
      exact: { probability: probability * 1.02, assumptions: [] },
    },
    expectations: [{ that: "probes.probability", want: "between 1.5e-4 and 4e-4", got: probability, ok: true }],
  };
}

/** A workload of which so many of 10 connects failed. */
function failingWorkload(name: string, failed: number): RunDocument["workloads"][number] {
  return workloadOf(name, { connects: 10, failed, byCause: causes({ "connect-timeout": failed }) });
}

/** Documents of every format, small enough for their charts to be read as text. */
export async function sampleDocuments(): Promise<Readonly<Record<string, ResultDocument>>> {
  const lows = ["1024", "16384", "40000"];
  const kernels = ["3.10.0-1160.el7", "5.4.188", "6.1"];
  const grid = lows.flatMap((low) =>
    ["1/s", "10/s"].map((rate) => ({ "portRange.low": low, "churn.zabbix.rate": rate })),
  );
  const shares = [0, 0, 2.2e-4, 2.4e-4, 7.1e-2, 6.9e-2];
  const run = keptRun();
  return {
    run,
    "run-variants": { ...run, variants: [{ ...runAt(0), name: 'kube-proxy 1.18 <holds> & "waits"' }] },
    "run-nothing": heldRun(),
    "run-connects": {
      ...heldRun(),
      workloads: [failingWorkload("pod-other-node", 10), failingWorkload("service-other-node", 4)],
      variants: [{ ...heldRun(), workloads: [failingWorkload("pod-other-node", 0)], name: "open" }],
    },
    sweep: madeUpSweep(
      lows.map((low) => ({ "portRange.low": low })),
      (point) => runAt([2.2e-4, 5e-4, 0][point - 1]!),
    ),
    "sweep-kernels": madeUpSweep(
      kernels.map((kernel) => ({ kernel })),
      (point) => runAt([2.8e-4, 2.2e-4, 2.2e-4][point - 1]!),
    ),
    "sweep-grid": madeUpSweep(grid, (point) => runAt(shares[point - 1]!)),
    diff: clusteredDiff(),
    ports: await portsDocument(["--range", "40000 40039", "--close", "keep", "--connects", "44"]),
    "ports-reserved": await portsDocument(["--connects", "40", "--destinations", "40", "--reserved", "38000-39999"]),
  };
}

/** All charts of all samples, by `sample/kind`. */
export async function sampleCharts(): Promise<ReadonlyMap<string, Chart>> {
  const documents = Object.entries(await sampleDocuments());
  return new Map(
    documents.flatMap(([name, document]) =>
      chartsOfResult({ document }).map((chart) => [`${name}-${chart.kind}`, chart] as const),
    ),
  );
}
