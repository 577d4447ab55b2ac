import type { DiffDocument, DiffFigure, DiffSideDocument, DiffVerdict } from "../../study/diff_document.ts";
import type { RunDocument } from "../../study/run_document.ts";
import {
  CHANGES,
  diffCommandWords,
  diffHeadline,
  diffSideText,
  diffWarnings,
  figureName,
  figureValue,
  pairingNote,
  pairingText,
  signedValue,
} from "../diff_text.ts";
import { mechanismSentences } from "../mechanism_text.ts";
import { formatCount, formatPercent } from "../number_text.ts";
import { pickablePorts } from "../remedy_cost.ts";
import { commandLines } from "../shell_command.ts";
import { numberColumn } from "./block.ts";
import type { Block, Tone, WriteUp } from "./block.ts";
import { figureNotes } from "./figure_table.ts";
import { remedyBlocks } from "./remedy_steps.ts";
import { chartSection, fileName, identityBlocks, section } from "./run_write_up.ts";
import type { WriteUpParts } from "./run_write_up.ts";
import { scenarioBlocks, settingRows } from "./settings_table.ts";
import { capitalised } from "../../scenario/wording.ts";

const COMMAND_COLUMNS = 90;

const TONES: Readonly<Record<DiffVerdict, Tone>> = {
  better: "good",
  worse: "bad",
  "no-difference": "open",
  undecided: "open",
};

/** The write-up of a comparison: the verdict, why, charts, which side to take and at what cost, and all figures. */
export function diffWriteUp(document: DiffDocument, { charts, scenarios }: WriteUpParts): WriteUp {
  const { a, b, verdict } = document;
  return {
    title: `Comparison of two settings of ${fileName(a.file)}${a.file === b.file ? "" : ` and ${fileName(b.file)}`}`,
    about: a.about,
    tone: TONES[verdict],
    headline: diffHeadline(document),
    blocks: [
      { kind: "list", items: [`A: ${diffSideText(a, document)}`, `B: ${diffSideText(b, document)}`] },
      ...diffWarnings(document).map((text): Block => ({ kind: "warning", text })),
    ],
    sections: [
      { title: "Why", blocks: [{ kind: "list", items: mechanismSentences(document) }] },
      ...chartSection(charts),
      ...section("What to change", adviceBlocks(document)),
      { title: "Figures", blocks: figureBlocks(document) },
      { title: "Configuration as run", blocks: configurationBlocks(document, scenarios) },
      { title: "The same comparison again", blocks: reproductionBlocks(document) },
    ],
  };
}

/** Which side to take, what that costs, and what is left to do on it. */
function adviceBlocks(document: DiffDocument): Block[] {
  const { verdict, figures, a, b } = document;
  const name = verdict === "worse" ? "A" : "B";
  const side = verdict === "worse" ? a : b;
  const rest = remedyBlocks(asRun(side, document));
  const left: Block[] =
    rest.length === 0 ? [] : [{ kind: "text", text: `What is left to change under ${name}:` }, ...rest];
  if (verdict === "undecided") {
    return [
      { kind: "text", text: "No advice between A and B: the comparison leaves it open. Use more replications." },
      ...left,
    ];
  }
  if (verdict === "no-difference") {
    return [{ kind: "text", text: "Either will do: at this precision nothing differs that matters." }, ...left];
  }
  const [from, to] = verdict === "worse" ? [b, a] : [a, b];
  const other = verdict === "worse" ? "B" : "A";
  const costs = figures.filter(({ change }) => change === (verdict === "worse" ? "lower" : "higher"));
  const costText =
    costs.length === 0
      ? `No figure is higher under ${name} than under ${other}.`
      : `What is higher under ${name} than under ${other}: ${costs.map((figure) => costOf(figure, verdict)).join("; ")}.`;
  const [before, after] = [pickablePorts(asRun(from, document)), pickablePorts(asRun(to, document))];
  const ports =
    before === after ? "" : ` Source ports that connect() may pick: ${formatCount(before)} → ${formatCount(after)}.`;
  const advice = verdict === "worse" ? "Stay with A" : "Take B";
  const decided = figures.find(({ figure }) => figure === document.decidedBy);
  const effect = decided === undefined ? "" : `${capitalised(costOf(decided, verdict))}. `;
  return [{ kind: "steps", steps: [{ text: `${advice}.`, cost: `${effect}${costText}${ports}` }] }, ...left];
}

