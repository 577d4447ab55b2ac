import { isMap, isScalar, type Node, type YAMLMap } from "yaml";
import { z } from "zod";
import { leaves, type Leaf } from "./leaves.ts";

/** A schema of any kind. */
export type Schema = z.core.$ZodType;

/** What a schema is to a reader of YAML; optional and default wrappers are looked through. */
export type Shape =
  | { readonly kind: "leaf"; readonly leaf: Leaf }
  | { readonly kind: "map"; readonly keys: ReadonlyMap<string, Schema>; readonly isOpen: boolean }
  | { readonly kind: "list"; readonly item: Schema }
  | { readonly kind: "table"; readonly key: Schema; readonly value: Schema }
  | { readonly kind: "choice"; readonly options: readonly Schema[] };

/** A shape that leaves nothing to choose. */
export type PlainShape = Exclude<Shape, { kind: "choice" }>;

/**
 * Looks into a schema.
 *
 * @throws Error if the schema is of a kind that the scenario's schema does not use.
 */
export function shapeOf(schema: Schema): Shape {
  const leaf = leaves.get(schema);
  if (leaf !== undefined) return { kind: "leaf", leaf };
  if (schema instanceof z.core.$ZodOptional || schema instanceof z.core.$ZodPrefault) {
    return shapeOf(schema._zod.def.innerType);
  }
  if (schema instanceof z.core.$ZodObject) {
    const keys = new Map<string, Schema>(Object.entries(schema._zod.def.shape));
    return { kind: "map", keys, isOpen: schema._zod.def.catchall instanceof z.core.$ZodUnknown };
  }
  if (schema instanceof z.core.$ZodArray) return { kind: "list", item: schema._zod.def.element };
  if (schema instanceof z.core.$ZodRecord) {
    return { kind: "table", key: schema._zod.def.keyType, value: schema._zod.def.valueType };
  }
  if (schema instanceof z.core.$ZodUnion) return { kind: "choice", options: schema._zod.def.options };
  throw new Error(`Broken invariant: the scenario's schema has no ${schema._zod.def.type}`);
}

/** Whether a map may do without the key that has this schema. */
export function isOptional(schema: Schema): boolean {
  return schema instanceof z.core.$ZodOptional || schema instanceof z.core.$ZodPrefault;
}

/**
 * The option of a choice that the user means. A map means the first map whose required keys it all has, else the last
 * map; anything else means the first option that is no map, if there is one.
 */
export function meantOption(options: readonly Schema[], node: Node | null): Schema {
  const isMapOption = (option: Schema): boolean => shapeOf(option).kind === "map";
  const maps = options.filter(isMapOption);
  const others = options.filter((option) => !isMapOption(option));
  if (!isMap(node)) return others[0] ?? options.at(-1)!;
  return maps.find((option) => hasRequiredKeys(node, option)) ?? maps.at(-1) ?? options[0]!;
}

/** The schema behind wrappers and choices, given what the user wrote, and its shape. */
export function meantSchema(
  schema: Schema,
  node: Node | null,
): { readonly schema: Schema; readonly shape: PlainShape } {
  const shape = shapeOf(schema);
  if (shape.kind !== "choice") return { schema, shape };
  return meantSchema(meantOption(shape.options, node), node);
}

/** The source text of a scalar: `5.10` is "5.10", a quoted text is what the quotes hold. */
export function sourceTextOf(node: unknown): string | undefined {
  return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
}

/** The value of a key, compared by source text, or `undefined` if the map does not have it. */
export function valueOf(map: YAMLMap, key: string): unknown {
  return map.items.find((pair) => sourceTextOf(pair.key) === key)?.value ?? undefined;
}

function hasRequiredKeys(node: YAMLMap, option: Schema): boolean {
  const shape = shapeOf(option);
  if (shape.kind !== "map") return false;
  for (const [key, schema] of shape.keys) {
    if (!isOptional(schema) && !node.items.some((pair) => sourceTextOf(pair.key) === key)) return false;
  }
  return true;
}
