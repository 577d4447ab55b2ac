import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonValue, jsonPathAt } from "../../src/scenario/json_places.ts";

const TEXT = '{"a": {"b": [1, "two,]", {"c": null}]}, "d": true}';

/** What stands at a path of the text. */
function found(path: readonly (string | number)[]): string | undefined {
  const place = findJsonValue(TEXT, path);
  return place === undefined ? undefined : TEXT.slice(place.start, place.end);
}

/** The path of every value below a value. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inside: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...inside.flatMap(([place, one]) => pathsOf(one, [...path, place]))];
}

describe("findJsonValue", () => {
  it("finds a whole scalar, or the bracket that opens anything else", () => {
    expect(found(["a", "b", 1])).toBe('"two,]"');
    expect(found(["a", "b", 2, "c"])).toBe("null");
    expect(found(["a", "b"])).toBe("[");
    expect(found(["d"])).toBe("true");
  });

  it("finds the innermost value that is there", () => {
    expect(found(["a", "x", "y"])).toBe("{");
    expect(found(["a", "b", 7])).toBe("[");
    expect(found(["x"])).toBe(undefined);
  });

  it("finds every scalar of any document", () => {
    const keys = fc.string({ unit: fc.constantFrom("a", "b", "é", " ", ":"), minLength: 1 });
    fc.assert(
      fc.property(fc.dictionary(keys, fc.json({ maxDepth: 2 })), fc.constantFrom(0, 2), (texts, indent) => {
        const document = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, [text, text.length]]));
        const written = JSON.stringify(document, null, indent);
        for (const path of pathsOf(document).slice(1)) {
          const place = findJsonValue(written, path);
          const [key = "", index] = path;
          const value = document[key]?.[Number(index)];
          expect(written.slice(place?.start, place?.end)).toBe(index === undefined ? "[" : JSON.stringify(value));
        }
      }),
    );
  });
});

describe("jsonPathAt", () => {
  it("names what a text is in the middle of", () => {
    expect(jsonPathAt(TEXT, TEXT.indexOf("two") + 1)).toEqual(["a", "b", 1]);
    expect(jsonPathAt(TEXT, TEXT.indexOf("null"))).toEqual(["a", "b", 2, "c"]);
    expect(jsonPathAt(TEXT, TEXT.indexOf('"d"'))).toEqual([]);
    expect(jsonPathAt("", 0)).toEqual([]);
  });

  it("takes any text, and any depth", () => {
    fc.assert(fc.property(fc.string(), fc.nat(50), (text, offset) => Array.isArray(jsonPathAt(text, offset))));
    expect(jsonPathAt("[".repeat(200_000), 200_000)).toHaveLength(200_000);
  });

  it("finds what stands behind a string of many megabytes", () => {
    const text = `{"about":"${"x".repeat(16 * 1024 * 1024)}","next":1}`;
    expect(findJsonValue(text, ["next"])).toMatchObject({ start: text.length - 2 });
  });
});
