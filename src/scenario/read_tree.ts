import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { z } from "zod";
import { quote } from "./diagnostic.ts";
import { findNotServed } from "./not_served.ts";
import { Place, type Tree } from "./place.ts";
import type { ProblemList } from "./problem_list.ts";
import { isOptional, meantSchema, sourceTextOf, type PlainShape, type Schema } from "./schema_shape.ts";
import type { Span } from "./source_text.ts";
import { closestWord } from "./spelling.ts";
import { unknownKey } from "./unknown_key.ts";
import { anyOf } from "./wording.ts";
import type { NodeSpans } from "./yaml_document.ts";

type LeafShape = Extract<PlainShape, { kind: "leaf" }>;

/** Where the reader is: for the messages, and for the list of what is not served. */
interface Position {
  /** Keys joined by dots, `*` for an item of a list. */
  readonly path: string;
  /** How a message names the place: `for "replicas"`. */
  readonly label: string;
  readonly key?: Span | undefined;
}

/**
 * Reads a YAML tree by a schema. Each problem is reported at its value, and the part that has it is left out (with it
 * the map that cannot do without it), so that what remains is accepted by the schema and can be checked further.
 */
export class TreeReader {
  readonly #problems: ProblemList;
  readonly #spans: NodeSpans;

  constructor(problems: ProblemList, spans: NodeSpans) {
    this.#problems = problems;
    this.#spans = spans;
  }

  /** Reads the scenario itself: keys that are missing are left out, `mayReport` says whether that is a problem. */
  readRoot(root: Schema, node: YAMLMap, mayReport: boolean): Tree {
    const { shape } = meantSchema(root, node);
    const position = { path: "", label: "in the scenario" };
    const { tree, missing } = this.#readKeys(shape.kind === "map" ? shape.keys : new Map(), false, node, position);
    if (mayReport) {
      for (const [key, schema] of missing) {
        const first = { ...this.#spans.of(node) };
        this.#problems.add(
          { ...first, end: first.start + 1 },
          {
            message: `Cannot read the scenario without ${quote(key)}`,
            expected: `${quote(key)}: ${expectedOf(meantSchema(schema, null).shape)}`,
            toMend: `add a line \`${key}: …\` (\`sim init\` writes an example)`,
          },
        );
      }
    }
    return tree;
  }

  #read(schema: Schema, node: Node | null, position: Position): Tree | undefined {
    const span = node === null ? (position.key ?? this.#spans.of(node)) : this.#spans.of(node);
    const text = sourceTextOf(node);
    const notServed = findNotServed(position.path, text);
    if (notServed !== undefined) {
      const problem = { message: `Cannot simulate ${notServed.what}: not served yet`, toMend: notServed.toMend };
      this.#problems.add(text === undefined ? (position.key ?? span) : span, problem);
      return undefined;
    }
    const { schema: meant, shape } = meantSchema(schema, node);
    const place = new Place(span, position.key);
    switch (shape.kind) {
      case "leaf":
        return this.#readLeaf(shape, meant, node, { position, place });
      case "list":
        return isSeq(node)
          ? this.#readList(shape.item, meant, node, { position, place })
          : this.#wrongKind(node, shape, { position, place });
      case "table":
        return isMap(node) ? this.#readTable(shape, node, position) : this.#wrongKind(node, shape, { position, place });
      case "map": {
        if (!isMap(node)) return this.#wrongKind(node, shape, { position, place });
        const { tree, missing } = this.#readKeys(shape.keys, shape.isOpen, node, position);
        for (const [key, own] of missing) this.#reportMissing(key, own, node, position);
        return missing.length + tree.unread === 0 ? tree : undefined;
      }
    }
  }

