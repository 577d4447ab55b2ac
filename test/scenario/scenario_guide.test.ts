import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scenarioJsonSchema } from "../../src/scenario/json_schema.ts";
import { NOT_SERVED } from "../../src/scenario/not_served.ts";
import { scenarioOf } from "./small_scenario.ts";

// Goal: the guide to the scenario file names every key, with the default and the words of the schema.
// Method: the rows of its table are made from the schema and compared cell by cell. The three probes of a pod and that of
// node-local-dns have the same keys, which stand once, under PROBE; so do those of one node and of several.

const GUIDE = readFileSync(new URL("../../src/docs/scenario.md", import.meta.url), "utf8");
const PROBE = /\b(readiness|liveness|startup)Probe\./;

interface Key {
  /** As `--set` writes it. */
  readonly path: string;
  /** With `*` for an item of a list, as the table of what is not served writes it. */
  readonly place: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** All keys below a schema, in its order; a key that several alternatives have comes more than once. */
function keysOf(schema: unknown, path: string, place: string): Key[] {
  if (!isRecord(schema)) return [];
  const properties = isRecord(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  const own = properties.flatMap(([name, child]): Key[] => {
    if (!isRecord(child)) return [];
    const key = { path: `${path}${name}`, place: `${place}${name}`, schema: child };
    return [key, ...keysOf(child, `${key.path}.`, `${key.place}.`)];
  });
  const choices = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [];
  return [
    ...own,
    ...choices.flatMap((choice: unknown) => keysOf(choice, path, place)),
    ...keysOf(schema["items"], path, `${place}*.`),
    ...keysOf(schema["additionalProperties"], path, `${place}*.`),
  ];
}

/** The table's rows: key, default, and what it is. */
function rowsOfSchema(): string[][] {
  const rows = new Map<string, string[]>();
  for (const { path, place, schema } of keysOf(scenarioJsonSchema(), "", "")) {
    const key = path.replace(/^.*\b(readiness|liveness|startup)Probe\./, "PROBE.").replace(/^nodes\./, "node.");
    if (!rows.has(key)) rows.set(key, [`\`${key}\``, defaultOf(schema), wordsOf(schema, place)]);
  }
  return [...rows.values()];
}

function defaultOf(schema: Readonly<Record<string, unknown>>): string {
  const { default: value } = schema;
  const isEmpty = value === undefined || (typeof value === "object" && JSON.stringify(value).length === 2);
  return isEmpty ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function wordsOf({ description, enum: values }: Readonly<Record<string, unknown>>, place: string): string {
  const words = [String(description)];
  const names = Array.isArray(values) ? values.map(String) : [];
  if (names.length > 1 && names.some((name) => !words[0]!.includes(name))) words.push(`One of ${names.join(", ")}.`);
  const limit = NOT_SERVED.find((entry) => entry.path.test(place));
  if (limit !== undefined && limit.values === undefined) words.unshift("**Not served yet.**");
  else if (limit?.values !== undefined) {
    words.push(`**Served:** ${names.filter((name) => !limit.values!.includes(name)).join(", ")}.`);
  }
  return words.join(" ");
}

/** The rows of the guide's table, without its head. */
function rowsOfGuide(): string[][] {
  return GUIDE.split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("The guide to the scenario file", () => {
  it("has a row for every key of the schema, with its default and its words", () => {
    const wanted = rowsOfSchema();
    expect(wanted.length).toBeGreaterThan(90);
    expect(rowsOfGuide()).toEqual(wanted);
  });

  it("shows the keys of a probe once, for all probes have the same", () => {
    const probes = new Map<string, Set<string>>();
    for (const { path } of keysOf(scenarioJsonSchema(), "", "")) {
      const at = PROBE.exec(path);
      if (at === null) continue;
      const probe = path.slice(0, at.index + at[0].length);
      probes.set(probe, (probes.get(probe) ?? new Set()).add(path.slice(probe.length)));
    }
    const [first, ...others] = [...probes.values()];
    expect(others).toHaveLength(3);
    for (const other of others) expect(other).toEqual(first);
  });

  it("begins with a scenario that is right", () => {
    const example = /```yaml\n(.*?)```/s.exec(GUIDE)?.[1] ?? "";
    expect(scenarioOf(example)).toMatchObject({ replications: 8, kernel: { build: "5.4.188" } });
  });
});
