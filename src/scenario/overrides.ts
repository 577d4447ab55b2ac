import { isMap, isNode, isScalar, isSeq, Pair, Scalar, YAMLMap, type Node } from "yaml";
import { quote } from "./diagnostic.ts";
import { derivePortRange, PORT_RANGE_PREFIX, PORT_RANGE_SYSCTL } from "./port_range_override.ts";
import type { ProblemList } from "./problem_list.ts";
import { unknownKey } from "./unknown_key.ts";
import { anyOf } from "./wording.ts";
import { meantOption, shapeOf, sourceTextOf, valueOf, type Schema } from "./schema_shape.ts";
import { SourceText, type Problem } from "./source_text.ts";
import { closestWord } from "./spelling.ts";
import { parseYaml, type NodeSpans } from "./yaml_document.ts";

/** The name of a text that is an option of the command line. */
const OPTION = "--set";

/** The names of all options that set values: the last two are those of `sim diff`. */
const OPTIONS: ReadonlySet<string> = new Set([OPTION, "--a", "--b"]);

/** What `applyOverrides` works on. */
export interface OverrideTarget {
  readonly schema: Schema;
  readonly root: YAMLMap;
  readonly spans: NodeSpans;
  readonly problems: ProblemList;
}

/** Where a path has led so far. */
interface Cursor {
  readonly schema: Schema;
  readonly node: Node | null;
  /** Puts another node in the place of `node`. */
  readonly replace: (node: Node) => void;
  /** How many characters of the path are behind. */
  readonly at: number;
}

/**
 * Applies `PATH=VALUE` options to the tree of a scenario, in their order. A path follows the keys; an item of a list is
 * addressed by its `name`; all that stands behind `sysctls.` is one name. The derived paths `portRange.low` and
 * `portRange.width` come last (see `derivePortRange`). Wrong paths and values become problems at the option.
 */
export function applyOverrides(target: OverrideTarget, overrides: readonly string[]): void {
  applySettings(
    target,
    overrides.map((override, index) => new SourceText(OPTION, override, index + 1)),
  );
}

/** Applies `PATH=VALUE` texts as `applyOverrides` does; each text says itself where it stands. */
export function applySettings(target: OverrideTarget, sources: readonly SourceText[]): void {
  for (const source of sources) if (!isDerived(source)) new Override(target, source).apply();
  const derived = derivePortRange(target.root, sources.filter(isDerived), target.problems);
  if (derived === undefined) return;
  new Override(target, derived.source, { path: `sysctls.${PORT_RANGE_SYSCTL}`, value: derived.text }).apply();
}

/** Whether an option has a path that is derived from a sysctl. */
function isDerived({ text }: SourceText): boolean {
  return text.startsWith(PORT_RANGE_PREFIX) && text.includes("=");
}

class Override {
  readonly #target: OverrideTarget;
  readonly #source: SourceText;
  readonly #path: string;
  readonly #value: string;
  readonly #isDerived: boolean;

  /** @param derived the path and value that an option with a derived path comes to. */
  constructor(target: OverrideTarget, source: SourceText, derived?: { readonly path: string; readonly value: string }) {
    this.#target = target;
    this.#source = source;
    this.#isDerived = derived !== undefined;
    const equals = source.text.indexOf("=");
    this.#path = derived?.path ?? (equals < 0 ? source.text : source.text.slice(0, equals));
    this.#value = derived?.value ?? (equals < 0 ? "" : source.text.slice(equals + 1));
  }

