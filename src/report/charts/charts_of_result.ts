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
 */
export function chartsOfResult({ document }: Pick<Result, "document">, options: ChartOptions = {}): readonly Chart[] {
  switch (document.format) {
    case "run/1":
      return present([
        portMapChart(document),
        failureProbabilityChart(document, options),
        survivalChart(document, "restart"),
        survivalChart(document, "failure"),
        runsOfFailuresChart(document),
        occupancyChart(document),
      ]);
    case "sweep/1":
      return present([failureProbabilityChart(document, options), failureHeatmapChart(document)]);
    case "diff/1":
      return present([beforeAfterChart(document)]);
    case "ports/1":
      return present([candidatesChart(document), portMapChart(document)]);
  }
}

function present(charts: readonly (Chart | undefined)[]): readonly Chart[] {
  return charts.filter((chart) => chart !== undefined);
}
