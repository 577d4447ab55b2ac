import * as fc from "fast-check";
import { isMap, isSeq, parseDocument, type Document } from "yaml";
import { describe, expect, it } from "vitest";
import { initialScenario } from "../../src/scenario/init.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";

type Path = readonly (string | number)[];

/** The paths of all keys of a document. */
function pathsOf(document: Document): Path[] {
  const paths: Path[] = [];
  const walk = (node: unknown, path: Path): void => {
    if (path.length > 0) paths.push(path);
    if (isMap(node)) for (const { key, value } of node.items) walk(value, [...path, String(key)]);
    if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...path, index]);
  };
  walk(document.contents, []);
  return paths;
}

describe("initialScenario", () => {
  it("parses without diagnostics and without warnings", () => {
    expect(parseScenario(initialScenario(), "first.yaml", [])).toMatchObject({ ok: true, warnings: [] });
  });

  // Each key in turn gets a value that is surely wrong, or is renamed to a key that does not exist.
  it("gives diagnostics, and never an exception, when any one key is corrupted", () => {
    const paths = pathsOf(parseDocument(initialScenario()));
    const wrong: readonly (object | null)[] = [null, [], {}, [[]], { "x y": 1 }];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.constantFrom(...wrong), fc.boolean(), (path, value, isRenamed) => {
        const document = parseDocument(initialScenario());
        const key = path.at(-1);
        const isKey = typeof key === "string" && !(path.length === 2 && path[0] === "sysctls");
        if (isRenamed && isKey) {
          document.setIn([...path.slice(0, -1), `${key}Xyz`], document.getIn(path));
          document.deleteIn(path);
        } else {
          document.setIn(path, value);
        }
        const parsed = parseScenario(document.toString(), "first.yaml", []);
        // An empty list or map is no corruption where lists and maps may be empty.
        const mayBeRight = Array.isArray(value)
          ? value.length === 0
          : value !== null && Object.keys(value).length === 0;
        expect(parsed.ok ? mayBeRight && !(isRenamed && isKey) : parsed.diagnostics.length > 0).toBe(true);
      }),
      { numRuns: 250 },
    );
  });

  it("gives diagnostics or a scenario, and never an exception, when any bytes are cut out or put in", () => {
    const text = initialScenario();
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.nat(40),
        fc.string({ maxLength: 12, unit: "binary" }),
        (at, length, insert) => {
          const parsed = parseScenario(text.slice(0, at) + insert + text.slice(at + length), "first.yaml", []);
          expect(parsed.ok || parsed.diagnostics.length > 0).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("takes any option without an exception", () => {
    const segment = fc.constantFrom(
      "kernel",
      "pods",
      "default/nginx",
      "sysctls",
      "portRange",
      "low",
      "services",
      "others",
      "x",
      "",
      "node",
      "=",
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), fc.string({ maxLength: 8 }), (segments, value) => {
        const parsed = parseScenario(initialScenario(), "first.yaml", [`${segments.join(".")}=${value}`]);
        expect(parsed.ok || parsed.diagnostics.length > 0).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
