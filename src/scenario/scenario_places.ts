import { isMap, isNode, isScalar, isSeq, parseDocument, type Node } from "yaml";
import type { Diagnostic } from "./diagnostic.ts";
import { SourceText } from "./source_text.ts";

/** Where something stands in a scenario file: a diagnostic without a message. */
export type ScenarioPlace = Pick<Diagnostic, "file" | "line" | "column" | "length" | "sourceLine">;

/** Finds the lines of a scenario file for those who look at the checked scenario and want to say where a value is. */
export class ScenarioPlaces {
  readonly #source: SourceText;
  readonly #root: Node | null;

  /** @param text of a scenario that `parseScenario` takes. */
  constructor(text: string, file: string) {
    this.#source = new SourceText(file, text.startsWith("\ufeff") ? text.slice(1) : text, 0);
    this.#root = parseDocument(this.#source.text, { prettyErrors: false, uniqueKeys: false }).contents;
  }

  /**
   * The place of a value, by the keys and indexes that lead to it; a step that the file does not say ends the way, and
   * the place of the last one is meant: of its key, where it is a map or a list.
   */
  at(...path: readonly (string | number)[]): ScenarioPlace {
    let node = this.#root;
    let span = rangeOf(node);
    for (const step of path) {
      const next = childOf(node, step);
      if (next === undefined) break;
      node = next.value;
      const own = rangeOf(node);
      // An empty value has no text to point at.
      span = isScalar(node) && own[1] > own[0] ? own : next.at;
    }
    const { file, line, column, length, sourceLine } = this.#source.diagnose(span[0], span[1], { message: "" });
    return { file, line, column, length, sourceLine };
  }

  /** Whether the file says the value that a path leads to. */
  has(...path: readonly (string | number)[]): boolean {
    let node = this.#root;
    for (const step of path) {
      const next = childOf(node, step);
      if (next === undefined) return false;
      node = next.value;
    }
    return true;
  }

  /** The index of the item of a list that has a name, such as a pod's; -1 if there is none. */
  indexOf(list: string, name: string): number {
    const items = childOf(this.#root, list)?.value;
    if (!isSeq(items)) return -1;
    return items.items.findIndex((item) => {
      const named = isNode(item) ? childOf(item, "name")?.value : undefined;
      return isScalar(named) && named.value === name;
    });
  }
}

interface Child {
  readonly value: Node | null;
  /** The key of a map's value, or the item of a list. */
  readonly at: readonly [start: number, end: number];
}

function childOf(node: Node | null, step: string | number): Child | undefined {
  if (isSeq(node) && typeof step === "number") {
    const item = node.items[step];
    return isNode(item) ? { value: item, at: rangeOf(item) } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.source ?? key.value) === step);
  if (pair === undefined || !isNode(pair.key)) return undefined;
  return { value: isNode(pair.value) ? pair.value : null, at: rangeOf(pair.key) };
}

function rangeOf(node: Node | null): readonly [start: number, end: number] {
  return [node?.range?.[0] ?? 0, node?.range?.[1] ?? 1];
}
