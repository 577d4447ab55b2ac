import { publicExports, type PublicExport } from "./public_api.ts";

/** A runnable example of a docstring. */
export interface ApiExample {
  readonly name: string;
  readonly code: string;
  /** What it prints, line by line: its comments. */
  readonly prints: readonly string[];
  /** Whether it simulates or draws, and so takes its time. */
  readonly isSlow: boolean;
}

const EXPORTS = publicExports();

/** The examples of all that can be imported, in the order of the doors. */
export const API_EXAMPLES: readonly ApiExample[] = EXPORTS.flatMap(({ name, examples }) =>
  examples.map((code) => ({
    name,
    code,
    prints: [...code.matchAll(/^(?:.*;)? ?\/\/ (.*)$/gm)].map(([, said]) => said!),
    isSlow: /"scenarios\/|\brunCase\b|\bsearchProperty\b|\brareRun\b/.test(code),
  })),
);

/** Functions and classes without an example. */
export const WITHOUT_EXAMPLE: readonly string[] = EXPORTS.filter(
  ({ kind, examples }) => (kind === "function" || kind === "class") && examples.length === 0,
).map(({ name }) => name);

/** The imports that an example takes for granted, as a reader writes them. */
export function importsOfExample(code: string, exported: readonly PublicExport[] = EXPORTS): string {
  const isUsed = (name: string): boolean => new RegExp(String.raw`(?<![."'\w])${name}\b`).test(code);
  const used = exported.filter(({ name }) => isUsed(name));
  const named = (door: PublicExport["door"]): string =>
    used
      .filter((one) => one.door === door)
      .map(({ name, kind }) => (kind === "interface" || kind === "type" ? `type ${name}` : name))
      .toSorted((one, other) => (one.replace("type ", "") < other.replace("type ", "") ? -1 : 1))
      .join(", ");
  return [
    ...(isUsed("readFileSync") ? ['import { readFileSync } from "node:fs";'] : []),
    ...(isUsed("fc") ? ['import fc from "fast-check";'] : []),
    ...(named("portfall") === "" ? [] : [`import { ${named("portfall")} } from "portfall";`]),
  ].join("\n");
}
