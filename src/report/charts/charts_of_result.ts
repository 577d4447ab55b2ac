import type { RunDocument } from "../../study/run_document.ts";
import type { Result } from "../results/result.ts";
import { beforeAfterChart } from "./before_after.ts";
import { candidatesChart } from "./candidates.ts";
import { failureHeatmapChart } from "./failure_heatmap.ts";
import { occupancyChart } from "./occupancy.ts";
import { runsOfFailuresChart } from "./runs_of_failures.ts";
import { survivalChart } from "./survival_chart.ts";
import type { Chart, ChartOptions } from "./chart.ts";
import { portMapChart } from "./port_map.ts";
import { failureProbabilityChart } from "./failure_probability.ts";

/**
 * Every chart that a result can give, the best first, at most one of a kind. Pure: the same result gives the same
 * charts, here and in a browser. A chart for which the result has no data is left out.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=20s", "replications=1"]);
 * console.log(chartsOfResult({ document: run }).map(({ kind }) => kind)); // [ 'port-map', 'failure-probability' ]
 * ```
 */
export function chartsOfResult({ document }: Pick<Result, "document">, options: ChartOptions = {}): readonly Chart[] {
  switch (document.format) {
    case "run/1":
      return runCharts(document, options);
    case "sweep/1":
      return present([failureProbabilityChart(document, options), failureHeatmapChart(document)]);
    case "diff/1":
      return present([beforeAfterChart(document)]);
    case "ports/1":
      return present([candidatesChart(document), portMapChart(document)]);
  }
}

/** The charts of a run: a table that is full comes first, then the map if a NodePort can be picked. */
function runCharts(document: RunDocument, options: ChartOptions): readonly Chart[] {
  const { ports, conntrack, series, exposure } = document;
  const isFull =
    series !== undefined &&
    (ports.inUseMax >= series.portsInUse.capacity ||
      ports.timeWaitMax >= series.timeWait.capacity ||
      (conntrack.max > 0 && conntrack.peak >= conntrack.max));
  const occupancy = occupancyChart(document);
  const map = portMapChart(document);
  const isExposed = exposure.reachable.length > 0;
  return present([
    isFull ? occupancy : undefined,
    isExposed ? map : undefined,
    failureProbabilityChart(document, options),
    survivalChart(document, "restart"),
    survivalChart(document, "failure"),
    runsOfFailuresChart(document),
    isExposed ? undefined : map,
    isFull ? undefined : occupancy,
  ]);
}

function present(charts: readonly (Chart | undefined)[]): readonly Chart[] {
  return charts.filter((chart) => chart !== undefined);
}
