/** Namespaces that every cluster has. */
const COMMON = new Set(["default", "kube-system", "kube-public", "kube-node-lease", "host", "ipvs"]);

/** Names by kind and number: `pod-17`. The same name of one kind has the same replacement everywhere. */
export class NameMap {
  readonly #replacements = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** The replacement of a name; namespaces that every cluster has keep theirs. */
  of(kind: string, name: string): string {
    if (kind === "namespace" && COMMON.has(name)) return name;
    const key = `${kind} ${name}`;
    const known = this.#replacements.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const made = `${kind}-${count}`;
    this.#replacements.set(key, made);
    return made;
  }

  /** The originals by their replacements. */
  table(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#replacements].map(([key, replacement]) => [replacement, key.slice(key.indexOf(" ") + 1)]),
    );
  }
}
