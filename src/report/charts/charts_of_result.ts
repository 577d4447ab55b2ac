import type { Result } from "../results/result.ts";
import { beforeAfterChart } from "./before_after.ts";
import type { Chart, ChartOptions } from "./chart.ts";
import { failureProbabilityChart } from "./failure_probability.ts";

/**
 * Every chart that a result can give, the best first, at most one of a kind. Pure: the same result gives the same
 * charts, here and in a browser. A chart for which the result has no data is left out.
 */
export function chartsOfResult({ document }: Pick<Result, "document">, options: ChartOptions = {}): readonly Chart[] {
  switch (document.format) {
    case "run/1":
    case "sweep/1":
      return present([failureProbabilityChart(document, options)]);
    case "diff/1":
      return present([beforeAfterChart(document)]);
    case "ports/1":
      return [];
  }
}

function present(charts: readonly (Chart | undefined)[]): readonly Chart[] {
  return charts.filter((chart) => chart !== undefined);
}
