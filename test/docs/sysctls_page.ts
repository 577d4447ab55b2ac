import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveKernel } from "../../src/kernel/eras.ts";
import type { KernelEra } from "../../src/kernel/kernel_era.ts";
import { SysctlValues } from "../../src/kernel/sysctl.ts";
import { sysctlBounds, sysctlProblem, sysctlScope, type SysctlDefinition } from "../../src/kernel/sysctl_definition.ts";
import { SYSCTL_TABLE } from "../../src/kernel/sysctl_table.ts";
import { codeOf } from "../support/tidy_text.ts";
import { MAINLINE } from "./kernels_page.ts";

const ROOT = join(import.meta.dirname, "../..");
const INT_MAX = 2147483647;

const HEAD = `# Sysctls

All sysctls that the kernel model knows, each with the default, the range and the scope that its kernel gives it; what a
build takes or refuses, \`sim run\`, \`sim check\` and \`sim import\` take or refuse with the same words. The page is made
of the kernel model's own table (\`npm run pages\`).

- **Default**: on a machine of 16 GiB; "4096 from 5.4" is the first mainline release with that default.
- **Range**: what the newest kernel that has it takes; "int" is any number of 32 bits. A few were wider on older kernels,
  and the model follows the build.
- **Scope**: whether each network namespace has a value of its own, or the machine has one; a pod's namespace does not
  take over what the node's was set to.
- **Effect**: whether anything in the model reads it. Where it says **no**, the value is checked and shown, and changes
  nothing else: such a setting cannot be judged by a simulation.

A name with \`*\` exists for each device, for \`all\` and for \`default\`.
`;

/** Rows whose effect is another than that something reads their name. */
const EFFECTS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_local_port_range": "yes",
  "net.ipv4.ip_local_reserved_ports": "yes",
  "net.ipv4.ip_unprivileged_port_start": "bounds the range",
  "net.ipv4.conf.*.forwarding": "yes, of `all`",
  "net.netfilter.nf_conntrack_count": "is shown",
  "net.netfilter.nf_conntrack_tcp_be_liberal": "in kube-proxy's rules",
  "net.core.somaxconn": "shown by `ss`",
};

/** The reference page of the sysctls as Markdown, unformatted. */
export function sysctlsPage(): string {
  const code = readersOfSysctls();
  const groups: readonly (readonly [title: string, name: RegExp])[] = [
    ["Ports and devices", /^net\.ipv4\.(ip_|conf|neigh)/],
    ["TCP", /^net\.(ipv4\.tcp_|core)/],
    ["conntrack", /^net\.(netfilter\.|nf_)/],
    ["IPVS", /^net\.ipv4\.vs\./],
    ["Bridges", /^net\.bridge\./],
  ];
  const sections = groups.map(([title, name]) => {
    const rows = SYSCTL_TABLE.filter((row) => name.test(row.name)).map((row) => rowText(row, code));
    const header =
      "| sysctl | unit | default | range | scope | effect | source |\n| --- | --- | --- | --- | --- | --- | --- |";
    return `## ${title}\n\n${[header, ...rows].join("\n")}\n`;
  });
  return [HEAD, ...sections].join("\n");
}

function rowText(row: SysctlDefinition, code: string): string {
  const eras = MAINLINE.map(eraOf).filter((era) => sysctlProblem(row, era) === undefined);
  const newest = eras.at(-1)!;
  const lives = [
    ...(row.since === undefined ? [] : [`from ${row.since[0]!}`]),
    ...(row.removedIn === undefined ? [] : [`until ${row.removedIn}`]),
    ...(row.isReadOnly === true ? ["read only"] : []),
    ...(row.aliasOf === undefined ? [] : [`the same as \`${row.aliasOf}\``]),
  ];
  const name = `\`${row.name}\`${lives.length === 0 ? "" : ` (${lives.join(", ")})`}`;
  const scope = changes(eras, (era) => sysctlScope(row, era));
  const effect = EFFECTS[row.name] ?? (isRead(row, code) ? "yes" : "**no**");
  return `| ${[name, row.unit, changes(eras, (era) => defaultOf(row, era)), rangeOf(row, newest), scope, effect, `\`${row.source}\``].join(" | ")} |`;
}

function eraOf(build: string): KernelEra {
  const resolution = resolveKernel({ build });
  if (!resolution.ok) throw new Error(resolution.problem);
  return resolution.era;
}

/** `a; b from 4.1`: a value over the mainline releases. */
function changes(eras: readonly KernelEra[], valueOf: (era: KernelEra) => string): string {
  const told: string[] = [];
  let last: string | undefined;
  for (const era of eras) {
    const value = valueOf(era);
    if (value !== last) told.push(last === undefined ? value : `${value} from ${era.build}`);
    last = value;
  }
  return told.join("; ");
}

function defaultOf(row: SysctlDefinition, era: KernelEra): string {
  const text = new SysctlValues(era).text(row.name.replace("*", "eth0"));
  return text === "" ? "empty" : text.replace("\t", " to ");
}

function rangeOf(row: SysctlDefinition, era: KernelEra): string {
  if (row.kind === "port-range") return "two ports, the low one first";
  if (row.kind === "port-list") return "ports and ranges, `8080,30000-32767`";
  const [low, high] = sysctlBounds(row, era);
  if (low === -INT_MAX - 1 && high === INT_MAX) return row.kind === "boolean" ? "int: 0 is off, all else on" : "int";
  return `${low} to ${high}`;
}

/** The code that may read a sysctl, strings included: the engine without the table and its parsers. */
function readersOfSysctls(): string {
  return ["src/kernel", "src/cluster"]
    .flatMap((room) =>
      readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && !/^(sysctl\w*|eras)\.ts$/.test(name))
        .map((name) => codeOf(readFileSync(join(ROOT, room, name), "utf8"), "strings")),
    )
    .join("\n");
}

function isRead({ name, aliasOf }: SysctlDefinition, code: string): boolean {
  if (code.includes(`"${name}"`)) return true;
  if (aliasOf !== undefined && code.includes(`"${aliasOf}"`)) return true;
  const last = name.split(".").at(-1)!;
  const short = last.replace("nf_conntrack_tcp_timeout_", "");
  return new RegExp(`["'.]${short}["'\`]`).test(code);
}
