import type { z } from "zod";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import { quote } from "../../scenario/diagnostic.ts";
import { JSON_LEVELS_MOST, tooDeepInJson } from "../../scenario/json_depth.ts";
import { findJsonValue, jsonPathAt } from "../../scenario/json_places.ts";
import { SourceText } from "../../scenario/source_text.ts";
import type { PointDocument } from "../../study/sweep_document.ts";
import { sweepDocument } from "../../study/sweep_document.ts";
import { manifestSchema, pointSchema, RESULT_SCHEMAS } from "./document_schemas.ts";
import type { Result, ResultDocument, ResultReading, ResultText, ResultTexts } from "./result.ts";
import { RESULT_FORMATS } from "./result.ts";

/** A document, or all that is wrong with its text. */
type Reading<Document> =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** The most problems that are told of one file: one wrong part is wrong in many places. */
const MOST_PROBLEMS = 5;

/**
 * Reads the texts of a result's files: the document of a run, a sweep, a comparison or of `sim ports`, or what a sweep
 * has finished so far. It reads no file itself and throws nothing.
 *
 * @returns the result, or diagnostics with the place: no JSON, another format or version, or a field of another kind.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=20s", "replications=1"]);
 * const read = readResult({ path: "night", document: { path: "night/result.json", text: JSON.stringify(run) } });
 * if (read.ok) console.log(read.result.document.format); // run/1
 * ```
 */
export function readResult(texts: ResultTexts): ResultReading {
  const extra = texts.scenario === undefined ? {} : { scenario: texts.scenario.text };
  if (texts.document !== undefined) {
    const read = readDocument(texts.document);
    return read.ok ? { ok: true, result: { path: texts.path, document: read.document, ...extra } } : read;
  }
  if (texts.manifest === undefined) return { ok: false, diagnostics: [noResult(texts.path)] };
  const sweep = readUnfinishedSweep(texts.path, texts.manifest, texts.points ?? []);
  return sweep.ok ? { ok: true, result: { ...sweep.result, ...extra } } : sweep;
}

/** The diagnostic of a path that holds no result; `why` completes "Cannot read the result: …". */
export function noResult(path: string, why = "there is neither a result.json nor a manifest.json"): Diagnostic {
  return {
    file: path,
    line: 1,
    column: 1,
    length: 0,
    message: `Cannot read the result: ${why}`,
    sourceLine: "",
    expected: "a folder that `sim run --out` or `sim sweep --out` wrote, or a file that `--format json` gave",
    toMend: "correct the path, or make a result with `sim run SCENARIO --out DIR`",
  };
}

/** Reads one of the documents of `RESULT_FORMATS`. */
function readDocument(file: ResultText): Reading<ResultDocument> {
  const parsed = parseJson(file);
  if (!parsed.ok) return parsed;
  const given = formatOf(parsed.document);
  const format = RESULT_FORMATS.find((name) => name === given);
  return format === undefined
    ? { ok: false, diagnostics: [formatProblem(file, given, RESULT_FORMATS)] }
    : check(file, parsed.document, RESULT_SCHEMAS[format]);
}

