import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kernelBuilds, resolveKernel } from "../../src/kernel/eras.ts";
import { PORT_WALKS, type PortWalkName } from "../../src/kernel/kernel_era.ts";

const ERAS = readFileSync(join(import.meta.dirname, "../../src/kernel/era_table.ts"), "utf8");

/** The mainline releases that the era table covers, the oldest first. */
export const MAINLINE: readonly string[] = [
  ...releases(3, 10, 19),
  ...releases(4, 0, 20),
  ...releases(5, 0, 19),
  ...releases(6, 0, 19),
  ...releases(7, 0, 2),
];

const WALKS: Readonly<Record<PortWalkName, string>> = {
  "3.10": "from the cursor of the machine, port by port; the cursor goes on by one",
  "4.2-4.5": "from an even place behind the cursor of the machine, port by port; the cursor goes on by two",
  "4.6-5.11": "ports of the low bound's parity first, then the others; one cursor for the machine, by two",
  "5.12-5.17": "the same with 256 cursors, of which the destination chooses one",
  "5.18+": "65,536 cursors, a hash that takes another start every 10 s, and steps of 2 to 16",
};

const HEAD = `# Kernels

A kernel build is a row of values in which builds differ; the way of a packet reads these values and never a version. A
scenario, \`--kernel\` and \`sim ports\` take

- any upstream release from 3.10 to 7.2: \`5.10\` is 5.10.0, \`5.10.125\` has what that stable release took;
- a vendor's build with a row, below;
- any other build with its port walk stated: \`kernel: { build: 5.15.0-91-generic, portWalk: 5.18+, hz: 250 }\`. Without it
  the diagnostic names the candidates.

The page is made of \`src/kernel/era_table.ts\` (\`npm run pages\`).
`;

/** The reference page of the kernel builds as Markdown, unformatted. */
export function kernelsPage(): string {
  return [HEAD, walks(), changes(), vendors(), builds()].join("\n");
}

function releases(major: number, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${major}.${from + index}`);
}

function walks(): string {
  const rows = PORT_WALKS.map((walk) => `| \`${walk}\` | ${WALKS[walk]} |`);
  return `## Port walks\n\nWhich ports connect() tries, and in which order. They are named by the mainline releases that have them; stable lines\ntook newer ones (below).\n\n| walk | tries |\n| --- | --- |\n${rows.join("\n")}\n`;
}

/** The changes of upstream, read from the table's own comments. */
function changes(): string {
  const table = /const CHANGES: [^]*?\n\];/.exec(ERAS)?.[0] ?? "";
  const rows = [...table.matchAll(/((?:^ {2}\/\/.*\n)+) {2}\{\s*firsts: \[([^\]]*)\],\s*gives: \{([^}]*)\},?\s*\}/gm)];
  const count = table.split("firsts:").length - 1;
  if (rows.length !== count || count === 0) throw new Error(`${rows.length} of ${count} changes have a comment`);
  const lines = rows.map(([, comment = "", firsts = "", gives = ""]) => {
    const [first = "", ...stable] = [...firsts.matchAll(/"([\d.]+)"/g)].map(([, release]) => release!);
    const { what, source } = spoken(comment);
    const values = gives
      .trim()
      .replace(/,$/, "")
      .split(/,\s*/)
      .map((value) => `\`${value}\``);
    return `| ${[first, stable.join(", "), what, values.join(", "), `\`${source}\``].join(" | ")} |`;
  });
  return `## What changed\n\nFrom the release on, and in these stable lines from the build on.\n\n| from | also from | what | value | source |\n| --- | --- | --- | --- | --- |\n${lines.join("\n")}\n`;
}

function vendors(): string {
  const table = /const VENDOR_ROWS: [^]*?\n\];/.exec(ERAS)?.[0] ?? "";
  const rows = [...table.matchAll(/((?:^ {2}\/\/.*\n)+) {2}\{\s*pattern: \/(.*)\/,[^]*?hz: (\d+)/gm)];
  if (rows.length === 0) throw new Error("no vendor's row has a comment");
  const lines = rows.map(([, comment = "", pattern = "", hz = ""]) => {
    const { what, source } = spoken(comment);
    return `| \`${pattern.replaceAll("|", String.raw`\|`)}\` | ${hz} | ${what} | \`${source}\` |`;
  });
  return `## Builds of vendors\n\n| build | HZ | what it is | source |\n| --- | --- | --- | --- |\n${lines.join("\n")}\n`;
}

function builds(): string {
  const lines = kernelBuilds().map((build) => {
    const resolution = resolveKernel({ build });
    if (!resolution.ok) throw new Error(resolution.problem);
    const { portWalk, hz, timeWaitReuse, synLinearTimeouts, conntrackMaxPerBucket } = resolution.era;
    return `| \`${build}\` | ${[`\`${portWalk}\``, hz, timeWaitReuse, synLinearTimeouts, conntrackMaxPerBucket].join(" | ")} |`;
  });
  return `## Builds by name\n\nThose that help texts and completion offer; every other upstream release is as good.\n\n| build | walk | HZ | TIME_WAIT reuse | linear SYN timeouts | \`nf_conntrack_max\` per bucket |\n| --- | --- | --- | --- | --- | --- |\n${lines.join("\n")}\n`;
}

/** A comment as a sentence, and the source that it names. */
function spoken(comment: string): { readonly what: string; readonly source: string } {
  const text = comment
    .replaceAll(/^\s*\/\/ ?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  const [before = "", source = ""] = text.split("Source: ");
  const what = before
    .replace(/Not modelled: .*/, "")
    .trim()
    .replaceAll("|", String.raw`\|`)
    .replaceAll(/\b(\w+_\w+)\b/g, "`$1`");
  return { what, source: source.replace(/\.$/, "") };
}
