import { quote } from "../../scenario/diagnostic.ts";
import { RESERVED_PORTS } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { SYSCTL_DUMP } from "../sysctl_file.ts";
import { confExample } from "./examples.ts";

/** Values that the kernel does not take. */
export const SYSCTL_REFUSED: Rule = {
  id: "SYSCTL-REFUSED",
  severity: "error",
  title: "The kernel refuses a value, or has no such sysctl.",
  why:
    "sysctl --system prints the error among hundreds of lines and goes on; at boot nobody sees it. The old value stays in " +
    "force while the file says another.",
  fix: "Write a value that the kernel takes; the finding says which.",
  sources: ["kernel/sysctl.c proc_dointvec_minmax, v6.12", "net/ipv4/sysctl_net_ipv4.c ipv4_local_port_range, v6.12"],
  bad: confExample("net.ipv4.ip_local_port_range = 40000-64999"),
  good: confExample("net.ipv4.ip_local_port_range = 40000 64999"),
  judge: ({ sysctls }) =>
    sysctls.writes
      .filter(({ name, outcome }) => outcome === "refused" && name !== RESERVED_PORTS)
      .filter(({ line, problem }) => !(line.ignoresFailure && problem?.errno === "ENOENT"))
      .filter(({ line }) => !SYSCTL_DUMP.test(line.place.file))
      .map(({ line, name, value, problem }): RuleFinding => ({
        severity: problem?.errno === "EINVAL" ? "error" : "warning",
        place: problem?.errno === "EINVAL" ? line.valuePlace : line.place,
        message: `The kernel refuses ${name} = ${quote(value)} with ${problem?.errno ?? "EINVAL"}: ${problem?.message ?? ""}.`,
        fix: `${(problem?.mend ?? "").replace(/^./, (letter) => letter.toUpperCase())}.`,
        ...valueOf(problem?.mend),
        evidence: { name, value, errno: problem?.errno ?? "EINVAL" },
      })),
};

/** What `write VALUE` says to write; nothing where it speaks of values at large. */
function valueOf(mend = ""): { readonly value?: string } {
  const value = /^write (\d+(?: \d+)?)$/.exec(mend)?.[1];
  return value === undefined ? {} : { value };
}
