import { CHART_ENDINGS } from "../../report/charts/chart_file.ts";
import { CHART_KINDS, type ChartKind } from "../../report/charts/chart.ts";
import { singleValuesProblem, textOf } from "./option_values.ts";

/** A file to draw to, and what its name says of its content. */
export interface ChartPath {
  readonly path: string;
  readonly ending: (typeof CHART_ENDINGS)[number];
}

/** What the user asks of `sim chart`, read and checked. */
export interface ChartCommandOptions {
  /** A folder that `--out` wrote, or a file that `--format json` gave. */
  readonly result: string;
  /** `undefined` for the best one that the result gives. */
  readonly kind: ChartKind | undefined;
  /** Where to draw to; without it the charts are listed. */
  readonly file: ChartPath | undefined;
  /** A failure probability that is not to be exceeded. */
  readonly limit: number | undefined;
}

/** The options of `sim chart` as yargs takes them. */
export const CHART_OPTIONS = {
  kind: {
    type: "string",
    requiresArg: true,
    choices: CHART_KINDS,
    describe: "Which chart [default: the first of the list]",
  },
  out: { type: "string", requiresArg: true, describe: "File to draw to: .svg, .png or .vl.json; without it, a list" },
  limit: {
    type: "string",
    requiresArg: true,
    describe: "Failure probability not to be exceeded, such as 1e-4, for its line [default: by expect:]",
  },
} as const;

/**
 * Reads the values that yargs collected for `sim chart`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readChartOptions(values: Readonly<Record<string, unknown>>): ChartCommandOptions | string {
  const problem = singleValuesProblem(values, Object.keys(CHART_OPTIONS));
  if (problem !== undefined) return problem;
  const out = textOf(values["out"]);
  const file = out === undefined ? undefined : chartPath(out);
  if (typeof file === "string") return file;
  const limitText = textOf(values["limit"]);
  const limit = limitText === undefined ? undefined : readProbability(limitText);
  if (limitText !== undefined && limit === undefined) {
    return `Cannot use --limit ${JSON.stringify(limitText)}: it must be a probability above 0, and 1 at most, such as 1e-4`;
  }
  const kind = CHART_KINDS.find((name) => name === values["kind"]);
  if (kind !== undefined && file === undefined) {
    return `Cannot draw ${kind} to nowhere: add --out FILE, with a name that ends in ${endings()}`;
  }
  return { result: textOf(values["result"]) ?? "", kind, file, limit };
}

/**
 * A path to draw to, by how it ends.
 *
 * @returns a sentence if it ends otherwise.
 */
export function chartPath(path: string): ChartPath | string {
  const ending = CHART_ENDINGS.find((one) => path.toLowerCase().endsWith(one) && path.length > one.length);
  return ending === undefined
    ? `Cannot draw to ${JSON.stringify(path)}: its name must end in ${endings()}`
    : { path, ending };
}

function endings(): string {
  return `${CHART_ENDINGS.slice(0, -1).join(", ")} or ${CHART_ENDINGS.at(-1)}`;
}

function readProbability(text: string): number | undefined {
  const value = /^[0-9]*\.?[0-9]+(e[+-]?[0-9]{1,3})?$/i.test(text) ? Number(text) : Number.NaN;
  return value > 0 && value <= 1 ? value : undefined;
}