  #readKeys(
    keys: ReadonlyMap<string, Schema>,
    isOpen: boolean,
    node: YAMLMap,
    position: Position,
  ): { tree: Tree & { unread: number }; missing: readonly [key: string, schema: Schema][] } {
    const values = new Map<string, unknown>();
    const place = new Place(this.#spans.of(node), position.key);
    const seen = new Map<string, Span>();
    let unread = 0;
    for (const pair of node.items) {
      const key = sourceTextOf(pair.key);
      const span = this.#spans.of(pair.key);
      if (key === undefined || this.#isRepeated(key, span, seen)) continue;
      const schema = keys.get(key);
      if (schema === undefined) {
        if (!isOpen) this.#problems.add(span, unknownKey(key, [...keys.keys()], position.label));
        continue;
      }
      const path = position.path === "" ? key : `${position.path}.${key}`;
      const child = this.#read(schema, isNode(pair.value) ? pair.value : null, {
        path,
        label: `for ${quote(key)}`,
        key: span,
      });
      if (child !== undefined) {
        values.set(key, child.value);
        place.add(key, child.place);
      } else {
        place.leaveOut(key);
        if (!isOptional(schema)) unread += 1;
      }
    }
    const missing = [...keys].filter(([key, schema]) => !seen.has(key) && !isOptional(schema));
    return { tree: { value: Object.fromEntries(values), place, unread }, missing };
  }

  #readList(item: Schema, schema: Schema, node: Node, at: { position: Position; place: Place }): Tree | undefined {
    if (!isSeq(node)) return undefined;
    const values: unknown[] = [];
    const { position, place } = at;
    let isWhole = true;
    for (const child of node.items) {
      const label = position.label.replace(/^for /, "in ");
      const tree = this.#read(item, isNode(child) ? child : null, { path: `${position.path}.*`, label });
      if (tree === undefined) {
        isWhole = false;
        place.leaveOut("*");
        continue;
      }
      place.add(values.length, tree.place);
      values.push(tree.value);
    }
    const result = z.safeParse(schema, values);
    if (result.success) return { value: values, place };
    // An item that was left out has had its own message; the list's length is judged only when all items were read.
    const count = values.length === 1 ? "1 item" : `${values.length} items`;
    const wanted = lengthOf(result.error.issues[0]);
    if (isWhole) {
      this.#problems.add(place.value, {
        message: `Cannot use this list ${position.label}: it has ${count}`,
        expected: wanted,
        toMend: `write ${wanted}`,
      });
    }
    return undefined;
  }

  #readTable(shape: { readonly key: Schema; readonly value: Schema }, node: YAMLMap, position: Position): Tree {
    const values = new Map<string, unknown>();
    const place = new Place(this.#spans.of(node), position.key);
    const seen = new Map<string, Span>();
    for (const pair of node.items) {
      const key = sourceTextOf(pair.key);
      const span = this.#spans.of(pair.key);
      if (key === undefined || this.#isRepeated(key, span, seen)) continue;
      if (!z.safeParse(shape.key, key).success) {
        this.#problems.add(span, {
          message: `Cannot use ${quote(key)} as a key ${position.label.replace(/^for /, "of ")}: it is no name`,
        });
        continue;
      }
      const tree = this.#read(shape.value, isNode(pair.value) ? pair.value : null, {
        path: `${position.path}.*`,
        label: `for ${quote(key)}`,
        key: span,
      });
      if (tree === undefined) {
        place.leaveOut(key);
        continue;
      }
      values.set(key, tree.value);
      place.add(key, tree.place);
    }
    return { value: Object.fromEntries(values), place };
  }

  #readLeaf(
    shape: LeafShape,
    schema: Schema,
    node: Node | null,
    at: { position: Position; place: Place },
  ): Tree | undefined {
    const { position, place } = at;
    const { leaf } = shape;
    const text = sourceTextOf(node);
    if (text === undefined || !isScalar(node) || node.value === null) return this.#wrongKind(node, shape, at);
    const value = leaf.isText ? text : node.value;
    const result = z.safeParse(schema, value);
    if (result.success) return { value, place };
    const issue = result.error.issues[0];
    const closest = issue?.code === "invalid_value" ? closestWord(text, issue.values.map(String)) : undefined;
    const why = issue === undefined ? "the schema refuses it" : reason(issue, value);
    this.#problems.add(place.value, {
      message: `Cannot use ${quote(text)} ${position.label}: ${why}`,
      expected: leaf.expected,
      toMend: mendOf(issue, value) ?? `write ${closest ?? leaf.expected}`,
    });
    return undefined;
  }

  #wrongKind(node: Node | null, shape: PlainShape, at: { position: Position; place: Place }): undefined {
    // Aliases are left only in a text with a syntax error, which is not read to the end anyway.
    if (isAlias(node)) return undefined;
    const text = sourceTextOf(node) ?? "";
    const isEmpty = node === null || (isScalar(node) && node.value === null);
    const found = isEmpty ? "an empty value" : isMap(node) ? "a map" : isSeq(node) ? "a list" : quote(text);
    const why = isScalar(node) && !isEmpty ? `: it is no ${shape.kind === "list" ? "list" : "map"}` : "";
    const expected = expectedOf(shape);
    const mended = shape.kind === "list" && isScalar(node) ? `[${text}]` : expected;
    this.#problems.add(isEmpty ? at.place.key : at.place.value, {
      message: `Cannot use ${found} ${at.position.label}${why}`,
      expected,
      toMend: isEmpty ? "write a value, or delete the key" : `write ${mended}`,
    });
    return undefined;
  }

  #reportMissing(key: string, schema: Schema, node: YAMLMap, position: Position): void {
    const whole = this.#spans.of(node);
    this.#problems.add(position.key ?? whole, {
      message: `Cannot do without ${quote(key)} ${position.label.replace(/^for /, "in ")}`,
      expected: `${quote(key)}: ${expectedOf(meantSchema(schema, null).shape)}`,
      toMend: `add \`${key}: …\``,
    });
  }

  #isRepeated(key: string, span: Span, seen: Map<string, Span>): boolean {
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, span);
      return false;
    }
    this.#problems.add(span, {
      message: `Cannot use the key ${quote(key)} twice in one map: line ${first.source.lineOf(first.start)} has it`,
      expected: "each key once",
      toMend: "delete one of the two",
    });
    return true;
  }
}

