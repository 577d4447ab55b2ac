import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FuzzTarget } from "./fuzz_target.ts";
import { runFuzz } from "./run_fuzz.ts";

/** A parser of lines, with a fault. */
function faulty(judge: (text: string) => void, budgetMs = 200): FuzzTarget {
  return {
    name: "faulty",
    inputs: fc
      .array(fc.constantFrom("a", "b", "bad", "c"), { minLength: 1, maxLength: 8 })
      .map((lines) => [lines.join("\n")]),
    judge: ([text = ""]) => {
      judge(text);
      return "accepted";
    },
    budgetMs,
    shortRuns: 100,
  };
}

describe("runFuzz", () => {
  it("shrinks what breaks a parser to what it takes, and says where to meet it again", async () => {
    const target = faulty((text) => {
      if (text.includes("bad")) throw new Error("It broke");
    });
    const { failure } = await runFuzz(target, { seed: 1, runs: 100 });
    expect(failure?.input).toEqual(["bad"]);
    expect(failure?.error).toMatch(/^Error: It broke/);
    const again = await runFuzz(target, { seed: 1, runs: 1, path: failure?.path ?? "" });
    expect(again.failure?.input).toEqual(["bad"]);
  });

  it("ends an endless loop", async () => {
    const target = faulty((text) => {
      while (text.includes("bad"));
    }, 40);
    const { failure } = await runFuzz(target, { seed: 1, runs: 20 });
    expect(failure?.error).toContain("Script execution timed out after 400ms");
  });

  it("sees a prototype that was changed", async () => {
    const target = faulty((text) => {
      if (text.includes("bad")) Reflect.set(Object.prototype, "polluted", true);
    });
    const { failure } = await runFuzz(target, { seed: 1, runs: 100 });
    Reflect.deleteProperty(Object.prototype, "polluted");
    expect(failure?.error).toContain("Object.prototype has");
  });
});