  apply(): void {
    const { schema, root } = this.#target;
    if (this.#path === "" || !this.#source.text.includes("=")) {
      this.#refuse(0, this.#source.text.length, {
        message: `Cannot apply ${quote(this.#source.text)}: it is not of the form PATH=VALUE`,
        expected: "a path, =, and a value, such as kernel=6.1",
        toMend: `write ${this.#source.file} ${this.#path === "" ? "PATH" : this.#path}=VALUE`,
      });
    } else {
      let cursor: Cursor | undefined = { schema, node: root, replace: () => undefined, at: 0 };
      while (cursor !== undefined && cursor.at <= this.#path.length) cursor = this.#step(cursor);
      if (cursor !== undefined) this.#put(cursor);
    }
  }

  /** Follows one segment of the path. */
  #step(cursor: Cursor): Cursor | undefined {
    const shape = shapeOf(cursor.schema);
    switch (shape.kind) {
      case "choice":
        return { ...cursor, schema: this.#option(shape.options, cursor) };
      case "map":
        return this.#stepIntoMap(shape.keys, cursor);
      case "table":
        return this.#stepToKey(shape.value, this.#path.slice(cursor.at), cursor);
      case "list":
        return this.#stepToItem(shape.item, cursor);
      case "leaf": {
        const whole = this.#path.slice(0, cursor.at - 1);
        return this.#refuse(cursor.at, this.#path.length, {
          message: `Cannot set ${quote(this.#path)}: ${quote(whole)} is a single value and has no keys`,
          expected: `${whole}=VALUE`,
          toMend: `write ${this.#isOption ? `${whole}=${this.#value}` : this.#setting(whole)}`,
        });
      }
    }
  }

  #option(options: readonly Schema[], cursor: Cursor): Schema {
    const maps = options.filter((option) => shapeOf(option).kind === "map");
    return isMap(cursor.node) || maps.length === 0 ? meantOption(options, cursor.node) : maps[0]!;
  }

  #stepIntoMap(keys: ReadonlyMap<string, Schema>, cursor: Cursor): Cursor | undefined {
    const rest = this.#path.slice(cursor.at);
    const segment = rest.split(".", 1)[0] ?? "";
    const schema = keys.get(segment);
    if (schema !== undefined) return this.#stepToKey(schema, segment, cursor);
    const isRoot = cursor.at === 0;
    const known = isRoot ? [...keys.keys(), "portRange"] : [...keys.keys()];
    const label = isRoot ? "in the scenario" : `in ${quote(this.#path.slice(0, cursor.at - 1))}`;
    const problem = unknownKey(segment, known, label);
    const closest = closestWord(segment, known);
    const mended = `${this.#path.slice(0, cursor.at)}${closest}${rest.slice(segment.length)}`;
    return this.#refuse(cursor.at, cursor.at + segment.length, {
      ...problem,
      message: problem.message.replace(/^Cannot use the key "[^"]*"/, () => `Cannot set ${quote(this.#path)}`),
      toMend: this.#unknownMend(isRoot, closest === undefined ? undefined : mended),
    });
  }

  /** What to write in place of an unknown key; a sysctl is often named without the section that it stands in. */
  #unknownMend(isRoot: boolean, mended: string | undefined): string {
    if (isRoot && /^(net|fs|vm)\./.test(this.#path)) return `write ${this.#setting(`sysctls.${this.#path}`)}`;
    return mended === undefined ? "name one of these keys" : `write ${this.#setting(mended)}`;
  }

  #stepToKey(schema: Schema, key: string, cursor: Cursor): Cursor | undefined {
    const map = this.#mapAt(cursor);
    const at = cursor.at + key.length + 1;
    const node = valueOf(map, key);
    const replace = (value: Node): void => {
      const pair = map.items.find((candidate) => sourceTextOf(candidate.key) === key);
      const name = this.#scalar(key, cursor.at, at - 1);
      if (pair === undefined) map.items.push(new Pair(name, value));
      else if (at > this.#path.length) {
        pair.key = name;
        pair.value = value;
      } else pair.value = value;
    };
    return { schema, node: isNode(node) ? node : null, replace, at };
  }

  /** The map at the cursor; where there is none, a new one is put there (a kernel's build moves into it). */
  #mapAt(cursor: Cursor): YAMLMap {
    if (isMap(cursor.node)) return cursor.node;
    const map = new YAMLMap();
    this.#target.spans.set(map, { source: this.#source, start: 0, end: this.#path.length });
    const build = sourceTextOf(cursor.node);
    if (this.#path.startsWith("kernel.") && build !== undefined && isScalar(cursor.node)) {
      map.items.push(new Pair(this.#scalar("build", 0, this.#path.length), cursor.node));
    }
    cursor.replace(map);
    return map;
  }

  #stepToItem(item: Schema, cursor: Cursor): Cursor | undefined {
    const list = cursor.node;
    const rest = this.#path.slice(cursor.at);
    const names: string[] = [];
    let found: { readonly name: string; readonly index: number } | undefined;
    for (const [index, entry] of (isSeq(list) ? list.items : []).entries()) {
      const name = isMap(entry) ? sourceTextOf(valueOf(entry, "name")) : undefined;
      if (name === undefined) continue;
      names.push(name);
      if ((rest === name || rest.startsWith(`${name}.`)) && name.length > (found?.name.length ?? 0))
        found = { name, index };
    }
    const whole = this.#path.slice(0, cursor.at - 1);
    if (found === undefined || !isSeq(list)) {
      const closest = closestWord(rest.split(".", 1)[0] ?? "", names) ?? closestWord(rest, names);
      return this.#refuse(cursor.at, this.#path.length, {
        message: `Cannot set ${quote(this.#path)}: no item of ${quote(whole)} has that name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
        expected: names.length === 0 ? "a list whose items have names" : anyOf(names.slice(0, 20)),
        toMend:
          names.length === 0 ? `give an item of ${quote(whole)} a name in the scenario` : "name one of these items",
      });
    }
    const { index, name } = found;
    const node = list.items[index];
    const replace = (value: Node): void => void (list.items[index] = value);
    return { schema: item, node: isNode(node) ? node : null, replace, at: cursor.at + name.length + 1 };
  }

  /** Puts the value at the end of the path. */
  #put(cursor: Cursor): void {
    const shape = shapeOf(cursor.schema);
    const options = shape.kind === "choice" ? shape.options.map(shapeOf) : [shape];
    const valueAt = this.#path.length + 1;
    const takesText = options.some((option) => option.kind === "leaf" && option.leaf.isText);
    const takesMore = options.some((option) => option.kind !== "leaf");
    if (options.every((option) => option.kind === "map" || option.kind === "table")) {
      const keys = options.flatMap((option) => (option.kind === "map" ? [...option.keys.keys()] : []));
      this.#refuse(0, this.#path.length, {
        message: `Cannot set ${quote(this.#path)} as a whole: it has keys of its own`,
        expected: keys.length === 0 ? `${this.#path}.NAME=VALUE` : `${this.#path}. and one of ${anyOf(keys)}`,
        toMend: "name the key to set",
      });
      return;
    }
    if (takesText && !(takesMore && /^\s*[{[]/.test(this.#value))) {
      cursor.replace(this.#scalar(unquoted(this.#value), valueAt, this.#source.text.length));
      return;
    }
    const tree = parseYaml(this.#source, this.#target.problems, valueAt);
    const node = tree?.document.contents;
    if (tree === undefined || tree.trustedUntil < Infinity) return;
    if (!isNode(node)) {
      this.#refuse(0, this.#path.length, {
        message: `Cannot set ${quote(this.#path)} to nothing`,
        expected: `${this.#path}=VALUE`,
        toMend: "write a value behind the =",
      });
      return;
    }
    this.#target.spans.move(node, this.#source, valueAt);
    cursor.replace(node);
  }

  /** A text that stands in the option, where its path or its value does. */
  #scalar(text: string, start: number, end: number): Scalar {
    const scalar = new Scalar(text);
    scalar.source = text;
    const valueAt = this.#source.text.indexOf("=") + 1;
    const span = this.#isDerived ? { start: valueAt, end: this.#source.text.length } : { start, end };
    this.#target.spans.set(scalar, { source: this.#source, ...span });
    return scalar;
  }

  /** Another path with this value, as one writes it here: behind `--set`, or as a line of the file. */
  #setting(path: string): string {
    const { file } = this.#source;
    return this.#isOption ? `${file} ${quoteForShell(`${path}=${this.#value}`)}` : `${path}: ${this.#value}`;
  }

  get #isOption(): boolean {
    return OPTIONS.has(this.#source.file);
  }

  #refuse(start: number, end: number, problem: Problem): undefined {
    this.#target.problems.add({ source: this.#source, start, end: Math.max(end, start + 1) }, problem);
    return undefined;
  }
}

/** A value in one pair of quotes means what they hold, as in the file. */
function unquoted(value: string): string {
  return /^"[^"\\]*"$|^'[^']*'$/.test(value) ? value.slice(1, -1) : value;
}

function quoteForShell(text: string): string {
  return /^[\w./:=@%+,-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