function expectedOf(shape: PlainShape): string {
  if (shape.kind === "leaf") return shape.leaf.expected;
  if (shape.kind === "map") return `a map with ${anyOf([...shape.keys.keys()])}`;
  return shape.kind === "list" ? "a list" : "a map";
}

/** What the reader of a leaf proposes, or the number that stands in quotes. */
function mendOf(issue: z.core.$ZodIssue | undefined, value: unknown): string | undefined {
  const toMend = issue?.code === "custom" ? issue.params?.["toMend"] : undefined;
  if (typeof toMend === "string") return toMend;
  const isQuotedNumber = issue?.code === "invalid_type" && typeof value === "string" && /^[0-9.]+$/.test(value);
  return isQuotedNumber ? `write ${value} without quotes` : undefined;
}

function reason(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "custom":
      return issue.message;
    case "invalid_type":
      if (typeof value === "string") return "it is text";
      return typeof value === "number" ? "it is no whole number" : `it is a ${typeof value}`;
    case "too_small":
      if (typeof value === "string") return "it is empty";
      return `it is less than ${issue.minimum}`;
    case "too_big":
      if (typeof value === "string") return `it is longer than ${issue.maximum} characters`;
      return `it is more than ${issue.maximum}`;
    case "invalid_value":
      return "it is none of the known words";
    default:
      return "the schema refuses it";
  }
}

function lengthOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === "too_small") return `a list of ${issue.exact === true ? "" : "at least "}${issue.minimum}`;
  return issue?.code === "too_big"
    ? `a list of ${issue.exact === true ? "" : "at most "}${issue.maximum}`
    : "another list";
}
