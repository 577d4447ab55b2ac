/** Overrides by path; of two for one path the later one, which is the one that applied. */
export function overrideRecord(overrides: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    overrides.map((override) => {
      const at = override.indexOf("=");
      return [override.slice(0, at), override.slice(at + 1)];
    }),
  );
}
