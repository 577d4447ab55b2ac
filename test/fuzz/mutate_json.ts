import * as fc from "fast-check";
import { hostileJson, hostilePiece, PROTOTYPE_KEYS } from "./hostile_values.ts";

/** One change of a JSON value; the place counts the value's parts from the outside in. */
interface JsonChange {
  readonly kind: "alike" | "like another" | "replace" | "remove" | "twice" | "add" | "rename" | "deep";
  readonly place: number;
  /** A part whose value comes in place of the first one's, or from which on one like it is looked for. */
  readonly other: number;
  readonly value: unknown;
  readonly key: string;
  readonly text: string;
  readonly number: number;
}

const KINDS = [
  "alike",
  "alike",
  "alike",
  "like another",
  "like another",
  "replace",
  "remove",
  "twice",
  "add",
  "rename",
  "deep",
] as const;

const change: fc.Arbitrary<JsonChange> = fc.record({
  kind: fc.constantFrom(...KINDS),
  place: fc.nat({ max: 1 << 20 }),
  other: fc.nat({ max: 1 << 20 }),
  value: hostileJson,
  key: fc.oneof(hostilePiece, fc.constantFrom(...PROTOTYPE_KEYS)),
  text: hostilePiece,
  number: fc.constantFrom(-1, 0, 1, 2, 0.5, 1e-300, 1e15, 2 ** 53, 1e308, 65_535, 65_536, 100_000_000),
});

/** A part of a JSON value: who holds it, and under which key. */
interface Part {
  readonly owner: unknown[] | Record<string, unknown>;
  readonly key: string;
}

/** The text of one of the values with a few changes: fields replaced, removed, doubled, renamed, added or nested deeply. */
export function mutatedJson(values: readonly unknown[], most = 3): fc.Arbitrary<string> {
  const texts = values.map((value) => JSON.stringify(value));
  return fc
    .tuple(fc.nat({ max: texts.length - 1 }), fc.array(change, { minLength: 1, maxLength: most }))
    .map(([which, changes]) => {
      const root: unknown[] = [JSON.parse(texts[which] ?? "null")];
      for (const one of changes) apply(one, partsOf(root));
      return JSON.stringify(root[0]) ?? "null";
    });
}

function apply({ kind, place, other, value, key, text, number }: JsonChange, parts: readonly Part[]): void {
  const part = parts[place % parts.length];
  if (part === undefined) return;
  const { owner } = part;
  switch (kind) {
    case "alike": {
      const present: unknown = Reflect.get(owner, part.key);
      if (typeof present === "string") set(owner, part.key, number < 1 ? text : present + text);
      else if (typeof present === "number") set(owner, part.key, number);
      else if (typeof present === "boolean") set(owner, part.key, !present);
      return undefined;
    }
    case "like another":
      return set(owner, part.key, likeAnother(parts, part, other));
    case "replace":
      return set(owner, part.key, value);
    case "remove":
      if (Array.isArray(owner)) owner.splice(Number(part.key), 1);
      else delete owner[part.key];
      return undefined;
    case "twice":
      if (Array.isArray(owner))
        for (let copy = 0; copy < 1 + (place % 50); copy += 1) owner.push(owner[Number(part.key)]);
      else set(owner, `${part.key} `, owner[part.key]);
      return undefined;
    case "add":
      return Array.isArray(owner) ? void owner.push(value) : set(owner, key, value);
    case "rename":
      if (Array.isArray(owner)) return undefined;
      set(owner, key, owner[part.key]);
      delete owner[part.key];
      return undefined;
    case "deep": {
      let nested: unknown = value;
      for (let level = 0; level < place % 1000; level += 1) nested = place % 2 === 0 ? [nested] : { a: nested };
      return set(owner, part.key, nested);
    }
  }
}

/** How many parts are looked at for one of the same kind. */
const LOOKS = 200;

/** A copy of the value of another part: of the same field if one is near, else of the same type, such as a name that is known. */
function likeAnother(parts: readonly Part[], { owner, key }: Part, from: number): unknown {
  const present: unknown = Reflect.get(owner, key);
  const near = Array.from({ length: Math.min(LOOKS, parts.length) }, (_, step) => parts[(from + step) % parts.length]);
  const valueOf = (one: Part | undefined): unknown => (one === undefined ? undefined : Reflect.get(one.owner, one.key));
  const isOther = (one: Part | undefined): boolean =>
    typeof valueOf(one) === typeof present && valueOf(one) !== present;
  const sameField = near.find((one) => one?.key === key && isOther(one));
  const found = valueOf(sameField !== undefined && from % 2 === 0 ? sameField : near.find(isOther));
  return found === undefined ? present : JSON.parse(JSON.stringify(found));
}

/** Sets a field of its own, also one named like the prototype. */
function set(owner: object, key: string, value: unknown): void {
  Object.defineProperty(owner, key, { value, configurable: true, enumerable: true, writable: true });
}

/** All parts of a value, those of the upper levels first; deep ones end the walk. */
function partsOf(root: unknown[]): readonly Part[] {
  const parts: Part[] = [];
  const open: unknown[] = [root];
  for (const owner of open) {
    if (!isHolder(owner)) continue;
    for (const key of Object.keys(owner)) {
      parts.push({ owner, key });
      if (parts.length > 20_000) return parts;
      open.push(Reflect.get(owner, key));
    }
  }
  return parts;
}

function isHolder(value: unknown): value is Part["owner"] {
  return typeof value === "object" && value !== null;
}
