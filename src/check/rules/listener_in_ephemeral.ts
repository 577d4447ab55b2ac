import { placeOf, PORT_RANGE, type CheckedNode } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { allOf } from "../../scenario/wording.ts";
import { confExample } from "./examples.ts";

/** What listens on every node of a cluster, by the defaults of Kubernetes. */
const EVERYWHERE: readonly (readonly [port: number, owner: string])[] = [
  [10_248, "kubelet"],
  [10_249, "kube-proxy"],
  [10_250, "kubelet"],
  [10_256, "kube-proxy"],
];

/** Listeners inside the ephemeral range. */
export const LISTENER_IN_EPHEMERAL: Rule = {
  id: "LISTENER-IN-EPHEMERAL",
  severity: "warning",
  title: "A process listens on a port that connect() may take.",
  why:
    "While the process runs its port is safe. While it restarts, or before it starts at boot, an outgoing connection may " +
    "take the port; bind() then fails with EADDRINUSE until that connection and its TIME_WAIT are over.",
  fix: "Reserve the port: explicit bind() may use reserved ports.",
  sources: [
    "net/ipv4/inet_connection_sock.c inet_csk_get_port, v6.12",
    "openshift/machine-config-operator#166",
    "NetApp/trident#578",
    "onedr0p/home-ops#11712",
  ],
  bad: confExample("net.ipv4.ip_local_port_range = 35000 60999", { listen: "40000" }),
  good: confExample("net.ipv4.ip_local_port_range = 35000 60999\nnet.ipv4.ip_local_reserved_ports = 40000", {
    listen: "40000",
  }),
  judge: (node) => [...named(node), ...everywhere(node)],
};

function named(node: CheckedNode): readonly RuleFinding[] {
  const open = node.listeners.filter(
    ({ kind, port }) => kind === "listen" && node.ports.isInRange(port) && !node.ports.isReserved(port),
  );
  return open.length === 0 ? [] : [finding(node, open, "warning")];
}

function everywhere(node: CheckedNode): readonly RuleFinding[] {
  const known = new Set(node.listeners.map(({ port }) => port));
  const open = EVERYWHERE.filter(
    ([port]) => !known.has(port) && node.ports.isInRange(port) && !node.ports.isReserved(port),
  ).map(([port, owner]) => ({ port, owner }));
  return open.length === 0 ? [] : [finding(node, open, "note")];
}

function finding(
  node: CheckedNode,
  open: readonly { readonly port: number; readonly owner: string }[],
  severity: RuleFinding["severity"] & string,
): RuleFinding {
  const unique = [...new Map(open.map(({ port, owner }) => [port, owner]))].toSorted(([a], [b]) => a - b);
  const shown = unique.slice(0, 8).map(([port, owner]) => `${port} (${owner})`);
  const more = unique.length > 8 ? ` and ${unique.length - 8} more` : "";
  const ports = unique.map(([port]) => port);
  return {
    severity,
    place: placeOf(node, PORT_RANGE),
    message:
      `${allOf(shown)}${more} ${unique.length === 1 ? "lies" : "lie"} in the ephemeral ports ${node.ports.input.range.join("-")} ` +
      "and can be lost to an outgoing connection while the process restarts.",
    fix: `Reserve ${ports.join(",")} too.`,
    evidence: { ports },
  };
}
