import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** The doors of the library, by the name under which programs import them. */
export const DOORS = { portfall: "src/index.ts", "portfall/vitest": "src/vitest.ts" } as const;

/** Something that programs can import, as its file declares it. */
export interface PublicExport {
  readonly name: string;
  readonly door: keyof typeof DOORS;
  /** From the top of the project. */
  readonly file: string;
  readonly kind: "class" | "const" | "function" | "interface" | "type";
  /** The docstring without its tags, as Markdown. */
  readonly text: string;
  readonly params: readonly string[];
  readonly returns: string;
  readonly throws: readonly string[];
  /** The code of each `@example`, without its fence. */
  readonly examples: readonly string[];
  /** The declaration without its body. */
  readonly declaration: string;
}

/** All that the doors let out, in their order. A name whose declaration or docstring is not found is an error. */
export function publicExports(): PublicExport[] {
  return [...exportsOf("portfall"), ...exportsOf("portfall/vitest")];
}

function exportsOf(door: keyof typeof DOORS): PublicExport[] {
  const path = DOORS[door];
  const text = readFileSync(join(ROOT, path), "utf8");
  const passedOn = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm)].flatMap(([, names, from]) =>
    names!
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
      .map((name) => exportOf(name, door, throughFiles(normalize(join("src", from!)), name))),
  );
  const own = [...text.matchAll(/^export (?:const|function|interface|type|class) (\w+)/gm)].map(([, name]) =>
    exportOf(name!, door, path),
  );
  return [...passedOn, ...own];
}

/** The file that declares a name which another one passes on. */
function throughFiles(file: string, name: string): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  for (const [, names, from] of text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm)) {
    const isHere = names!.split(",").some((one) => one.trim().replace(/^type /, "") === name);
    if (isHere) return throughFiles(normalize(join(file, "..", from!)), name);
  }
  return file;
}

const KINDS: ReadonlyMap<string, PublicExport["kind"]> = new Map([
  ["async function", "function"],
  ["class", "class"],
  ["const", "const"],
  ["function", "function"],
  ["interface", "interface"],
  ["type", "type"],
]);

function exportOf(name: string, door: keyof typeof DOORS, file: string): PublicExport {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = new RegExp(
    String.raw`^export (async function|function|class|const|interface|type) ${name}\b`,
    "m",
  ).exec(text);
  if (found === null) throw new Error(`${file} does not declare ${name}`);
  const above = text.slice(0, found.index);
  const start = above.lastIndexOf("/**");
  if (start < 0 || !above.endsWith("*/\n")) throw new Error(`${name} of ${file} has no docstring`);
  const kind = KINDS.get(found[1]!)!;
  return { name, door, file, kind, ...docOf(above.slice(start)), declaration: declarationOf(kind, text, found.index) };
}

function docOf(comment: string): Pick<PublicExport, "text" | "params" | "returns" | "throws" | "examples"> {
  const lines = comment.replaceAll(/^[ \t]*(?:\/\*\*|\*\/|\*) ?|[ \t]*\*\/$/gm, "").trim();
  const [text = "", ...tags] = lines.split(/(?:^|\s)(?=@(?:param|returns|throws|example)\b)/m);
  const of = (tag: string): string[] =>
    tags.filter((one) => one.startsWith(`@${tag}`)).map((one) => one.slice(tag.length + 1).trim());
  const line = (said: string): string => said.replaceAll(/\s+/g, " ");
  return {
    text: text.trim(),
    params: of("param").map(line),
    returns: of("returns").map(line).join(" "),
    throws: of("throws").map(line),
    examples: of("example").map((code) => code.replace(/^```ts\n/, "").replace(/\n```$/, "")),
  };
}

/** What stands before a body: prettier's layout says where that begins. */
function declarationOf(kind: PublicExport["kind"], text: string, start: number): string {
  const lines = text.slice(start).split("\n");
  if (kind === "interface") return upTo(lines, (line) => line.startsWith("}"));
  if (kind === "type") return upTo(lines, (_, index) => (lines[index + 1] ?? "") === "");
  if (kind === "class") return classOf(upTo(lines, (line) => line === "}"));
  if (kind === "function") return signatureOf(lines);
  const one = upTo(lines, (line) => line.endsWith(";") && !line.startsWith(" "));
  const isLiteral = !/^const \w+: /.test(one) || !/[\n(]/.test(one);
  return isLiteral ? one : one.replace(/ = [^]*$/, ";");
}

function upTo(lines: readonly string[], isLast: (line: string, index: number) => boolean): string {
  return lines
    .slice(0, lines.findIndex(isLast) + 1)
    .join("\n")
    .replace(/^export /, "");
}

function signatureOf(lines: readonly string[]): string {
  let depth = 0;
  return upTo(lines, (line) => {
    depth += line.split("(").length - line.split(")").length;
    return depth === 0 && line.endsWith("{");
  }).replace(/ \{$/, ";");
}

/** The public members of a class, with their docstrings. */
function classOf(text: string): string {
  const kept: string[] = [];
  const lines = text.split("\n");
  let comment: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (/^ {2}(\/\*\*| \*)/.test(line)) comment.push(line);
    else if (/^ {2}(?!#|private|})(?:(?:get|static|readonly) )*\w+[(:]/.test(line)) {
      kept.push(...comment, signatureOf(lines.slice(index)));
      comment = [];
    } else comment = [];
  }
  return `${lines[0]!}\n${kept.join("\n")}\n}`;
}
