import { describe, expect, it } from "vitest";
import { readComponentConfig } from "../../src/scenario/import/component_config.ts";
import { importScenario } from "../../src/scenario/import/import_scenario.ts";
import { diagnosticsOf } from "./small_scenario.ts";

// Goal: a scenario that was made to hurt is refused at once, with a sentence.
// Method: the smallest text of each kind that once took long, took much memory or ended the program. What is merely too
// much stands in test/app/limit_cases.ts.

/** The first line of what is said. */
function said(text: string): string {
  return diagnosticsOf(text).trim().split("\n", 1)[0] ?? "";
}

describe("A hostile scenario", () => {
  it.each([
    ["brackets whose ends stand in texts", `a: ${'["]",\n '.repeat(20_000)}`],
    ["brackets whose ends stand in comments", `a: ${"[ #]\n ".repeat(20_000)}`],
    ["maps in one line", "a: ".repeat(20_000)],
    ["lists in one line", "- ".repeat(20_000)],
  ])("is refused where it is nested too deeply: %s", (_, text) => {
    expect(said(text)).toMatch(/^s\.yaml:\d+:\d+: Cannot read the YAML: it is nested more than 200 levels deep$/);
  });

  it.each([
    ["brackets", "]\n".repeat(500_000)],
    ["escapes", `"${"\\x\n".repeat(300_000)}`],
    ["directives", "%a\n".repeat(500_000)],
  ])("is given up after a thousand syntax errors: %s", (_, text) => {
    const lines = diagnosticsOf(text).split("\n");
    expect(lines.filter((line) => line.startsWith("s.yaml:")).length).toBeLessThanOrEqual(1001);
  });

  it("is refused with what is wrong behind a document that has come to its end", () => {
    expect(said(`{}\n${"]\n".repeat(1001)}`)).toBe(
      's.yaml:2:1: Cannot read the YAML: unexpected flow-seq-end token in YAML stream: "]"',
    );
  });
});

describe("A hostile export", () => {
  it("may have an alias without its anchor", () => {
    expect(readComponentConfig("kind: *mode\n").problems).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^Cannot read this as YAML: Unresolved alias/) }),
    ]);
  });

  it("may have aliases that stand for billions of values", () => {
    const bomb = "abcdefghijkl".split("").map((name, index, names) => {
      const before = index === 0 ? "x" : `*${names[index - 1] ?? ""}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => before).join(",")}]\n`;
    });
    expect(readComponentConfig(bomb.join("")).problems).toEqual([
      expect.objectContaining({
        message: "Cannot read this as YAML: its aliases stand for more than 100 copies",
      }),
    ]);
  });

  it("may be nested too deeply", () => {
    expect(readComponentConfig("- ".repeat(20_000)).problems).toEqual([
      expect.objectContaining({ message: "Cannot read this as YAML: it is nested more than 200 levels deep" }),
    ]);
    const bytes = new TextEncoder().encode("[".repeat(20_000));
    const imported = importScenario([{ path: "kubectl.json", bytes }], {});
    expect(imported).toMatchObject({
      ok: false,
      diagnostics: [
        { line: 1, column: 201, message: "Cannot read this as JSON: it is nested more than 200 levels deep" },
      ],
    });
  });
});
