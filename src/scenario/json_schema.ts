import { z } from "zod";
import { leaves } from "./leaves.ts";
import { scenarioSchema } from "./schema.ts";

/** A JSON Schema document: plain data, to be printed as JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (draft-7) of a scenario file, for editors. Where the source text of a value counts, a number is
 * allowed too, since `kernel: 5.10` needs no quotes here.
 *
 * @example
 * ```ts
 * console.log(scenarioJsonSchema()["$schema"]); // http://json-schema.org/draft-07/schema#
 * ```
 */
export function scenarioJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(scenarioSchema, {
    target: "draft-7",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      const isText = leaves.get(zodSchema)?.isText === true && jsonSchema.enum === undefined;
      // The two types are right in JSON Schema; only the converter's own type for `type` knows just one.
      if (isText) Object.assign(jsonSchema, { type: ["string", "number"] });
    },
  });
  return { $schema: schema.$schema, title: "A portfall scenario", ...schema };
}

/** The text of `scenarios/scenario.schema.json`. */
export function scenarioJsonSchemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}
