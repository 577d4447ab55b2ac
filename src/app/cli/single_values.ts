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
