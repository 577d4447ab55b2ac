import { readFileSync } from "node:fs";
import { format } from "prettier";
import { readCase } from "../../src/conform/case_file.ts";
import { judgeCase } from "../../src/conform/judge_case.ts";
import { type JudgedCase, renderValidation, type ValidationReport } from "../../src/conform/validation.ts";
import { MUTATION_GROUPS } from "./all_mutations.ts";
import { MODEL_GAPS } from "../support/model_gaps.ts";
import { DERIVED_CASES, RECORDINGS } from "./recordings.ts";

const ROOT = new URL("../../", import.meta.url);

/** Where the validation page stands. */
export const VALIDATION_FILE = new URL("src/VALIDATION.md", ROOT);

/** What the validation page tells now: replays every recording and derived case */
export function validationReport(): ValidationReport {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
  const { version } = manifest;
  const cases = RECORDINGS.map(judge);
  const derived = DERIVED_CASES.map(judge);
  return { version, cases, derived, rules: MUTATION_GROUPS, gaps: MODEL_GAPS.length };
}

/** The validation page as it should be with that to tell. */
export async function validationPage(report: ValidationReport): Promise<string> {
  return format(renderValidation(report), { parser: "markdown", printWidth: 120 });
}

function judge({ file, text }: { readonly file: string; readonly text: string }): JudgedCase {
  const reading = readCase(text, file);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return { kernelCase: reading.case, verdict: judgeCase(reading.case), unknownFields: reading.unknownFields };
}
