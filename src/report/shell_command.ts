import type { PrecisionDocument, RunDocument } from "../study/run_document.ts";

/** The command that yields a document again, one shell word per element, quoted where a POSIX shell needs it. */
export function runCommandWords(document: RunDocument): string[] {
  const { seed, overrides, warmUpSeconds, precision } = document.settings;
  return ["npx", "--no", "sim", "run", shellWord(document.scenario.file), "--seed", shellWord(seed)].concat(
    overrideWords(overrides),
    warmUpSeconds === undefined ? [] : ["--warm-up", `${warmUpSeconds}s`],
    precision === undefined ? [] : precisionWords(precision),
  );
}

function precisionWords({ asked, budgetSeconds, cpuBudgetSeconds }: PrecisionDocument): string[] {
  const budget = budgetSeconds === undefined ? [] : ["--budget", `${budgetSeconds}s`];
  const cpu = cpuBudgetSeconds === undefined ? [] : ["--cpu-budget", `${cpuBudgetSeconds}s`];
  return ["--precision", `${Number((asked * 100).toPrecision(12))}%`, ...budget, ...cpu];
}

/** Overrides of a scenario as options of `sim run`, quoted for a POSIX shell; the seed, which has its own place, is left out. */
export function overrideWords(overrides: Readonly<Record<string, string>>): string[] {
  const words: string[] = [];
  for (const [path, value] of Object.entries(overrides)) {
    if (path === "seed") continue;
    if (OPTION_PATHS.has(path)) words.push(`--${path}`, shellWord(value));
    else words.push("--set", shellWord(`${path}=${value}`));
  }
  return words;
}

/** Keys of a scenario that `sim run` has an option of the same name for. */
const OPTION_PATHS: ReadonlySet<string> = new Set(["replications", "duration", "kernel"]);

/** What drives a terminal or turns the order of letters round, but for the end of a line: it is never printed as it is. */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * A word as a POSIX shell reads it back: bare if it holds nothing special, else in single quotes; what must not be
 * printed is left to `printf`, by the bytes of its UTF-8. (Then ends of line at the very end are lost.)
 */
export function shellWord(text: string): string {
  if (UNPRINTABLE.test(text)) return `"$(printf '${Array.from(text, inFormat).join("")}')"`;
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A character in a format of `printf` that stands in single quotes. */
function inFormat(character: string): string {
  if (character === "'") return String.raw`'\''`;
  if (character === "%" || character === "\\") return character + character;
  if (!UNPRINTABLE.test(character)) return character;
  return [...new TextEncoder().encode(character)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}

/**
 * Words as lines that a shell joins again: each but the last ends in a backslash. A word is never cut, and an option
 * stays on one line with its value.
 */
export function commandLines(words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const group of optionGroups(words)) {
    const open = lines.at(-1);
    if (open !== undefined && open.length + 1 + group.length + 2 <= columns) {
      lines[lines.length - 1] = `${open} ${group}`;
    } else lines.push(lines.length === 0 ? group : `    ${group}`);
  }
  return lines.map((line, index) => (index < lines.length - 1 ? `${line} \\` : line));
}

/** The words, each `--option` joined with the value behind it. */
function optionGroups(words: readonly string[]): string[] {
  const groups: string[] = [];
  for (const [index, word] of words.entries()) {
    const before = words[index - 1];
    const isValue = before?.startsWith("--") === true && before !== "--no" && !word.startsWith("--");
    if (isValue) groups[groups.length - 1] = `${before} ${word}`;
    else groups.push(word);
  }
  return groups;
}
