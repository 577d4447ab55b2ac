import type { Factor } from "../../study/factor.ts";
import type { SweepDocument } from "../../study/sweep_document.ts";
import { overrideWords, shellWord } from "../shell_command.ts";

/** The command that yields a sweep again, one shell word per element, quoted where a POSIX shell needs it. */
export function sweepCommandWords({ scenario, design, vary, overrides, settings, points }: SweepDocument): string[] {
  const words = ["npx", "--no", "sim", "sweep", shellWord(scenario.file)];
  for (const factor of vary) words.push("--vary", shellWord(`${factor.path}=${factorText(factor)}`));
  if (design.kind !== "grid") words.push("--design", design.kind, "--points", String(points.length));
  words.push("--seed", shellWord(design.seed), ...overrideWords(Object.fromEntries(overrides.map(pathAndValue))));
  for (const [name, value] of Object.entries(settings)) words.push(`--${name}`, shellWord(value));
  return words;
}

/** A factor as `--vary` takes it. */
function factorText(factor: Factor): string {
  if (factor.kind === "range") return `${factor.low}${factor.unit}..${factor.high}${factor.unit}`;
  return factor.values.map((value) => (/^$|,|\.\./.test(value) ? `"${value}"` : value)).join(",");
}

/** `PATH=VALUE` in two. */
function pathAndValue(override: string): [path: string, value: string] {
  const equals = override.indexOf("=");
  return [override.slice(0, equals), override.slice(equals + 1)];
}
