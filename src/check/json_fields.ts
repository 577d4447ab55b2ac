/** The value at the end of a path of keys; `undefined` where the path ends early. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Object.entries(current).find(([name]) => name === key)?.[1];
  }
  return current;
}

/** The text at a path; `undefined` if there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = field(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The number at a path; `undefined` if there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = field(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** The list at a path; empty if there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found: unknown = field(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The objects of a Kubernetes list, or the one object; `undefined` if it is neither. */
export function items(document: unknown): readonly unknown[] | undefined {
  const kind = textAt(document, "kind");
  if (kind === undefined) return undefined;
  if (!kind.endsWith("List")) return [document];
  // A list of one kind leaves the kind of its items out.
  const itemKind = kind === "List" ? undefined : kind.slice(0, -"List".length);
  return listAt(document, "items").map((item) =>
    typeof item === "object" && item !== null && itemKind !== undefined ? { kind: itemKind, ...item } : item,
  );
}
