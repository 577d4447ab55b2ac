/** The flags that are looked at; all others, which may hold secrets, are passed over. */
const FLAGS = new Set(["proxy-mode", "ipvs-scheduler", "nodeport-addresses", "service-node-port-range"]);

/** The values of known flags among the words of a command line: `--flag=value` or `--flag value`. */
export function readFlags(words: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  words.forEach((word, index) => {
    const match = /^--?([a-z-]+)(?:=(.*))?$/s.exec(word);
    const name = match?.[1] ?? "";
    if (!FLAGS.has(name)) return;
    const next = words[index + 1];
    const value = match?.[2] ?? (next === undefined || next.startsWith("-") ? undefined : next);
    if (value !== undefined) flags.set(name, value.replace(/^"(.*)"$/s, "$1"));
  });
  return flags;
}
