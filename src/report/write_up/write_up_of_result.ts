import type { Chart } from "../charts/chart.ts";
import type { Result } from "../results/result.ts";
import type { WriteUp } from "./block.ts";
import { diffWriteUp } from "./diff_write_up.ts";
import { portsWriteUp } from "./ports_write_up.ts";
import { runWriteUp } from "./run_write_up.ts";
import { sweepWriteUp } from "./sweep_write_up.ts";

/** A result and what is shown with it. */
export interface ReportedResult {
  readonly result: Result;
  readonly charts: readonly Chart[];
  /** The scenarios of a comparison as run, A's first; of other results the result itself has it. */
  readonly scenarios?: readonly string[];
}

/** The write-up of a result of any kind. */
export function writeUpOfResult({ result, charts, scenarios }: ReportedResult): WriteUp {
  const { document, scenario, pointsMissing = 0 } = result;
  const parts = { charts, scenarios: scenarios ?? (scenario === undefined ? [] : [scenario]) };
  switch (document.format) {
    case "run/1":
      return runWriteUp(document, parts);
    case "sweep/1":
      return sweepWriteUp(document, parts, pointsMissing);
    case "diff/1":
      return diffWriteUp(document, parts);
    case "ports/1":
      return portsWriteUp(document, parts);
  }
}