/** What a sweep has finished so far. */
function readUnfinishedSweep(path: string, manifestText: ResultText, pointTexts: readonly ResultText[]): ResultReading {
  const manifest = readAs(manifestText, "sweep-manifest/1", manifestSchema);
  if (!manifest.ok) return manifest;
  const points: PointDocument[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const text of pointTexts) {
    const point = readAs(text, "sweep-point/1", pointSchema);
    if (!point.ok) diagnostics.push(...point.diagnostics);
    else if (point.document.sweep === manifest.document.sweep) points.push(point.document);
    else diagnostics.push(strayPoint(text));
  }
  if (points.length === 0 && diagnostics.length === 0) {
    diagnostics.push(noResult(path, "no point of this sweep is finished; go on with `sim sweep --resume`"));
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const missing = manifest.document.points.length - points.length;
  const document = sweepDocument(manifest.document, points, undefined);
  const result: Result = { path, document, ...(missing === 0 ? {} : { pointsMissing: missing }) };
  return { ok: true, result };
}

function readAs<Document>(file: ResultText, format: string, schema: z.ZodType<Document>): Reading<Document> {
  const parsed = parseJson(file);
  if (!parsed.ok) return parsed;
  const given = formatOf(parsed.document);
  if (given !== format) return { ok: false, diagnostics: [formatProblem(file, given, [format])] };
  return check(file, parsed.document, schema);
}

function parseJson({ path, text }: ResultText): Reading<unknown> {
  const deep = tooDeepInJson(text);
  if (deep !== undefined) {
    const problem = {
      message: `Cannot read the result: it is nested more than ${JSON_LEVELS_MOST} levels deep`,
      expected: "a file that portfall wrote",
      toMend: "name the file that `--format json` or `--out` gave",
    };
    return { ok: false, diagnostics: [new SourceText(path, text, 0).diagnose(deep, deep + 1, problem)] };
  }
  try {
    return { ok: true, document: JSON.parse(text) };
  } catch (thrown) {
    const source = new SourceText(path, text, 0);
    const end = text.trimEnd().length;
    const offset = Math.min(errorOffset(thrown instanceof Error ? thrown.message : "", text), end);
    const isCut = offset >= end;
    const within = fieldName(jsonPathAt(text, offset).slice(0, 8));
    const problem = {
      message: isCut
        ? `Cannot read the result: the JSON ends in the middle${within === "" ? "" : ` of ${within}`}`
        : `Cannot read the result: this is no JSON${within === "" ? "" : ` (at ${within})`}`,
      expected: isCut ? "the whole file, down to its last brace" : "a file that portfall wrote",
      toMend: isCut
        ? "copy the file again, or make the result again; portfall itself writes a file whole or not at all"
        : "name the file that `--format json` or `--out` gave",
    };
    return { ok: false, diagnostics: [source.diagnose(Math.max(0, isCut ? end - 1 : offset), offset + 1, problem)] };
  }
}

/** Where the JSON parser stopped: what its message tells, else the end of a text that begins like JSON, else its start. */
function errorOffset(message: string, text: string): number {
  const position = / at position ([0-9]+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  const excerpt = /, (\.\.\.)?"(.*?)"(?:\.\.\.)? is not valid JSON$/s.exec(message);
  // The excerpt begins ten characters before the token that is wrong, unless the text does.
  if (excerpt !== null) return Math.max(0, text.indexOf(excerpt[2]!)) + (excerpt[1] === undefined ? 0 : 10);
  return /^\s*[{[]/.test(text) ? text.length : 0;
}

function check<Document>(file: ResultText, value: unknown, schema: z.ZodType<Document>): Reading<Document> {
  const checked = schema.safeParse(value);
  // Fields that the schema does not name are kept: later versions of portfall add some.
  if (checked.success) return { ok: true, document: checked.data };
  const source = new SourceText(file.path, file.text, 0);
  const diagnostics = checked.error.issues.slice(0, MOST_PROBLEMS).map((issue) => {
    const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
    const { start, end } = findJsonValue(file.text, path) ?? { start: 0, end: 1 };
    return source.diagnose(start, end, {
      message: `Cannot read the result at ${fieldName(path)}: ${issue.message}`,
      expected: `the fields of ${formatOf(value) ?? "a result"} as this version of portfall writes them`,
      toMend: "make the result again; files are not meant to be edited",
    });
  });
  return { ok: false, diagnostics };
}

function formatOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("format" in value)) return undefined;
  return typeof value.format === "string" ? value.format : undefined;
}

function formatProblem(file: ResultText, given: string | undefined, known: readonly string[]): Diagnostic {
  const source = new SourceText(file.path, file.text, 0);
  const { start, end } = findJsonValue(file.text, ["format"]) ?? { start: 0, end: 1 };
  const [name = "", version = ""] = given?.split("/") ?? [];
  const own = known.find((format) => format.startsWith(`${name}/`));
  const isOtherVersion = own !== undefined && /^[0-9]+$/.test(version);
  const message =
    given === undefined
      ? "Cannot read the result: it does not say its format"
      : isOtherVersion
        ? `Cannot read the result: it is ${quote(given)}, and this portfall reads ${quote(own)}`
        : `Cannot read the result: ${quote(given)} is no result that charts are made of`;
  return source.diagnose(start, end, {
    message,
    expected: known.map((format) => `"${format}"`).join(", "),
    toMend: isOtherVersion
      ? "read it with the portfall that wrote it, or make the result again with this one"
      : "name a folder that `--out` wrote, or a file that `--format json` gave",
  });
}

function strayPoint(file: ResultText): Diagnostic {
  const source = new SourceText(file.path, file.text, 0);
  const { start, end } = findJsonValue(file.text, ["sweep"]) ?? { start: 0, end: 1 };
  return source.diagnose(start, end, {
    message: "Cannot read the result: this point belongs to another sweep than the manifest beside it",
    expected: "points of one sweep in one folder",
    toMend: "remove the file, and finish the sweep with `sim sweep --resume`",
  });
}

/** A path as people write it: `points[3].probes.failed`. */
function fieldName(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${step}`))
    .join("");
}
