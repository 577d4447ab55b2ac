import { z } from "zod";
import { actionSchema } from "./action_schema.ts";
import { type CasePath, checkReferences } from "./check_references.ts";
import { lawSchema } from "./law_schema.ts";
import { raceSchema, recordingSchema } from "./recording_schema.ts";
import { setupSchema } from "./setup_schema.ts";

const caseSchema = z.strictObject({
  format: z.literal("kernel-case/1"),
  /** The same id on two kernels is the same experiment. */
  id: z.string(),
  /** One sentence that says what it shows. */
  title: z.string(),
  kernel: z.looseObject({
    /** The upstream version. */
    release: z.string(),
    /** The folder of the recording. */
    build: z.string(),
    hz: z.int().positive(),
    port_walk: z.string(),
    machine: z.string().optional(),
    note: z.string().optional(),
  }),
  setup: setupSchema,
  actions: z.array(actionSchema).max(10_000),
  observed: recordingSchema,
  races: z.array(raceSchema).default([]),
  laws: z.array(lawSchema).default([]),
  notes: z.union([z.string(), z.array(z.string())]).default([]),
});

/** One recorded experiment, checked, with the format's defaults filled in. */
export type KernelCase = z.infer<typeof caseSchema>;

/** What is wrong with a case, and where: `actions[3].op`; empty for the file as a whole. */
export interface CaseProblem {
  readonly file: string;
  readonly field: string;
  /** The same as names and indices, from the outside in. */
  readonly path: CasePath;
  readonly message: string;
}

/** A case, or everything that is wrong with its file. */
export type CaseReading =
  | {
      readonly ok: true;
      readonly case: KernelCase;
      /** Fields that the description of the format does not name; they were left out. */
      readonly unknownFields: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly CaseProblem[] };

/** The most characters of a case: a recording of a second of packets has some 20,000. */
const CHARACTERS_MOST = 4 * 1024 * 1024;

/**
 * Reads the text of a kernel-case/1 file. An action or law of an unknown kind is a problem; a field that the format does
 * not name is not, but is listed, so that the runner can tell which part of an experiment it does not see.
 *
 * @param file the name to report.
 */
export function readCase(text: string, file: string): CaseReading {
  if (text.length > CHARACTERS_MOST) {
    const message = `it has ${text.length} characters, and ${CHARACTERS_MOST} are the most`;
    return { ok: false, problems: [{ file, field: "", path: [], message }] };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { ok: false, problems: [{ file, field: "", path: [], message: `Cannot read the file as JSON: ${reason}` }] };
  }
  const unknownPaths: CasePath[] = [];
  let reading = caseSchema.safeParse(json);
  if (!reading.success) {
    for (const issue of reading.error.issues) {
      if (issue.code !== "unrecognized_keys") continue;
      for (const key of issue.keys) {
        if (removeField(json, issue.path, key)) unknownPaths.push(plainPath([...issue.path, key]));
      }
    }
    if (unknownPaths.length > 0) reading = caseSchema.safeParse(json);
  }
  const problems = reading.success
    ? checkReferences(reading.data)
    : [
        ...reading.error.issues.map((issue) => ({ path: plainPath(issue.path), message: explain(issue, json) })),
        ...unknownPaths.map((path) => ({ path, message: "is not a field that kernel-case/1 knows" })),
      ];
  if (problems.length > 0 || !reading.success) {
    return { ok: false, problems: problems.map((problem) => ({ file, field: fieldName(problem.path), ...problem })) };
  }
  return { ok: true, case: reading.data, unknownFields: unknownPaths.map(fieldName) };
}

function explain(issue: z.core.$ZodIssue, json: unknown): string {
  const value = valueAt(json, issue.path);
  const isUnknownKind = issue.code === "invalid_union" && typeof value === "string";
  if (isUnknownKind) return `"${value}" is not one of the kinds that kernel-case/1 knows`;
  return value === undefined ? `${issue.message} (missing)` : issue.message;
}

/** A path of JSON, which has no symbols. */
function plainPath(path: readonly PropertyKey[]): CasePath {
  return path.map((step) => (typeof step === "number" ? step : String(step)));
}

/** A path as people write it: `actions[3].op`. */
export function fieldName(path: CasePath): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${step}`))
    .join("");
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let value = json;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function removeField(json: unknown, path: readonly PropertyKey[], key: string): boolean {
  const owner = valueAt(json, path);
  return typeof owner === "object" && owner !== null && Reflect.deleteProperty(owner, key);
}
