/**
 * What is wrong with options that are given once and with a value, as one sentence; `undefined` if nothing is.
 *
 * @param names the options to look at, without dashes.
 * @param mayBeEmpty those of them for which an empty value means something.
 */
export function singleValuesProblem(
  values: Readonly<Record<string, unknown>>,
  names: readonly string[],
  mayBeEmpty: readonly string[] = [],
): string | undefined {
  for (const name of names) {
    const value = values[name];
    if (Array.isArray(value)) return `Cannot use --${name} ${value.length} times: give it once`;
    if (value === "" && !mayBeEmpty.includes(name)) return `Cannot use --${name} without a value`;
  }
  return undefined;
}

/** The text of an option that is given once; `undefined` without it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The texts of an option or a word that may be given again, in their order. */
export function textsOf(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one) => typeof one === "string");
}

/** A path to a folder without the slashes at its end; `/` stays. */
export function withoutSlash(path: string): string {
  return path.replace(/(?<=.)[/\\]+$/, "");
}
