import * as fc from "fast-check";
import { runReplication } from "../../../src/cluster/replication.ts";
import { chartsOfResult } from "../../../src/report/charts/charts_of_result.ts";
import { diffText } from "../../../src/report/diff_text.ts";
import { reportHtml } from "../../../src/report/html/report_html.ts";
import { readResult } from "../../../src/report/results/read_result.ts";
import type { Result } from "../../../src/report/results/result.ts";
import { runText } from "../../../src/report/run_text.ts";
import { sweepText } from "../../../src/report/sweep_text.ts";
import { reportOf } from "../../../src/report/write_up/report.ts";
import { reportMarkdown } from "../../../src/report/write_up/report_markdown.ts";
import { documentOf } from "../../../src/study/run_study.ts";
import { pointDocument } from "../../../src/study/sweep_document.ts";
import { clusteredDiff } from "../../report/diff_documents.ts";
import { digestOf, sweepOfFour } from "../../report/report_parts.ts";
import { failingRun } from "../../report/run_documents.ts";
import { scenarioOf } from "../../scenario/small_scenario.ts";
import { textOf } from "../corpus.ts";
import { must, type FuzzTarget } from "../fuzz_target.ts";
import { mutatedJson } from "../mutate_json.ts";
import { mutatedText } from "../mutate_text.ts";
import { checkDiagnostics } from "./scenario_targets.ts";

const PORTS = {
  format: "ports/1",
  kernel: "6.1",
  portWalk: "5.18+",
  range: [32_768, 60_999],
  settings: { seed: "s", reserved: [[33_000, 33_010]], listen: [], destinations: 1, gapSeconds: 0.25, close: "rst" },
  connects: [
    { at: 0, destination: 0, port: 36_374, candidates: 1 },
    { at: 0.25, destination: 0, error: "EADDRNOTAVAIL", candidates: 28_232 },
  ],
};

/** A real run of a small node, with its gauges. */
function realRun(): unknown {
  const scenario = scenarioOf(textOf("scenarios/nodelocaldns.yaml"), ["duration=2m", "replications=2"]);
  const results = [0, 1].map((replication) => runReplication(scenario, replication, { gaugeReadings: 20 }));
  const request = { scenario, file: "s.yaml", digest: "sha256:0", version: "0.1.0", overrides: {} };
  return documentOf(request, results, { wallSeconds: 1, cpuSeconds: 1 });
}

const DOCUMENTS: readonly unknown[] = [failingRun(), realRun(), sweepOfFour(), clusteredDiff(), PORTS];
const TEXTS = DOCUMENTS.map((document) => JSON.stringify(document));
const documentText = fc.oneof({ weight: 4, arbitrary: mutatedJson(DOCUMENTS, 2) }, mutatedText(TEXTS, 2));

const sweep = sweepOfFour();
const MANIFEST = {
  format: "sweep-manifest/1",
  sweep: sweep.sweep,
  engine: sweep.engine,
  scenario: sweep.scenario,
  design: sweep.design,
  vary: sweep.vary,
  overrides: sweep.overrides,
  settings: sweep.settings,
  points: sweep.points.map(({ point, values }) => ({ point, values })),
};

/** The manifest and the points of a sweep that has not come to its end, as the texts of its files. */
export const SWEEP_FILES: readonly (readonly [path: string, value: unknown])[] = [
  ["manifest.json", MANIFEST],
  ...sweep.points.map(({ point, values }) => {
    const text = pointDocument(sweep.sweep, { point, values }, failingRun());
    return [`points/0000${point}.json`, text] as const;
  }),
];

/** Results of runs, sweeps, comparisons and ports: read, told as text, as Markdown and in charts. */
export const RESULT: FuzzTarget = {
  name: "result",
  inputs: fc.oneof(
    { weight: 4, arbitrary: documentText.map((text) => [text]) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(mutatedJson([MANIFEST]), fc.array(mutatedJson([SWEEP_FILES[1]?.[1]], 2), { maxLength: 2 }))
        .map(([manifest, points]) => ["sweep", manifest, ...points]),
    },
  ),
  judge: ([text = "", manifest, ...points]) => {
    const reading =
      manifest === undefined
        ? readResult({ path: "x", document: { path: "x.json", text } })
        : readResult({
            path: "x",
            manifest: { path: "manifest.json", text: manifest },
            points: points.map((one, index) => ({ path: `points/${index}.json`, text: one })),
          });
    if (!reading.ok) return checkDiagnostics(reading.diagnostics);
    const { result } = reading;
    const charts = chartsOfResult(result);
    const said = terminalText(result);
    must(!/[\p{Cc}\u2028\u2029]/u.test(said.replaceAll("\n", "")), "The text has no control characters");
    must(said.length < 1_000_000, `The text is readable: it has ${said.length} characters`);
    JSON.stringify(charts);
    reportMarkdown(reportOf([{ result, charts }], { version: "0", title: undefined }));
    return "accepted";
  },
  budgetMs: 3000,
  shortRuns: 12,
};

/** The same as HTML, with the pictures of its charts. */
export const REPORT: FuzzTarget = {
  name: "report",
  inputs: documentText.map((text) => [text]),
  judge: async ([text = ""]) => {
    const reading = readResult({ path: "x", document: { path: "x.json", text } });
    if (!reading.ok) return checkDiagnostics(reading.diagnostics);
    const { result } = reading;
    const report = reportOf([{ result, charts: chartsOfResult(result) }], { version: "0", title: undefined });
    const html = await reportHtml(report, { script: "", digest: digestOf });
    const others = html.replace(/<script>[^<]*<\/script>|<script type="application\/json">[^<>]*<\/script>/g, "");
    must(!/<script/i.test(others), "A report has its own script and data, and no other");
    must(
      !/<(?:iframe|object|embed|img)\b|\son\w+=|(?:src|href)="(?!#)/i.test(html),
      "A report fetches and runs nothing",
    );
    return "accepted";
  },
  budgetMs: 10_000,
  shortRuns: 2,
};

function terminalText({ document }: Result): string {
  const options = { color: false, columns: 100 };
  switch (document.format) {
    case "run/1":
      return runText(document, options);
    case "sweep/1":
      return sweepText(document, { ...options, folder: undefined });
    case "diff/1":
      return diffText(document, options);
    case "ports/1":
      return "";
  }
}
