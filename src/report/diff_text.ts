import type { DiffDocument, DiffFigure, DiffSideDocument } from "../study/diff_document.ts";
import { mechanismSentences, reasonText } from "./mechanism_text.ts";
import {
  formatCount,
  formatFigure,
  formatMeanCount,
  formatPercent,
  formatProbability,
  formatRate,
  formatSpan,
  plural,
} from "./number_text.ts";
import { commandLines, overrideWords, shellWord } from "./shell_command.ts";
import { item, labelled, printable, textStyle, wrapText } from "./text_layout.ts";
import type { RunTextOptions } from "./run_text.ts";

/**
 * The report of a comparison as text for a terminal, with a line feed at its end: the verdict with its interval and its
 * mechanism first, then the two sides, all figures, and how to get the same again.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const source = { file, text: readFileSync(file, "utf8") };
 * const diff = await diffScenario(source, { b: ["kubeProxy.version=1.23.4"] }, ["duration=20s", "replications=2"]);
 * console.log(diffText(diff, { color: false, columns: 100 }).split("\n")[0]);
 * // A and B have one and the same history, outcome by outcome, in 2 boots: what differs between them has
 * ```
 */
export function diffText(document: DiffDocument, options: RunTextOptions): string {
  const columns = Math.min(100, Math.max(60, options.columns));
  const { bold } = textStyle(options.color);
  const blocks: (readonly string[])[] = [
    wrapText(diffHeadline(document), columns).map(bold),
    [
      ...labelled("A", diffSideText(document.a, document), columns),
      ...labelled("B", diffSideText(document.b, document), columns),
    ],
    [bold("Why"), ...mechanismSentences(document).flatMap((sentence) => item("-", sentence, columns))],
    [bold("Figures, A → B"), ...document.figures.flatMap((figure) => figureLines(figure, columns))],
    [bold("Pairing"), ...pairingLines(document, columns)],
  ];
  const warnings = diffWarnings(document);
  if (warnings.length > 0) blocks.push([bold("Warnings"), ...warnings.flatMap((one) => item("!", one, columns))]);
  blocks.push([bold("The same comparison again"), ...commandLines(diffCommandWords(document), columns)]);
  blocks.push(wrapText(engineText(document), columns));
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** One sentence or two: the verdict, the figure that it rests on, its interval, and why. */
export function diffHeadline(document: DiffDocument): string {
  const { verdict, decidedBy, figures, isSameHistory, settings } = document;
  const figure = figures.find((one) => one.figure === decidedBy);
  if (figure === undefined) return "Undecided: no probe was sent on one of the sides.";
  if (isSameHistory) {
    return `A and B have one and the same history, outcome by outcome, in ${bootsText(settings.replications)}: what differs between them has no effect here.`;
  }
  const change = `${figureName(figure.figure)} ${figureValue(figure, figure.a)} → ${figureValue(figure, figure.b)}`;
  const interval = intervalText(figure);
  switch (verdict) {
    case "better":
    case "worse":
      return `B is ${verdict} than A: ${change} (${interval}), because ${reasonText(document, figure)}.`;
    case "no-difference":
      return `No difference at this precision: ${change} (${interval}); up to ${figureValue(figure, figure.margin)} either way does not matter here.`;
    case "undecided":
      return (
        `Undecided: ${change} (${interval}). ` +
        (settings.replications === 1
          ? "One boot cannot show how much boots differ: use more replications."
          : `Up to ${figureValue(figure, figure.margin)} either way does not matter, and the interval reaches further, on both sides of 0 or of that: use more replications.`)
      );
  }
}

/** What a side is: its file where the two differ, its settings, its kernel. */
export function diffSideText(side: DiffSideDocument, { a, b, settings }: DiffDocument): string {
  const own = Object.entries(side.settings.overrides).filter(([path, value]) => settings.overrides[path] !== value);
  const changes = own.map(([path, value]) => `${path}=${printable(value)}`).join(", ");
  const file = a.file === b.file ? "the file" : printable(side.file);
  const what = changes === "" ? (a.file === b.file ? "the file as it stands" : file) : `${file} with ${changes}`;
  return `${what}; kernel ${printable(side.settings.kernel)}, walk ${side.settings.portWalk}`;
}

const NAMES: Readonly<Record<string, string>> = {
  "restarts.perNodeWeek": "restarts per node-week",
  "readiness.flipsPerNodeWeek": "Ready flips per node-week",
  "probes.probability": "failure probability of a probe",
  "ports.inUseMax": "ports in use, at most",
  "ports.timeWaitMax": "TIME_WAIT, at most",
  "conntrack.peak": "conntrack entries, at most",
};

/** A figure of a comparison in words. */
export function figureName(figure: string): string {
  const workload = /^workloads\.(.+)\.probability$/.exec(figure)?.[1];
  return workload === undefined ? (NAMES[figure] ?? figure) : `failure probability of ${printable(workload)}`;
}

/** A value of a figure in the form that its kind has. */
export function figureValue({ figure }: DiffFigure, value: number): string {
  if (figure.endsWith("probability")) return formatProbability(value);
  return COUNTS.has(figure) ? formatMeanCount(value) : formatRate(value);
}

/** Figures that are means of counts: cut to three digits they would look like counts, and their difference wrong. */
const COUNTS: ReadonlySet<string> = new Set(["ports.inUseMax", "ports.timeWaitMax", "conntrack.peak"]);

/** A difference with its sign; `0` has none. */
export function signedValue(figure: DiffFigure, value: number): string {
  return value === 0 ? "0" : `${value < 0 ? "−" : "+"}${figureValue(figure, Math.abs(value))}`;
}

function intervalText(figure: DiffFigure): string {
  const { low, high, level } = figure.interval;
  return `difference ${signedValue(figure, figure.difference)}, ${formatPercent(level)} interval ${signedValue(figure, low)} to ${signedValue(figure, high)}`;
}

/** What became of a figure, in words. */
export const CHANGES: Readonly<Record<DiffFigure["change"], string>> = {
  lower: "lower",
  higher: "higher",
  "no-difference": "no difference at this precision",
  undecided: "undecided",
};

function figureLines(figure: DiffFigure, columns: number): string[] {
  const { a, b, varianceReduction: factor } = figure;
  const isEmpty = a === 0 && b === 0;
  const values = isEmpty ? "none on either side" : `${figureValue(figure, a)} → ${figureValue(figure, b)}`;
  const change = isEmpty ? "" : `${CHANGES[figure.change]}; `;
  const margin = `margin ${figureValue(figure, figure.margin)}`;
  const pairing = factor === null ? "" : `; ${pairingText(factor)}`;
  const text = `${change}${values}; ${intervalText(figure)}; ${margin}${pairing}`;
  return item("-", `${figureName(figure.figure)}: ${text}`, columns);
}

/** What pairing did to the variance of one difference. */
export function pairingText(factor: number): string {
  const times = formatFigure(Number(factor.toPrecision(2)));
  if (times === "1") return "pairing leaves the variance as it is";
  return factor >= 1
    ? `pairing divides the variance by ${times}`
    : `pairing does not help (variance divided by ${times})`;
}

/** The warnings of both sides, each with its side, those that are the same only once. */
export function diffWarnings({ a, b }: DiffDocument): string[] {
  const ofBoth = a.warnings.filter((warning) => b.warnings.includes(warning));
  const alone = (side: DiffSideDocument, name: string): string[] =>
    side.warnings.filter((warning) => !ofBoth.includes(warning)).map((warning) => `${name}: ${warning}`);
  return [...ofBoth, ...alone(a, "A"), ...alone(b, "B")];
}

function pairingLines(document: DiffDocument, columns: number): string[] {
  return wrapText(pairingNote(document), columns - 2).map((line) => `  ${line}`);
}

/** What the two sides share, and what the intervals and margins of a comparison are. */
export function pairingNote({ settings }: DiffDocument): string {
  const { replications, durationSeconds, seed, margin } = settings;
  return (
    `${bootsText(replications)} of ${formatSpan(durationSeconds)}, each under A and under B with seed ${printable(seed)}: all random draws ` +
    `that both have are the same. Each interval holds by itself, with ${formatPercent(0.95)} confidence. Margins are ${formatPercent(margin)} of A's ` +
    "figure, or a least one where that is near 0. What pairing did to a variance is an estimate from these boots."
  );
}

function bootsText(replications: number): string {
  return plural(formatCount(replications), "boot");
}

/** The command that yields the document again, one shell word per element, quoted where a POSIX shell needs it. */
export function diffCommandWords({ a, b, settings }: DiffDocument): string[] {
  const files = a.file === b.file ? [shellWord(a.file)] : [shellWord(a.file), shellWord(b.file)];
  const sideWords = (option: string, side: DiffSideDocument): string[] =>
    Object.entries(side.settings.overrides).flatMap(([path, value]) =>
      settings.overrides[path] === value ? [] : [option, shellWord(`${path}=${value}`)],
    );
  const words = ["npx", "--no", "sim", "diff", ...files, ...sideWords("--a", a), ...sideWords("--b", b)];
  words.push("--margin", `${Number((settings.margin * 100).toPrecision(6))}%`, "--seed", shellWord(settings.seed));
  return words.concat(overrideWords(settings.overrides));
}

function engineText({ engine, a, b }: DiffDocument): string {
  return (
    `portfall ${printable(engine.version)}, fingerprints ${a.engine.fingerprint} and ${b.engine.fingerprint}, in ` +
    `${formatSpan(engine.wallSeconds)} (${formatSpan(engine.cpuSeconds)} of CPU).`
  );
}
