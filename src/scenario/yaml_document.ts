import { type Alias, isAlias, isMap, isNode, isScalar, isSeq, type Document, type Node, type YAMLError } from "yaml";
import type { ProblemList } from "./problem_list.ts";
import type { SourceText, Span } from "./source_text.ts";
import { readYamlStream, YAML_LEVELS_MOST } from "./yaml_stream.ts";

const MOST_NODES = 200_000;

/** What people can do about a syntax error, by the parser's code. */
const MENDS: ReadonlyMap<string, string> = new Map([
  ["BAD_ALIAS", "write the value itself in place of the alias"],
  ["BAD_DQ_ESCAPE", "write \\\\ for a backslash, or use single quotes"],
  ["BAD_INDENT", "close the bracket, or indent the line as deep as its siblings"],
  ["BAD_SCALAR_START", "put the value in quotes"],
  ["BLOCK_AS_IMPLICIT_KEY", 'put a value that holds ": " in quotes, or start a map on the next line'],
  ["IMPOSSIBLE", "correct the YAML here"],
  ["MISSING_CHAR", "add the missing character"],
  ["MULTIPLE_DOCS", "keep one document and delete the others"],
  ["TAB_AS_INDENT", "indent with spaces"],
]);

/** Where the nodes of a YAML tree stand: in the file, or in the option that put them there. */
export class NodeSpans {
  readonly #file: SourceText;
  readonly #elsewhere = new WeakMap<Node, Span>();

  constructor(file: SourceText) {
    this.#file = file;
  }

  /** Says that a node and all below it came from somewhere else than the file; `shift` moves their offsets. */
  move(node: Node, source: SourceText, shift: number): void {
    const [start, end] = node.range ?? [0, 0];
    this.#elsewhere.set(node, { source, start: start + shift, end: end + shift });
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        if (isNode(key)) this.move(key, source, shift);
        if (isNode(value)) this.move(value, source, shift);
      }
    } else if (isSeq(node)) {
      for (const item of node.items) if (isNode(item)) this.move(item, source, shift);
    }
  }

  /** Says where one node stands. */
  set(node: Node, span: Span): void {
    this.#elsewhere.set(node, span);
  }

  /** The span of a node; that of a made-up node is the start of the file. */
  of(node: unknown): Span {
    if (!isNode(node)) return { source: this.#file, start: 0, end: 0 };
    const [start, end] = node.range ?? [0, 0];
    return this.#elsewhere.get(node) ?? { source: this.#file, start, end };
  }
}

/** A parsed text, its aliases replaced by copies of what they name. */
export interface YamlTree {
  readonly document: Document;
  /** From this offset on the tree is not to be trusted, since a syntax error came; Infinity if none did. */
  readonly trustedUntil: number;
}

/**
 * Parses YAML 1.2. Syntax errors become problems; the top-level sections before the first one can still be read.
 *
 * @returns `undefined` if nothing can be read.
 */
export function parseYaml(source: SourceText, problems: ProblemList, shift = 0): YamlTree | undefined {
  const stream = readYamlStream(source.text.slice(shift), 2);
  if (!stream.ok) {
    const at = Math.min(stream.tooDeepAt + shift, source.text.length - 1);
    problems.add(
      { source, start: at, end: at + 1 },
      {
        message: `Cannot read the YAML: it is nested more than ${YAML_LEVELS_MOST} levels deep`,
        expected: "a scenario of at most a handful of levels",
        toMend: "delete the brackets or dashes that open ever deeper levels",
      },
    );
    return undefined;
  }
  const [document, second] = stream.documents;
  let trustedUntil = Infinity;
  for (const error of [...(document ?? stream).errors, ...tooManyDocuments(second)]) {
    problems.add({ source, start: error.pos[0] + shift, end: error.pos[1] + shift }, problemOf(error));
    trustedUntil = Math.min(trustedUntil, error.pos[0]);
  }
  for (const warning of (document ?? stream).warnings) {
    problems.add({ source, start: warning.pos[0] + shift, end: warning.pos[1] + shift }, problemOf(warning));
  }
  if (document === undefined) return undefined;
  if (isMap(document.contents) && trustedUntil < Infinity) {
    const starts = document.contents.items.map(({ key }) => (isNode(key) ? (key.range?.[0] ?? 0) : 0));
    const broken = starts.filter((start) => start <= trustedUntil).at(-1) ?? 0;
    return { document, trustedUntil: broken };
  }
  return new AliasExpansion(document, source, problems).isDone() ? { document, trustedUntil } : undefined;
}

/** Replaces aliases by copies of what they name, so that no later step meets one, within a bound on the tree's size. */
class AliasExpansion {
  readonly #document: Document;
  readonly #source: SourceText;
  readonly #problems: ProblemList;
  readonly #open = new Set<Node>();
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(document: Document, source: SourceText, problems: ProblemList) {
    this.#document = document;
    this.#source = source;
    this.#problems = problems;
  }

  /** Whether the tree is now free of aliases; otherwise the problem was reported. */
  isDone(): boolean {
    return this.#expand(this.#document.contents) !== undefined;
  }

  #expand(node: unknown): unknown {
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES)
      return this.#refuse(node, `it has more than ${MOST_NODES} values once its aliases are followed`);
    if (isAlias(node)) return this.#expandAlias(node);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, node);
    if (isMap(node)) {
      this.#open.add(node);
      for (const pair of node.items) {
        if (isAlias(pair.key)) return this.#refuse(pair.key, "an alias stands where a key belongs");
        const value = this.#expand(pair.value);
        if (value === undefined) return undefined;
        pair.value = value;
      }
      this.#open.delete(node);
    } else if (isSeq(node)) {
      this.#open.add(node);
      for (let index = 0; index < node.items.length; index += 1) {
        const item = this.#expand(node.items[index]);
        if (item === undefined) return undefined;
        node.items[index] = item;
      }
      this.#open.delete(node);
    }
    return node;
  }

  #expandAlias(alias: Alias): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) return this.#refuse(alias, "no anchor has the name of this alias");
    if (this.#open.has(target)) return this.#refuse(alias, "this alias contains itself");
    const copy = target.clone();
    if ((isScalar(copy) || isMap(copy) || isSeq(copy)) && copy.anchor !== undefined) delete copy.anchor;
    return isNode(copy) ? this.#expand(copy) : undefined;
  }

  #refuse(node: unknown, why: string): undefined {
    const [start, end] = isNode(node) ? (node.range ?? [0, 1]) : [0, 1];
    this.#problems.add(
      { source: this.#source, start, end },
      { message: `Cannot read the YAML: ${why}`, toMend: "write the value itself in place of the alias" },
    );
    return undefined;
  }
}

/** A second document is an error where it begins. */
function tooManyDocuments(second: Document | undefined): readonly SyntaxProblem[] {
  const start = second?.range?.[0];
  return start === undefined ? [] : [{ code: "MULTIPLE_DOCS", message: "", pos: [start, start + 1] }];
}

/** What is needed of an error of the parser. */
type SyntaxProblem = Pick<YAMLError, "code" | "message" | "pos">;

function problemOf(error: SyntaxProblem): { message: string; expected: string; toMend: string } {
  const why =
    error.code === "MULTIPLE_DOCS"
      ? "the file holds more than one document"
      : `${error.message.slice(0, 1).toLowerCase()}${error.message.slice(1)}`;
  return {
    message: `Cannot read the YAML: ${why}`,
    expected: "YAML 1.2",
    toMend: MENDS.get(error.code) ?? "correct the YAML here",
  };
}
