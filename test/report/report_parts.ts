import { createHash } from "node:crypto";
import { chartsOfResult } from "../../src/report/charts/charts_of_result.ts";
import type { ResultDocument } from "../../src/report/results/result.ts";
import type { Report } from "../../src/report/write_up/report.ts";
import { reportOf } from "../../src/report/write_up/report.ts";
import type { SweepDocument } from "../../src/study/sweep_document.ts";
import { failingRun } from "./run_documents.ts";
import { madeUpSweep } from "./sweep_documents.ts";

/** The report on some documents, with all charts that they give. */
export function reportOfDocuments(...documents: readonly ResultDocument[]): Report {
  const results = documents.map((document) => ({
    result: { path: "made-up", document, scenario: "about: Made up.\nkernel: 6.1\n" },
    charts: chartsOfResult({ document }),
  }));
  return reportOf(results, { version: "0.1.0", title: undefined });
}

/** The digest that a page names its script by. */
export function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** A sweep over two paths whose second half has no failure. */
export function sweepOfFour(): SweepDocument {
  const values = ["1024 65000", "41000 65000"].flatMap((range) =>
    ["5.4.188", "6.1"].map((kernel) => ({ "sysctls.net.ipv4.ip_local_port_range": range, kernel })),
  );
  return madeUpSweep(values, (point) => {
    const run = failingRun();
    if (point <= 2) return run;
    const probes = {
      ...run.probes,
      failed: 0,
      probability: 0,
      interval: { ...run.probes.interval, low: 0, high: 4e-7 },
    };
    return { ...run, probes: { ...probes, exact: { probability: 0, assumptions: [] } } };
  });
}
