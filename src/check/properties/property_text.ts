import { wrap } from "../output/check_text.ts";
import { plural } from "../wording.ts";
import type { PropertyResult, PropertyVerdict } from "./property_result.ts";

const COLORS: Readonly<Record<PropertyVerdict, string>> = {
  holds: "\u001b[32m",
  undecided: "\u001b[33m",
  violated: "\u001b[31m",
};

/** Properties for people: a line for each, why, and the scenario of its counterexample where there is one. */
export function propertyText(
  results: readonly PropertyResult[],
  { color, columns }: { readonly color: boolean; readonly columns: number },
): string {
  const width = Math.max(40, Math.min(columns, 120));
  const blocks = results.map((result) => {
    const { name, target, verdict, why, title, counterexample } = result;
    const word = color ? `${COLORS[verdict]}${verdict}\u001b[0m` : verdict;
    return [
      `${target}: ${word} ${name} (${methodText(result)})`,
      ...wrap(title, "  wanted:  ", width),
      ...wrap(why, verdict === "violated" ? "  found:   " : "  why:     ", width),
      ...(counterexample === undefined ? [] : ["", ...indented(counterexample.scenario)]),
    ].join("\n");
  });
  return blocks.length === 0 ? "" : `${blocks.join("\n\n")}\n\n${sumText(results)}\n`;
}

function methodText({ method, cases, shrinks, seed, path }: PropertyResult): string {
  switch (method) {
    case "structure":
      return "by structure, without simulation";
    case "exact":
      return "by enumeration";
    case "sequential-test":
      return `sequential test over ${plural(cases, "boot")}`;
    case "search": {
      const shrunk = shrinks === 0 ? "" : `, shrunk ${shrinks === 1 ? "once" : `${shrinks} times`}`;
      const again = path === undefined ? `, seed ${seed}` : `, replay ${seed}:${path}`;
      return `${plural(cases, "case")}${shrunk}${again}`;
    }
  }
}

function indented(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`);
}

function sumText(results: readonly PropertyResult[]): string {
  const counts = (["violated", "undecided", "holds"] as const).flatMap((verdict) => {
    const number = results.filter((result) => result.verdict === verdict).length;
    return number === 0 ? [] : [`${number} ${verdict === "holds" && number !== 1 ? "hold" : verdict}`];
  });
  return `${plural(results.length, "property").replace("propertys", "properties")}: ${counts.join(", ")}`;
}
