import { readdirSync, readFileSync } from "node:fs";
import { format } from "prettier";
import { readCase } from "../../src/conform/case_file.ts";
import { judgeCase } from "../../src/conform/judge_case.ts";
import {
  type JudgedCase,
  type ModelGap,
  renderValidation,
  type ValidationReport,
} from "../../src/conform/validation.ts";
import { MUTATION_GROUPS } from "./all_mutations.ts";
import { DERIVED_CASES, RECORDINGS } from "./recordings.ts";

const ROOT = new URL("../../", import.meta.url);

/** Where the validation page stands. */
export const VALIDATION_FILE = new URL("src/VALIDATION.md", ROOT);

/** What the validation page tells now: replays every recording and derived case and reads what the source says of its gaps. */
export function validationReport(): ValidationReport {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
  const { version } = manifest;
  const cases = RECORDINGS.map(judge);
  const derived = DERIVED_CASES.map(judge);
  return { version, cases, derived, rules: MUTATION_GROUPS, gaps: modelGaps() };
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

/** What follows `Not modelled:` in the comments of src/, up to the end of its paragraph. */
function modelGaps(): ModelGap[] {
  const files = readdirSync(new URL("src/", ROOT), { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".ts"))
    .toSorted((one, other) => (one < other ? -1 : 1));
  return files.flatMap((file) => gapsOf(readFileSync(new URL(file, ROOT), "utf8")).map((text) => ({ file, text })));
}

/** The gaps that one file's comments tell. */
export function gapsOf(source: string): string[] {
  const comments = [...source.matchAll(/\/\*\*[^]*?\*\/|(?:^[ \t]*\/\/.*\n)+/gm)].map(([comment]) => comment);
  return comments.flatMap((comment) => {
    const paragraphs = comment
      .replaceAll(/^[ \t]*(?:\/\*\*|\*\/|\*|\/\/) ?|\*\/$/gm, "")
      .split(/\n[ \t]*\n|\n(?=@)/)
      .map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim());
    return paragraphs.flatMap((paragraph) => {
      const [, ...told] = paragraph.split("Not modelled: ");
      return told.map((text) => text.replace(/ Source: .*$/, "").trim());
    });
  });
}
