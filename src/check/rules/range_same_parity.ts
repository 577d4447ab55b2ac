import { isSince } from "../../kernel/eras.ts";
import { placeOf, PORT_RANGE } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

/** A port range whose ends are both even or both odd. */
export const RANGE_SAME_PARITY: Rule = {
  id: "RANGE-SAME-PARITY",
  severity: "note",
  title: "Both ends of the port range are even, or both are odd.",
  why:
    "The kernel parts the range into two halves by parity, the first for connect(), the other for bind(0), and asks for " +
    "ends of different parity in its log. On kernels 4.2 to 4.5 and EL7 connect() then changes its parity at each wrap, " +
    "so that NodePorts of both parities are hit.",
  fix: "Move one end by one port.",
  sources: ["net/ipv4/sysctl_net_ipv4.c ipv4_local_port_range, v6.12", "incident 001: 1024 65000"],
  bad: confExample("net.ipv4.ip_local_port_range = 40000 65000"),
  good: confExample("net.ipv4.ip_local_port_range = 40000 64999"),
  judge: (node) => {
    const [low, high] = node.ports.input.range;
    const isKnown = node.era.vendor === "el7" || isSince(node.era.release, ["4.2"]);
    if (!isKnown || low % 2 !== high % 2 || !node.sysctls.settings.has(PORT_RANGE)) return [];
    const parity = low % 2 === 0 ? "even" : "odd";
    const flips = node.era.portWalk === "4.2-4.5";
    const end = high < 65_535 ? high + 1 : high - 1;
    return [
      {
        severity: flips ? "warning" : "note",
        place: placeOf(node, PORT_RANGE),
        message:
          `Both ends of ${low}-${high} are ${parity}: ` +
          (flips
            ? `connect() of kernel ${node.era.build} changes its parity at each wrap.`
            : "the kernel logs that it prefers ends of different parity."),
        fix: `Write ${low} ${end}.`,
        value: `${low} ${end}`,
        evidence: { portRange: [low, high] },
      },
    ];
  },
};