/** What becomes of a figure on the side that is to be taken: from the other side's value to this one's. */
function costOf(figure: DiffFigure, verdict: DiffVerdict): string {
  const [from, to] = verdict === "worse" ? [figure.b, figure.a] : [figure.a, figure.b];
  return `${figureName(figure.figure)} ${figureValue(figure, from)} → ${figureValue(figure, to)}`;
}

function figureBlocks(document: DiffDocument): Block[] {
  const { figures, a, b } = document;
  const level = figures[0]?.interval.level ?? 0.95;
  const methods = [...new Set(figures.map(({ interval }) => interval.method))];
  const pairings = figures.flatMap(({ figure, varianceReduction }) =>
    varianceReduction === null ? [] : [`${figureName(figure)}: ${pairingText(varianceReduction)}.`],
  );
  const notes = [
    pairingNote(document),
    ...methods.map((method) => `Method: ${method}.`),
    ...pairings,
    ...[a, b].flatMap((side, index) => figureNotes(side).map((note) => `${index === 0 ? "A" : "B"}: ${note}`)),
  ];
  return [
    {
      kind: "table",
      caption: "Paired differences: B less A",
      columns: [
        { title: "Figure" },
        ...["A", "B", "Difference", `${formatPercent(level)} interval`, "Does not matter up to"].map(numberColumn),
        { title: "Change" },
      ],
      rows: figures.map(figureRow),
    },
    {
      kind: "fold",
      summary: "How the two were compared, and what the exact values rest on",
      blocks: [{ kind: "list", items: notes }],
    },
  ];
}

function figureRow(figure: DiffFigure): string[] {
  const { a, b, difference, interval, margin, change } = figure;
  const isEmpty = a === 0 && b === 0;
  return [
    figureName(figure.figure),
    figureValue(figure, a),
    figureValue(figure, b),
    signedValue(figure, difference),
    `${signedValue(figure, interval.low)} to ${signedValue(figure, interval.high)}`,
    figureValue(figure, margin),
    isEmpty ? "none on either side" : CHANGES[change],
  ];
}

function configurationBlocks({ a, b }: DiffDocument, [scenarioA, scenarioB]: readonly string[]): Block[] {
  const values = new Map(settingRows(b));
  const rows = settingRows(a).map(([name, value]) => [name, value, values.get(name) ?? ""]);
  return [
    {
      kind: "table",
      caption: "Settings of both sides",
      columns: [{ title: "Setting" }, { title: "A" }, { title: "B" }],
      rows: [["Scenario", a.file, b.file], ...rows],
    },
    ...scenarioBlocks(scenarioA, "The scenario of A as run"),
    ...scenarioBlocks(scenarioB, "The scenario of B as run"),
  ];
}

function reproductionBlocks(document: DiffDocument): Block[] {
  const { a, b, engine, settings } = document;
  return [
    { kind: "code", language: "sh", lines: commandLines(diffCommandWords(document), COMMAND_COLUMNS) },
    ...identityBlocks([
      ["portfall", engine.version],
      ["Scenario file of A", a.digest],
      ["Scenario file of B", b.digest],
      ["Seed", settings.seed],
      ["Fingerprints of the outcomes", `A ${a.engine.fingerprint}, B ${b.engine.fingerprint}`],
    ]),
  ];
}

/** A side as the document of a run. */
function asRun(side: DiffSideDocument, { engine }: DiffDocument): RunDocument {
  const { file, digest, about } = side;
  return {
    ...side,
    format: "run/1",
    scenario: { file, digest, about },
    expectations: [],
    engine: { ...side.engine, ...engine },
  };
}
