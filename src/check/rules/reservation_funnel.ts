import { hasKnownNodePorts, nodePortCandidates, placeOf, RESERVED_PORTS } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { formatCount } from "../../study/format_count.ts";
import { oneIn } from "../wording.ts";
import { confExample } from "./examples.ts";

/** A NodePort right behind a reservation. */
export const RESERVATION_FUNNEL: Rule = {
  id: "RESERVATION-FUNNEL",
  severity: "warning",
  title: "The first free port behind a reservation is a NodePort.",
  why:
    "A walk that starts inside a reserved block goes on to the first free port of its parity behind it. That port gets the " +
    "picks of the whole block: a NodePort there fails many times as often as without the reservation.",
  fix: "Reserve up to the end of the NodePort range, so that no NodePort stands behind the block.",
  sources: ["net/ipv4/inet_hashtables.c __inet_hash_connect, v6.12", "scenarios/reservation-funnel.yaml"],
  bad: confExample("net.ipv4.ip_local_port_range = 32768 60999\nnet.ipv4.ip_local_reserved_ports = 38000-39999", {
    nodePorts: "40000",
    nodePortRange: "20000-40000",
  }),
  good: confExample("net.ipv4.ip_local_port_range = 32768 60999\nnet.ipv4.ip_local_reserved_ports = 38000-40000", {
    nodePorts: "40000",
    nodePortRange: "20000-40000",
  }),
  judge: (node) => {
    if (node.proxy.mode !== "ipvs") return [];
    const { ports } = node;
    if (ports.isLeaping) return [];
    const behind = nodePortCandidates(node).filter(
      (port) => ports.weight(port) >= 2 && isBehindReservation(node, port),
    );
    const [worst] = behind.toSorted((a, b) => ports.weight(b) - ports.weight(a));
    if (worst === undefined) return [];
    const weight = ports.weight(worst);
    const isKnown = hasKnownNodePorts(node);
    return [
      {
        severity: weight >= 10 ? "warning" : "note",
        place: placeOf(node, RESERVED_PORTS),
        message:
          `${isKnown ? `NodePort ${worst}` : `Port ${worst} of the NodePort range`} is the first free port behind a reserved ` +
          `block: connect() takes it in ${formatCount(weight)} of ${formatCount(ports.starts)} cases (${oneIn(weight / ports.starts)}), ` +
          `${formatCount(weight)} times as often as without the reservation.`,
        fix: `Reserve ${worst} and what follows of the NodePort range too.`,
        evidence: { port: worst, weight, starts: ports.starts, nodePortsKnown: isKnown },
      },
    ];
  },
};

/** Whether the ports before a port, back to the last one that is picked, hold a reserved one. */
function isBehindReservation({ ports }: Parameters<Rule["judge"]>[0], port: number): boolean {
  for (let before = port - 1; ports.isInRange(before) && !ports.isReachable(before); before -= 1) {
    if (ports.isReserved(before)) return true;
  }
  return false;
}
