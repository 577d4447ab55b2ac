import { findSysctl } from "../../kernel/sysctl.ts";
import { RESERVED_PORTS } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { settingText } from "../sysctl_file.ts";
import type { SysctlWrite } from "../sysctl_writes.ts";

/** A value that a later line or file takes back. */
export const SYSCTLD_PRECEDENCE: Rule = {
  id: "SYSCTLD-PRECEDENCE",
  severity: "warning",
  title: "A later line sets the same sysctl to another value.",
  why:
    "Files are applied in the order of their names, whatever their folder, and /etc/sysctl.conf comes last: the last line " +
    "wins. A file of the distribution whose name sorts behind yours takes your value back. That a file in /etc overrides " +
    "one of the distribution is as it should be and is not reported.",
  fix: "Keep one line, or give the file that shall win a name that sorts last.",
  sources: ["sysctl.d(5)", "src/sysctl.c PreloadSystem, Procps-ng v4.0.4", "cilium/cilium#10645"],
  bad: {
    files: {
      "etc/sysctl.d/10-kubernetes.conf": "net.ipv4.conf.all.rp_filter = 0\n",
      "usr/lib/sysctl.d/50-default.conf": "net.ipv4.conf.all.rp_filter = 2\n",
    },
  },
  good: {
    files: {
      "etc/sysctl.d/99-kubernetes.conf": "net.ipv4.conf.all.rp_filter = 0\n",
      "usr/lib/sysctl.d/50-default.conf": "net.ipv4.conf.all.rp_filter = 2\n",
    },
  },
  judge: ({ sysctls }) => {
    const findings: RuleFinding[] = [];
    const last = new Map<string, SysctlWrite>();
    for (const write of sysctls.writes) {
      const key = findSysctl(write.name)?.aliasOf ?? write.name;
      if (write.outcome === "refused" || key === RESERVED_PORTS) continue;
      const before = last.get(key);
      last.set(key, write);
      if (before === undefined || normal(before.value) === normal(write.value)) continue;
      if (isVendor(before.line.place.file) && !isVendor(write.line.place.file)) continue;
      const { file, line } = write.line.place;
      findings.push({
        place: before.line.valuePlace,
        message: `${settingText(before.name, before.value)} does not last: ${file}:${line} sets it to ${JSON.stringify(write.value)}.`,
        fix: `Delete this line or that of ${file}, or give this file a name that sorts behind it.`,
        evidence: { winner: `${file}:${line}`, value: write.value },
      });
    }
    return findings;
  },
};

/** Whether a file belongs to the distribution rather than to the node's administrator. */
function isVendor(file: string): boolean {
  return /(?:^|\/)lib\/sysctl\.d\//.test(file);
}

function normal(value: string): string {
  return value.replace(/\s+/g, " ");
}
