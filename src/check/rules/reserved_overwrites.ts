import { parsePortList } from "../../kernel/sysctl_port_list.ts";
import { portsOf } from "../build_node.ts";
import { RESERVED_PORTS } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { plural, portsText } from "../wording.ts";

/** A second list of reserved ports in place of the first. */
export const RESERVED_OVERWRITES: Rule = {
  id: "RESERVED-OVERWRITES",
  severity: "warning",
  title: "A later list of reserved ports replaces an earlier one.",
  why:
    "Each write to net.ipv4.ip_local_reserved_ports replaces the whole list. Two files that reserve ports for different " +
    "programs do not add up: only the last one counts.",
  fix: "Join the lists in one line of the file that is read last.",
  sources: ["kernel/sysctl.c proc_do_large_bitmap, v6.12", "cilium/cilium#10782", "incident 002"],
  bad: {
    files: {
      "etc/sysctl.d/50-agents.conf": "net.ipv4.ip_local_reserved_ports = 9100,10250\n",
      "etc/sysctl.d/99-kubernetes.conf":
        "net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767\n",
    },
  },
  good: {
    files: {
      "etc/sysctl.d/99-kubernetes.conf":
        "net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 9100,10250,30000-32767\n",
    },
  },
  judge: ({ sysctls }) => {
    const writes = sysctls.writes.filter(({ name, outcome }) => name === RESERVED_PORTS && outcome === "done");
    const last = writes.at(-1);
    const final = sysctls.values.reservedPorts;
    return writes.slice(0, -1).flatMap(({ line, value }): RuleFinding[] => {
      const parsed = parsePortList(value);
      const lost = parsed.ok ? portsOf(parsed.flags).filter((port) => final[port] !== 1) : [];
      if (lost.length === 0 || last === undefined) return [];
      const { file, line: number } = line.place;
      return [
        {
          place: last.line.valuePlace,
          message: `This list replaces the one of ${file}:${number}: ${plural(lost.length, "port")} of it stay unreserved, ${portsText(lost)}.`,
          fix: `Write ${portsTextJoined(final, lost)} here.`,
          evidence: { overwritten: `${file}:${number}`, lost: portsText(lost) },
        },
      ];
    });
  },
};

function portsTextJoined(final: Uint8Array, lost: readonly number[]): string {
  return portsText([...portsOf(final), ...lost]).replaceAll(" ", ",");
}
