import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scenarioJsonSchema, scenarioJsonSchemaText } from "../../src/scenario/json_schema.ts";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every property of a schema with the path that leads to it. */
function propertiesOf(schema: unknown, path: string): [path: string, property: Record<string, unknown>][] {
  if (Array.isArray(schema)) return schema.flatMap((item) => propertiesOf(item, path));
  if (!isRecord(schema)) return [];
  const properties = isRecord(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  const own = properties.flatMap(([key, property]) =>
    isRecord(property) ? [[`${path}.${key}`, property] as [string, Record<string, unknown>]] : [],
  );
  const below = own.flatMap(([key, property]) => propertiesOf(property, key));
  return [
    ...own,
    ...below,
    ...["items", "anyOf", "additionalProperties"].flatMap((key) => propertiesOf(schema[key], path)),
  ];
}

describe("scenarioJsonSchema", () => {
  it("is what scenarios/scenario.schema.json holds (else: npx sim schema > scenarios/scenario.schema.json)", () => {
    const path = new URL("../../scenarios/scenario.schema.json", import.meta.url);
    expect(readFileSync(path, "utf8")).toBe(scenarioJsonSchemaText());
  });

  it("is draft-7 and forbids unknown keys", () => {
    const schema = scenarioJsonSchema();
    expect(schema["$schema"]).toBe("http://json-schema.org/draft-07/schema#");
    expect(schema["additionalProperties"]).toBe(false);
    expect(schema["required"]).toEqual(["kernel", "duration", "kubelet", "kubeProxy"]);
  });

  it("describes every key", () => {
    const properties = propertiesOf(scenarioJsonSchema(), "");
    expect(properties.length).toBeGreaterThan(80);
    expect(properties.filter(([, { description }]) => typeof description !== "string").map(([path]) => path)).toEqual(
      [],
    );
  });

  it("bounds every list", () => {
    const lists = propertiesOf(scenarioJsonSchema(), "").filter(([, { type }]) => type === "array");
    expect(lists.length).toBeGreaterThan(20);
    expect(lists.filter(([, { maxItems }]) => typeof maxItems !== "number").map(([path]) => path)).toEqual([]);
  });

  it("allows numbers where the source text counts", () => {
    const properties = new Map(propertiesOf(scenarioJsonSchema(), ""));
    expect(properties.get(".seed")?.["type"]).toEqual(["string", "number"]);
    expect(properties.get(".kubelet.version")?.["type"]).toEqual(["string", "number"]);
    expect(properties.get(".pods.replicas")?.["type"]).toBe("integer");
    expect(properties.get(".kubeProxy.mode")?.["type"]).toBe("string");
  });
});
