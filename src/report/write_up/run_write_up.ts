import type { ExpectationDocument, RunDocument } from "../../study/run_document.ts";
import type { Chart } from "../charts/chart.ts";
import { causesByCount, findingParagraphs } from "../finding.ts";
import { formatCount, formatFigure, formatPercent, formatProbability, formatRate, formatSpan } from "../number_text.ts";
import { commandLines, runCommandWords } from "../shell_command.ts";
import type { Block, Section, Tile, Tone, WriteUp } from "./block.ts";
import { figureNotes, figureTable, intervalCell } from "./figure_table.ts";
import { remedyBlocks } from "./remedy_steps.ts";
import { detailBlocks, variantSections } from "./run_details.ts";
import { scenarioBlocks, settingRows } from "./settings_table.ts";

/** What a write-up takes beside the result's document. */
export interface WriteUpParts {
  /** The charts of the result, the best first. */
  readonly charts: readonly Chart[];
  /** The scenario as run, where the result's folder has it; of a comparison that of A, then that of B. */
  readonly scenarios: readonly string[];
}

/** The line length of commands that are to be copied. */
const COMMAND_COLUMNS = 90;

/** The write-up of a run: finding, charts, advice, figures, configuration, and how to get the same again. */
export function runWriteUp(document: RunDocument, { charts, scenarios }: WriteUpParts): WriteUp {
  const [headline = "", ...rest] = findingParagraphs(document);
  return {
    title: `Run of ${fileName(document.scenario.file)}`,
    about: document.scenario.about,
    tone: runTone(document),
    headline,
    blocks: [
      ...rest.map((text): Block => ({ kind: "text", text })),
      ...tilesOf(document),
      ...expectationWarnings(document),
      ...document.warnings.map((text): Block => ({ kind: "warning", text })),
    ],
    sections: [
      ...variantSections(document),
      ...chartSection(charts),
      ...section("What to change", remedyBlocks(document)),
      { title: "Figures", blocks: figureBlocks(document) },
      ...section("Details", detailBlocks(document)),
      { title: "Configuration as run", blocks: configurationBlocks(document, scenarios[0]) },
      { title: "The same run again", blocks: reproductionBlocks(document) },
    ],
  };
}

/** The charts of a result as a section; none without charts. */
export function chartSection(charts: readonly Chart[]): Section[] {
  return section(
    "Charts",
    charts.map((chart): Block => ({ kind: "chart", chart })),
  );
}

/** A section, unless nothing stands in it. */
export function section(title: string, blocks: readonly Block[]): Section[] {
  return blocks.length === 0 ? [] : [{ title, blocks }];
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.replace(/^.*[/\\]/, "");
}

function runTone({ probes, workloads, loadBalancers }: RunDocument): Tone {
  const isHit =
    probes.failed > 0 ||
    workloads.some(({ failed }) => failed > 0) ||
    loadBalancers.some(({ nodesMarkedUnhealthy }) => nodesMarkedUnhealthy > 0);
  if (isHit) return "bad";
  return probes.total > 0 ? "good" : "open";
}

/** What a capacity review asks first: how often, how sure, and whether anybody notices. */
function tilesOf(document: RunDocument): Block[] {
  const { probes, restarts, readiness, ports, exposure } = document;
  if (probes.total === 0) return [];
  const [low, high] = exposure.portRange;
  const level = formatPercent(probes.interval.level);
  const mean = probes.meanSecondsBetweenFailures;
  const exact = "probability" in probes.exact ? `; exact ${formatProbability(probes.exact.probability)}` : "";
  const tiles: Tile[] = [
    {
      label: "A probe fails with probability",
      value: formatProbability(probes.probability),
      detail: `${level}: ${intervalCell(probes.interval, formatProbability)}${exact}`,
    },
    {
      label: "One failure on a node every",
      value: mean === null ? "none seen" : formatSpan(mean),
      detail: `${formatCount(probes.failed)} of ${formatCount(probes.total)} probes`,
    },
    {
      label: "Restarts per node-week",
      value: formatRate(restarts.perNodeWeek),
      detail: `${level}: ${intervalCell(restarts.interval, formatRate)}; ${formatCount(readiness.flips)} changes of Ready`,
    },
    {
      label: "Source ports in use, at most",
      value: formatCount(ports.inUseMax),
      detail: `${formatPercent(ports.inUseMax / (high - low + 1))} of ${formatCount(high - low + 1)}`,
    },
  ];
  return [{ kind: "tiles", tiles }];
}

/** Expectations that did not hold: whoever reads the finding must know. */
function expectationWarnings({ expectations, settings }: RunDocument): Block[] {
  const failed = expectations.filter(({ ok }) => !ok);
  if (failed.length === 0) return [];
  const isOtherRun = Object.keys(settings.overrides).some((path) => path !== "seed");
  const note = isOtherRun ? " The scenario expects this of itself as it stands; this run changed it." : "";
  return [
    {
      kind: "warning",
      text: `${formatCount(failed.length)} of ${formatCount(expectations.length)} expectations did not hold: ${failed.map(expectationText).join("; ")}.${note}`,
    },
  ];
}

/** What was wanted and what came. */
function expectationText({ that, want, got }: ExpectationDocument): string {
  return `${that}, want ${want}, ${got === null ? "the run has no such figure" : `got ${formatFigure(got)}`}`;
}

function figureBlocks(document: RunDocument): Block[] {
  const notes = figureNotes(document);
  const causes = causesByCount(document.probes.byCause);
  return [
    figureTable(document),
    ...(causes.length === 0
      ? []
      : [
          {
            kind: "table",
            caption: "Why probes failed",
            columns: [{ title: "Cause" }, { title: "Failures", isNumber: true }, { title: "Share", isNumber: true }],
            rows: causes.map(({ cause, count }) => [
              cause,
              formatCount(count),
              formatPercent(count / document.probes.failed),
            ]),
          } as const,
        ]),
    ...(notes.length === 0
      ? []
      : [
          {
            kind: "fold",
            summary: "How the intervals were made, and what the exact values rest on",
            blocks: [{ kind: "list", items: notes }],
          } as const,
        ]),
  ];
}

function configurationBlocks(document: RunDocument, scenario: string | undefined): Block[] {
  return [
    {
      kind: "table",
      caption: "Settings of the run",
      columns: [{ title: "Setting" }, { title: "Value" }],
      rows: [["Scenario", document.scenario.file], ...settingRows(document)],
    },
    ...scenarioBlocks(scenario, "The scenario, with what the command line changed"),
  ];
}

function reproductionBlocks(document: RunDocument): Block[] {
  const { version, fingerprint, events, connections, packets } = document.engine;
  return [
    { kind: "code", language: "sh", lines: commandLines(runCommandWords(document), COMMAND_COLUMNS) },
    ...identityBlocks([
      ["portfall", version],
      ["Scenario file", document.scenario.digest],
      ["Seed", document.settings.seed],
      ["Fingerprint of the outcomes", fingerprint],
      [
        "Simulated",
        `${formatCount(events)} events, ${formatCount(connections)} connections, ${formatCount(packets)} packets`,
      ],
    ]),
  ];
}

/** What a repeated run is held against. */
export function identityBlocks(rows: readonly (readonly [name: string, value: string])[]): Block[] {
  return [
    {
      kind: "text",
      text: "With the same version, file and seed every figure comes out the same to the last digit, on any machine; the fingerprint tells at once.",
    },
    { kind: "table", caption: "What identifies the result", columns: [{ title: "What" }, { title: "Value" }], rows },
  ];
}
