import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FAULTS } from "./all_faults.ts";

// Goal: the table of deliberate faults keeps up with the engine; `npm run mutation` tries whether the suite sees them.

describe("A deliberate fault", () => {
  it.each(FAULTS.map(({ file, wrong, find }) => [file, wrong, find] as const))(
    "finds the expression that it changes in %s, once: %s",
    (file, _wrong, find) => {
      const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
      expect(text.split(find)).toHaveLength(2);
    },
  );

  it("changes something, and no other fault changes the same", () => {
    const changes = FAULTS.map(({ file, find, replace }) => `${file}: ${find} -> ${replace}`);
    expect(FAULTS.filter(({ find, replace }) => find === replace)).toEqual([]);
    expect(new Set(changes).size).toBe(FAULTS.length);
  });
});
