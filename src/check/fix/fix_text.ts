import type { CheckTextOptions } from "../output/check_text.ts";
import { wrap } from "../output/check_text.ts";
import { formatCount, formatProbability } from "../../study/format_count.ts";
import { oneIn, plural } from "../wording.ts";
import { isAboutUse, type Candidate, type PortFigures } from "./candidate.ts";
import type { FilePatch } from "./file_patch.ts";

/** What `--fix` says about one target: the ranked changes with their cost, and the patch of the chosen one. */
export function fixText(
  target: string,
  all: readonly Candidate[],
  chosen: { readonly number: number; readonly patches: readonly FilePatch[]; readonly missing: Candidate["settings"] },
  { columns }: CheckTextOptions,
): string {
  const width = Math.max(40, Math.min(columns, 120));
  const lines = [`${target}:`];
  for (const [index, one] of all.entries()) {
    lines.push(...wrap(`${one.title}.`, `  ${index + 1}. `, width));
    for (const line of candidateLines(one)) lines.push(...wrap(line, "     ", width));
  }
  if (all.length > 1) lines.push("", `Patch of change ${chosen.number} (--candidate N shows another):`);
  else if (chosen.patches.length > 0) lines.push("", "Patch:");
  for (const [name, value] of chosen.missing) {
    lines.push(`# no file of this target sets it: write ${name} = ${value} to /etc/sysctl.d/99-kubernetes.conf`);
  }
  const text = `${lines.join("\n")}\n`;
  return `${text}${chosen.patches.length === 0 ? "" : "\n"}${chosen.patches.map(({ diff }) => diff).join("")}`;
}

function candidateLines(one: Candidate): readonly string[] {
  const { before, after, funnel, remaining, coversLater } = one;
  const lost = before.openPorts - after.openPorts;
  const lines = [
    `Proof: probability that a connect picks a NodePort: ${proof(one, before)} before (${reach(one, before)}), ` +
      `${proof(one, after)} after (${reach(one, after)}).`,
    `Cost: ${plural(Math.max(0, lost), "source port")}. ${formatCount(after.openPorts)} are left: ${plural(after.connectsPerSecond, "connect")} a second to one ` +
      `destination (${formatCount(before.connectsPerSecond)} before); connects get slow beyond ${formatCount(after.firstPorts)} to one destination, ` +
      `EADDRNOTAVAIL beyond ${formatCount(after.openPorts)}.`,
  ];
  if (funnel !== undefined) {
    lines.push(
      `Funnel: port ${funnel.port} gets ${formatCount(funnel.after)} of ${formatCount(funnel.starts)} starts, ${oneIn(funnel.after / funnel.starts)} ` +
        `(${formatCount(funnel.before)} before); let nothing listen there, and make it no NodePort.`,
    );
  }
  if (one.id === "change-parity") {
    lines.push(
      "Risk: parity is no reservation. Under port pressure connect() takes the other parity, and bind(0) always does.",
    );
  } else if (!coversLater) lines.push("Risk: a Service that comes later gets another NodePort, which is not covered.");
  if (remaining.length > 0) lines.push(`Still found: ${remaining.join(", ")}.`);
  return lines;
}

/** How many ports that are or may become NodePorts connect() takes. */
function reach({ node }: Candidate, { reachable }: PortFigures): string {
  const what = isAboutUse(node) ? plural(reachable, "NodePort") : `${plural(reachable, "port")} of their range`;
  return `it reaches ${reachable === 0 ? "none" : what}`;
}

/** The exact probability, or what stands for it. */
function proof({ node }: Candidate, { exact, reachable }: PortFigures): string {
  const isUse = isAboutUse(node);
  if (reachable === 0) return "exactly 0";
  if ("declined" in exact) return "no closed value (a shared cursor skips reserved or held ports)";
  const figure = `${formatProbability(exact.probability)}, ${oneIn(exact.probability)} connects,`;
  return isUse ? figure : `up to ${figure} for each NodePort`;
}
