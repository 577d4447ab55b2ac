import type { Diagnostic } from "../../scenario/diagnostic.ts";
import type { RunOptions } from "./run_options.ts";

/**
 * Diagnostics as the user typed what they are about: one of `duration=5x` that was given as `--duration 5x` stands at
 * `--duration`, with the value alone.
 */
export function asTyped(
  diagnostics: readonly Diagnostic[],
  { overrides, keyOptions }: Pick<RunOptions, "overrides" | "keyOptions">,
): readonly Diagnostic[] {
  const texts = overrides.slice(overrides.length - keyOptions.length);
  return diagnostics.map((diagnostic) => {
    const { file, sourceLine, column } = diagnostic;
    const key = keyOptions[texts.indexOf(sourceLine)];
    if (file !== "--set" || key === undefined) return diagnostic;
    const before = key.length + 1;
    return {
      ...diagnostic,
      file: `--${key}`,
      sourceLine: sourceLine.slice(before),
      column: Math.max(1, column - before),
    };
  });
}
