import { PROPERTY_OPTIONS, readPropertyOptions, type PropertyOptions } from "./property_options.ts";
import type { CheckFacts } from "../../check/check_facts.ts";
import type { FailOn } from "../../check/finding.ts";
import { singleValuesProblem, textOf, textsOf } from "./option_values.ts";

/** What `sim check` can print. */
const CHECK_FORMATS = ["text", "json", "junit", "sarif", "github"] as const;

/** What the user asks of `sim check`. */
export interface CheckOptions {
  /** At least one. */
  readonly targets: readonly string[];
  readonly format: (typeof CHECK_FORMATS)[number];
  /** The mildest severity that fails; `never` reports only. */
  readonly failOn: FailOn;
  readonly facts: CheckFacts;
  /** A file or folder of `kubectl get … -o json`. */
  readonly cluster: string | undefined;
  readonly baseline: string | undefined;
  /** Where to write a baseline of what is found, why, and until when. */
  readonly writeBaseline: { readonly file: string; readonly reason: string; readonly until: string } | undefined;
  /** Which change to show as a patch, from 1; absent without `--fix`. */
  readonly fix: number | undefined;
  /** Whether the patch is made. */
  readonly write: boolean;
  /** Absent if no property is asked for. */
  readonly search: PropertyOptions | undefined;
}

/** The options of `sim check` as yargs takes them. */
export const CHECK_OPTIONS = {
  format: { type: "string", requiresArg: true, choices: CHECK_FORMATS, describe: "What to print" },
  "fail-on": {
    type: "string",
    requiresArg: true,
    choices: ["error", "warning", "note", "never"],
    describe: "The mildest finding for exit code 1 (default: error)",
  },
  kernel: { type: "string", requiresArg: true, describe: "The node's kernel build, such as 5.4.188" },
  mode: {
    type: "string",
    requiresArg: true,
    choices: ["ipvs", "iptables", "nftables"],
    describe: "kube-proxy's mode (default: ipvs)",
  },
  "kube-proxy": { type: "string", requiresArg: true, describe: "kube-proxy's version, such as 1.23.10" },
  "node-port-range": {
    type: "string",
    requiresArg: true,
    describe: "The apiserver's --service-node-port-range (default: 30000-32767)",
  },
  "node-ports": { type: "string", requiresArg: true, describe: "NodePorts in use, such as 30080,31000-31010" },
  listen: { type: "string", requiresArg: true, describe: "Ports that processes of the node listen on" },
  "connect-rate": {
    type: "string",
    requiresArg: true,
    describe: "Connects a second to one destination that must work (default: 50)",
  },
  cluster: { type: "string", requiresArg: true, describe: "File or folder of kubectl get … -o json" },
  baseline: { type: "string", requiresArg: true, describe: "Leave out the findings of this file" },
  "write-baseline": { type: "string", requiresArg: true, describe: "Write all findings to a new baseline file" },
  reason: { type: "string", requiresArg: true, describe: "Why the findings of a new baseline are accepted" },
  until: { type: "string", requiresArg: true, describe: "The last day of a new baseline, YYYY-MM-DD" },
  fix: { type: "boolean", describe: "Propose changes, with their cost and a patch" },
  candidate: { type: "string", requiresArg: true, describe: "Which of the proposed changes (default: 1)" },
  write: { type: "boolean", describe: "Make the patch of --fix" },
  ...PROPERTY_OPTIONS,
} as const;

/**
 * Reads the values that yargs collected for `sim check`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readCheckOptions(values: Readonly<Record<string, unknown>>): CheckOptions | string {
  const single = Object.keys(CHECK_OPTIONS).filter((name) => name !== "within");
  const problem = singleValuesProblem(values, single);
  if (problem !== undefined) return problem;
  const text = (name: string): string | undefined => textOf(values[name]);
  const targets = textsOf(values["target"]);
  if (targets.length === 0 || targets.includes("")) return "Name what to check: sim check TARGET…";
  const rate = text("connect-rate");
  const match = rate === undefined ? undefined : /^([0-9]+(?:\.[0-9]+)?)(?:\/s)?$/.exec(rate);
  if (match === null) return `Cannot use --connect-rate ${JSON.stringify(rate)}: write a number such as 50/s`;
  const number = text("candidate") ?? "1";
  if (!/^[1-9][0-9]?$/.test(number)) return `Cannot use --candidate ${JSON.stringify(number)}: write 1, 2, 3 or 4`;
  const baseline = readWriteBaseline(text("write-baseline"), text("reason"), text("until"));
  if (typeof baseline === "string") return baseline;
  const isFix = values["fix"] === true || values["write"] === true || text("candidate") !== undefined;
  const format = CHECK_FORMATS.find((name) => name === text("format")) ?? "text";
  if (isFix && format !== "text" && format !== "json") return `Cannot print changes as ${format}: use text or json`;
  const search = readPropertyOptions(values);
  if (typeof search === "string") return search;
  if (isFix && search !== undefined) return "Cannot use --fix and --properties together: ask for one of them";
  return {
    targets,
    format,
    search,
    failOn: (["error", "warning", "note", "never"] as const).find((name) => name === text("fail-on")) ?? "error",
    facts: factsOf(text, match === undefined ? undefined : Number(match[1])),
    cluster: text("cluster"),
    baseline: text("baseline"),
    writeBaseline: baseline,
    fix: isFix ? Number(number) : undefined,
    write: values["write"] === true,
  };
}

function factsOf(text: (name: string) => string | undefined, connectRate: number | undefined): CheckFacts {
  const mode = (["ipvs", "iptables", "nftables"] as const).find((name) => name === text("mode"));
  const named = {
    kernel: text("kernel"),
    kubeProxy: text("kube-proxy"),
    nodePortRange: text("node-port-range"),
    nodePorts: text("node-ports"),
    listen: text("listen"),
  };
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  return { ...given, ...(mode === undefined ? {} : { mode }), ...(connectRate === undefined ? {} : { connectRate }) };
}

function readWriteBaseline(
  file: string | undefined,
  reason: string | undefined,
  until: string | undefined,
): CheckOptions["writeBaseline"] | string {
  if (file === undefined) {
    return reason === undefined && until === undefined
      ? undefined
      : "Cannot use --reason and --until without --write-baseline";
  }
  if (reason === undefined) return 'Cannot write a baseline without --reason "why its findings are accepted"';
  if (until === undefined) return "Cannot write a baseline without --until YYYY-MM-DD";
  if (!/^\d{4}-\d\d-\d\d$/.test(until)) return `Cannot use --until ${JSON.stringify(until)}: write it as YYYY-MM-DD`;
  return { file, reason, until };
}
