import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { item, labelled, textStyle, wrapText } from "../../src/report/text_layout.ts";

describe("wrapText", () => {
  it("breaks at spaces", () => {
    expect(wrapText("one two three", 8)).toEqual(["one two", "three"]);
  });

  it("keeps a number and its per cent sign together", () => {
    expect(wrapText("to 100 %, 95 % of", 6)).toEqual(["to", "100 %,", "95 %", "of"]);
  });

  it("cuts a word that is longer than a line", () => {
    expect(wrapText("a bcdefgh", 3)).toEqual(["a", "bcd", "efg", "h"]);
  });

  it("lets no control character reach the terminal", () => {
    expect(wrapText("red\u001b[31m\nname\u009b2J", 80)).toEqual(["red [31m name 2J"]);
  });

  it("loses no letter and keeps the width", () => {
    const letters = (some: string): string => some.replace(/[\s\p{Cc}]/gu, "");
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, width) => {
        const lines = wrapText(text, width);
        expect(lines.every((line) => line.length >= 1 && line.length <= width)).toBe(true);
        expect(letters(lines.join(""))).toBe(letters(text));
      }),
    );
  });
});

describe("labelled", () => {
  it("wraps the text under itself", () => {
    expect(labelled("causes", "one two three", 33)).toEqual([
      "  causes                 one two",
      "                         three",
    ]);
  });

  it("gives a long label a line of its own", () => {
    expect(labelled("namespace/workload-with-a-long-name", "text", 60)).toEqual([
      "  namespace/workload-with-a-long-name",
      "                         text",
    ]);
  });
});

describe("item", () => {
  it("wraps the text behind the mark", () => {
    expect(item("-", "one two", 8)).toEqual(["  - one", "    two"]);
  });
});

describe("textStyle", () => {
  it("adds nothing without colour", () => {
    expect(textStyle(false).bold(textStyle(false).bad("text"))).toBe("text");
  });

  it("ends what it begins", () => {
    expect(textStyle(true).bold("text")).toBe("\u001b[1mtext\u001b[22m");
  });
});
