import { codeOf, errorAt, type TextFile } from "./tidy_text.ts";

/** A rule that looks for a pattern, with one input it must catch and one it must leave alone. */
export interface PatternRule {
  readonly where: RegExp;
  /** `code` sees neither comments nor strings. */
  readonly reads: "code" | "text";
  readonly pattern: RegExp;
  /** What follows the quoted find: `is banned, use …`. */
  readonly message: string;
  readonly bad: string;
  readonly good: string;
}

/** This file names all that it bans, so it is not searched. */
const THIS_FILE = "test/support/tidy_patterns.ts";

const CODE = /^(src|test)\/.+\.ts$/;
const TEST = /^test\/.+\.ts$/;
const ENGINE = /^src\/(units|sim\/.+|kernel\/.+|cluster\/.+)\.ts$/;
const BITS_MATTER = /^src\/(units|sim\/.+|kernel\/.+|cluster\/.+|study\/.+)\.ts$/;
const OUTSIDE_APP = /^src\/(?!app\/).+\.ts$/;
const PROSE_TOO = /^((src|test|scenarios)\/.+\.(ts|md|yaml)|[^/]+\.md|\.github\/.+)$/;
const ALL_TEXT = /(\.(md|json|yaml|yml|ts|ipynb)|^\.npmrc|^\.ci\/.+)$/;

/** The rules by name. Calls of `Math`, `Date` and timers are in .oxlintrc.json too, where a parser sees them. */
export const PATTERN_RULES: Readonly<Record<string, PatternRule>> = {
  "unfinished work": {
    where: PROSE_TOO,
    reads: "text",
    pattern: /\b(TODO|FIXME|XXX|HACK)\b|\b([Ff]or now|[Pp]laceholder|[Nn]ot implemented|[Ss]implified version)\b/,
    message: "is banned, use a finished sentence, `Not modelled:` or an issue",
    bad: "// FIXME later",
    good: "// Not modelled: IPv6.",
  },
  "time and chance from outside": {
    where: OUTSIDE_APP,
    reads: "code",
    pattern: /\bMath\.random\b|\bnew Date\b|\bDate\.\w+|\bglobalThis\b/,
    message: "is banned outside app/, use the event loop's clock and a named random stream",
    bad: "const start = Date.now();",
    good: 'const start = loop.now; const name = "Date.now";',
  },
  "the engine's outside": {
    where: ENGINE,
    reads: "code",
    pattern: /\b(performance|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|process|Intl|toLocale\w+)\b/,
    message: "is banned in the engine, use the event loop and what the caller hands in",
    bad: "setTimeout(fire, 1);",
    good: "loop.after(SECOND, fire, row);",
  },
  "async in the engine": {
    where: ENGINE,
    reads: "code",
    pattern: /\b(async|await|Promise)\b/,
    message: "is banned in the engine, use a handler on the event loop",
    bad: "async function connect() {}",
    good: '/** Not async. */ const name = "async";',
  },
  "for-in in the engine": {
    where: ENGINE,
    reads: "code",
    pattern: /\bfor\s*\((?:const|let|var)\s+\w+\s+in\b/,
    message: "is banned in the engine, use for-of over an array or a Map",
    bad: "for (const key in table) {}",
    good: "for (const key of table) {}",
  },
  "functions whose bits differ": {
    where: BITS_MATTER,
    reads: "code",
    pattern: /\bMath\.(log\w*|exp\w*|pow|a?sinh?|a?cosh?|a?tan[h2]?|cbrt)\b|\*\*/,
    message: "is banned where bits agree between engines, use multiplication or sim/distributions.ts",
    bad: "const square = x ** 2;",
    good: "/** x ** 2 */ const square = x * Math.sqrt(x);",
  },
  "sort without a comparator": {
    where: BITS_MATTER,
    reads: "code",
    pattern: /\.(sort|toSorted)\(\s*\)|\blocaleCompare\b/,
    message: "is banned, use a comparator that is total",
    bad: "ports.sort();",
    good: "ports.sort((a, b) => a - b);",
  },
  "default exports": {
    where: /^(src|test)\/(?!vitest\.config\.ts|app\/(cli|web|web\/report)\/vite\.config\.ts).+\.ts$/,
    reads: "code",
    pattern: /\bexport default\b|\bexport \{[^}]*\bas default\b/,
    message: "is banned, use a named export",
    bad: "export default function run() {}",
    good: "export function run() {}",
  },
  "tests that do not run": {
    where: TEST,
    reads: "code",
    pattern:
      /\b(?:it|test|describe)(?:\.\w+)*\.(?:skip|only|todo|fails|skipIf|runIf)\b|\bexpect\(true\)|\b[fx](?:it|describe)\(/,
    message: "is banned, use a test that runs and can fail",
    bad: 'it.skip("answers", () => {});',
    good: 'it("answers", () => {}); split.only(1);',
  },
  "casts to any": {
    where: CODE,
    reads: "code",
    pattern: /\bas any\b/,
    message: "is banned, use the type",
    bad: "const x = y as any;",
    good: 'const x = "as any";',
  },
  "silenced checks": {
    where: CODE,
    reads: "text",
    pattern:
      /@ts-(?:ignore|nocheck)|(?:oxlint|eslint)-disable(?!-next-line [\w/-]+(?:, [\w/-]+)* -- \S)[\w-]*|prettier-ignore/,
    message: "is banned, use `oxlint-disable-next-line RULE -- the reason`",
    bad: "// oxlint-disable-next-line max-params",
    good: "// oxlint-disable-next-line max-params -- the innermost loop calls it.",
  },
  "machine paths": {
    where: ALL_TEXT,
    reads: "text",
    pattern: /(?<![\w.])\/(?:work|farm|root|home\/\w+|Users\/\w+)\//,
    message: "is banned, use a path inside the project",
    bad: `read ${["", "root", "notes"].join("/")}`,
    good: "read src/work/notes",
  },
  "registry addresses": {
    where: ALL_TEXT,
    reads: "text",
    pattern: /\bregistry\.[a-z]+\.|\bdeb\.debian\.org/,
    message: "is banned, use the default of the tool",
    bad: ["registry", "example", "org"].join("."),
    good: "a package registry.",
  },
  "addresses in the lock file": {
    where: /^package-lock\.json$/,
    reads: "text",
    pattern: /"resolved"\s*:/,
    message: "is banned, use `npm install` with the project's .npmrc",
    bad: `{ ${JSON.stringify("resolved")}: "x" }`,
    good: '{ "integrity": "x" }',
  },
};

/** All finds of a pattern rule in one file. */
export function findPattern(rule: PatternRule, file: TextFile): string[] {
  if (!rule.where.test(file.path) || file.path === THIS_FILE) return [];
  const text = rule.reads === "code" ? codeOf(file.text, "no strings") : file.text;
  return [...text.matchAll(new RegExp(rule.pattern, "g"))].map((match) =>
    errorAt(file, match.index, `"${match[0]}" ${rule.message}`),
  );
}
