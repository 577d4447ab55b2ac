import { placeOf, PORT_RANGE, RESERVED_PORTS, type CheckedNode } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import { TIME_WAIT_SECONDS } from "../port_view.ts";
import type { Rule } from "../rule.ts";
import { formatCount } from "../../study/format_count.ts";
import { plural } from "../wording.ts";
import { confExample } from "./examples.ts";

/** Too few source ports for the connects to one destination. */
export const RANGE_TOO_SMALL_PER_DEST: Rule = {
  id: "RANGE-TOO-SMALL-PER-DEST",
  severity: "warning",
  title: "The source ports do not last for the connects to one destination.",
  why:
    "A source port serves each destination once: while the connection lives and 60 s of TIME_WAIT after it. When all are " +
    "taken connect() fails with EADDRNOTAVAIL; when one parity is taken, it searches on through the other one and each " +
    "connect costs a hundred times the CPU. Reservations count against the ports that are left.",
  fix: "Widen the range, reserve less, or keep connections open instead of opening new ones.",
  sources: [
    "net/ipv4/inet_hashtables.c __inet_hash_connect, v6.12",
    "kubernetes-sigs/cluster-api-provider-openstack#3227",
  ],
  bad: confExample("net.ipv4.ip_local_port_range = 60000 60999"),
  good: confExample("net.ipv4.ip_local_port_range = 50000 60999"),
  judge: (node) => [...assumedRate(node), ...flows(node)],
};

function assumedRate(node: CheckedNode): readonly RuleFinding[] {
  const open = node.ports.openCount;
  const most = Math.floor(open / TIME_WAIT_SECONDS);
  if (open >= node.connectRate * TIME_WAIT_SECONDS) return [];
  return [
    {
      severity: open === 0 ? "error" : "warning",
      place: placeOf(node, PORT_RANGE, RESERVED_PORTS),
      message:
        `${plural(open, "source port")} ${open === 1 ? "is" : "are"} left of ${node.ports.input.range.join("-")}: enough for ` +
        `${plural(most, "connect")} a second to one destination, and ${formatCount(node.connectRate)} are asked for (--connect-rate).`,
      fix: `Leave ${formatCount(Math.ceil(node.connectRate * TIME_WAIT_SECONDS))} ports or more.`,
      evidence: { openPorts: open, connectsPerSecond: most },
    },
  ];
}

function flows(node: CheckedNode): readonly RuleFinding[] {
  const { openCount: open, firstCount: first } = node.ports;
  const isFull = ({ ratePerSecond }: { readonly ratePerSecond: number }): boolean =>
    ratePerSecond * TIME_WAIT_SECONDS > open;
  return node.flows
    .filter(({ ratePerSecond }) => ratePerSecond * TIME_WAIT_SECONDS > first)
    .map((flow): RuleFinding => {
      const needed = Math.ceil(flow.ratePerSecond * TIME_WAIT_SECONDS);
      const after = Math.round(open / flow.ratePerSecond);
      return {
        severity: isFull(flow) ? "error" : "warning",
        place: flow.place,
        message: isFull(flow)
          ? `${flow.name} needs ${formatCount(needed)} source ports to ${flow.to} and has ${formatCount(open)}: EADDRNOTAVAIL after ${after} s.`
          : `${flow.name} needs ${formatCount(needed)} source ports to ${flow.to}, more than the ${formatCount(first)} that are found at once: connects get slow.`,
        fix: `Leave ${formatCount(needed)} ports or more, or lower the rate.`,
        evidence: { needed, openPorts: open, firstPorts: first },
      };
    });
}
