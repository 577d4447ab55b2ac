import type { KernelEra } from "../../kernel/kernel_era.ts";
import { findSysctl, sysctlNames, SysctlValues } from "../../kernel/sysctl.ts";
import { sysctlProblem } from "../../kernel/sysctl_definition.ts";
import { howToCollect } from "./collector.ts";
import type { PlanContext } from "./import_options.ts";
import type { SysctlPlan } from "./import_plan.ts";

const RANGE = "net.ipv4.ip_local_port_range";

const CONNTRACK_MAX = "net.netfilter.nf_conntrack_max";

/** Said even where they have their defaults, because all depends on them. */
const ALWAYS = new Set([RANGE, "net.ipv4.ip_local_reserved_ports"]);

/**
 * What kube-proxy and CNI plugins write when they start. Where the export shows the kernel's own default, somebody has
 * written it after them, and the scenario says so: what it leaves out they would write again.
 */
const WRITTEN_ON_START = new Set([
  "net.ipv4.ip_forward",
  "net.ipv4.conf.all.route_localnet",
  "net.ipv4.vs.conntrack",
  "net.ipv4.vs.conn_reuse_mode",
  "net.ipv4.vs.expire_nodest_conn",
  "net.ipv4.vs.expire_quiescent_template",
  "net.netfilter.nf_conntrack_tcp_timeout_established",
  "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
]);

/** The kernel for which the values are, and the interfaces that the scenario has. */
export interface SysctlHostPlan {
  readonly era: KernelEra;
  readonly memoryBytes: number | undefined;
  readonly interfaces: readonly string[];
  /** What kube-proxy makes `nf_conntrack_max`, as far as that is known. */
  readonly conntrackMax: number | undefined;
}

/**
 * The sysctls that the model knows and that are not what this kernel starts with, in the order of the model's table; of
 * those that programs of the node write, also what is as the kernel starts with it.
 * `sysctl -a` says what holds; what `sysctl.d` would make of it at the next boot stands in a comment.
 */
export function planSysctls({ exports, assumed }: PlanContext, host: SysctlHostPlan): readonly SysctlPlan[] {
  const { running, configured } = exports;
  const values = new SysctlValues(host.era, host.memoryBytes === undefined ? {} : { memoryBytes: host.memoryBytes });
  if (running === undefined)
    assumed.push(
      `sysctls are ${configured.size > 0 ? "those of sysctl.d" : "the kernel's defaults"} (${howToCollect("sysctl -a")})`,
    );
  const names = [...new Set([...(running?.keys() ?? []), ...configured.keys(), RANGE])];
  const known = names.filter((name) => isForNode(name, host)).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const plans: SysctlPlan[] = [];
  for (const name of known) {
    const byDefault = oneLine(values.text(name));
    const now = running?.get(name);
    const boot = configured.get(name)?.text;
    const text = oneLine(now ?? boot ?? byDefault);
    const problem = values.set(name, text);
    if (problem !== undefined) {
      assumed.push(`${name} has its default, since the kernel refuses what the export says: ${problem.message}`);
      continue;
    }
    const isKept = ALWAYS.has(name) || (now !== undefined && WRITTEN_ON_START.has(name));
    if (text === byDefault && !isKept && (boot === undefined || oneLine(boot) === text)) continue;
    const comment = commentOf({ now, boot, text, isRunning: running !== undefined, name }, host);
    plans.push({ name, text, ...(comment === undefined ? {} : { comment }) });
  }
  if (running === undefined && !configured.has(CONNTRACK_MAX) && host.conntrackMax !== undefined)
    plans.push({
      name: CONNTRACK_MAX,
      text: `${host.conntrackMax}`,
      comment: "As kube-proxy sets it on so many cores.",
    });
  return plans;
}

/** Whether the model has a sysctl on this kernel, and its device, if it names one. */
function isForNode(name: string, { era, interfaces }: SysctlHostPlan): boolean {
  const definition = findSysctl(name);
  if (definition === undefined || definition.isReadOnly === true || name.includes("*")) return false;
  if (sysctlProblem(definition, era) !== undefined) return false;
  const device = /^net\.ipv4\.(?:conf|neigh)\.([^.]+)\./.exec(name)?.[1]?.replaceAll("/", ".");
  return device === undefined || device === "all" || device === "default" || interfaces.includes(device);
}

function rank(name: string): number {
  const row = findSysctl(name)?.name ?? "";
  return sysctlNames().indexOf(row);
}

interface Sysctl {
  readonly name: string;
  readonly now: string | undefined;
  readonly boot: string | undefined;
  readonly text: string;
  readonly isRunning: boolean;
}

function commentOf({ name, now, boot, text, isRunning }: Sysctl, { era }: SysctlHostPlan): string | undefined {
  if (now === undefined && boot === undefined)
    return isRunning
      ? "Not in sysctl -a: the kernel's default."
      : `Assumed: the kernel's default (${howToCollect("sysctl -a")}).`;
  if (now === undefined) return "From sysctl.d, as it is set at boot.";
  if (boot === undefined || oneLine(boot) === text) return undefined;
  const refused = new SysctlValues(era).set(name, boot);
  return refused === undefined
    ? `sysctl.d sets ${boot === "" ? "it empty" : boot} at the next boot.`
    : `sysctl.d sets something else at the next boot, which the kernel refuses: ${refused.message}.`;
}

/** Port ranges are shown with a tab. */
function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}
