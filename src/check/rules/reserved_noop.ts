import { portsOf } from "../build_node.ts";
import { placeOf, RESERVED_PORTS, type CheckedNode } from "../checked_node.ts";
import { PortView } from "../port_view.ts";
import type { Rule } from "../rule.ts";
import { formatCount } from "../../study/format_count.ts";
import { portsText } from "../wording.ts";
import { confExample } from "./examples.ts";

/** A reservation that changes nothing for `connect()`. */
export const RESERVED_NOOP: Rule = {
  id: "RESERVED-NOOP",
  severity: "note",
  title: "A reservation changes nothing: connect() would not take any of its ports.",
  why:
    "Ports outside net.ipv4.ip_local_port_range are never picked, ports of the other parity only when the first parity " +
    "is used up, and ports on which a process listens not at all. Who believes that the reservation protects the node " +
    "looks for the cause of failures elsewhere. It does count as soon as the port range is widened.",
  fix: "Keep it if it guards against a later change of the range, else delete it.",
  sources: ["net/ipv4/inet_hashtables.c __inet_hash_connect, v6.12", "incident 002"],
  bad: confExample("net.ipv4.ip_local_port_range = 32768 60999\nnet.ipv4.ip_local_reserved_ports = 30000-32767"),
  good: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767"),
  judge: (node) => {
    const reserved = portsOf(node.ports.input.reserved);
    if (reserved.length === 0) return [];
    const bare = new PortView({ ...node.ports.input, reserved: new Uint8Array(65_536) });
    if (reserved.some((port) => bare.isReachable(port))) return [];
    return [
      {
        place: placeOf(node, RESERVED_PORTS),
        message: `The reservation of ${portsText(reserved)} keeps connect() from nothing: ${reasons(node, reserved, bare)}.`,
        fix: "Keep it for the day when the port range is widened, else delete it.",
        evidence: { reserved: reserved.length, portRange: node.ports.input.range },
      },
    ];
  },
};

function reasons(node: CheckedNode, reserved: readonly number[], bare: PortView): string {
  const { range, held } = node.ports.input;
  const outside = reserved.filter((port) => !bare.isInRange(port)).length;
  const listened = reserved.filter((port) => bare.isInRange(port) && held.has(port)).length;
  const other = reserved.length - outside - listened;
  const parts = [
    outside > 0 ? `${share(outside, reserved)} outside ${range.join("-")}` : "",
    listened > 0 ? `${share(listened, reserved)} listened on` : "",
    other > 0
      ? `${share(other, reserved)} of the parity that connect() takes last (it does keep bind(0) off them)`
      : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function share(part: number, whole: readonly number[]): string {
  return part === whole.length ? "all are" : `${formatCount(part)} ${part === 1 ? "is" : "are"}`;
}
