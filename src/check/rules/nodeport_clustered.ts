import { exactRuns } from "../../study/exact_runs.ts";
import type { Port } from "../../units.ts";
import { hasKnownNodePorts, type CheckedNode } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { count, plural, probability } from "../wording.ts";
import { confExample } from "./examples.ts";

/** Neighbouring NodePorts that make consecutive probes fail. */
export const NODEPORT_CLUSTERED: Rule = {
  id: "NODEPORT-CLUSTERED",
  severity: "warning",
  title: "Neighbouring NodePorts can fail several probes of one container in a row.",
  why:
    "On kernels 5.12 to 5.17 each destination has a cursor of its own that moves two ports a connect, so the probes of a " +
    "container walk through a block of NodePorts one by one. The mean failure rate is that of scattered NodePorts, but " +
    "failures come in rows as long as the block, and failureThreshold in a row restarts the container.",
  fix: "Reserve the block, or let the apiserver draw the NodePorts instead of numbering them by hand.",
  sources: ["net/ipv4/inet_hashtables.c __inet_hash_connect, v5.15", "scenarios/clustered-nodeports.yaml"],
  bad: confExample("net.ipv4.ip_local_port_range = 12000 65001", { kernel: "5.15.24", nodePorts: "30080-30097" }),
  good: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767", {
    kernel: "5.15.24",
    nodePorts: "30080-30097",
  }),
  judge: (node) => {
    if (node.proxy.mode !== "ipvs" || node.era.portWalk !== "5.12-5.17" || !hasKnownNodePorts(node)) return [];
    const block = longestRow(node);
    const [first = 0] = block;
    const threshold = Math.min(3, ...node.probes.map(({ failureThreshold }) => failureThreshold));
    if (block.length < Math.max(2, threshold)) return [];
    const runs = rowsOf(node);
    const inARow = "declined" in runs ? undefined : (runs.consecutive[threshold - 1] ?? 0);
    return [
      {
        place: node.nodePorts?.find(({ port }) => port === first)?.place ?? node.place,
        message:
          `${plural(block.length, "NodePort")} of one parity follow each other from ${first} to ${block.at(-1) ?? first}, and ` +
          `kernel ${node.era.build} gives one destination port after port: up to ${count(block.length)} probes fail in a row.` +
          (inARow === undefined ? "" : ` That ${threshold} do: ${probability(inARow)} for each probe.`),
        fix: `Reserve ${first}-${block.at(-1) ?? first}, or scatter the NodePorts.`,
        evidence: { first, length: block.length, threshold, ...(inARow === undefined ? {} : { inARow }) },
      },
    ];
  },
};

/** The longest row of reachable NodePorts that one destination meets one after the other. */
function longestRow(node: CheckedNode): readonly Port[] {
  const nodePorts = new Set(node.nodePorts?.map(({ port }) => port));
  const { range } = node.ports.input;
  let longest: Port[] = [];
  let row: Port[] = [];
  for (let port = range[0]; port <= range[1]; port += 1) {
    if (!node.ports.isReachable(port)) continue;
    row = nodePorts.has(port) ? [...row, port] : [];
    if (row.length > longest.length) longest = row;
  }
  return longest;
}

/** Failures in a row of one series of probes every 10 s, alone on its destination. */
function rowsOf(node: CheckedNode) {
  const { walk, range, held } = node.ports.input;
  return exactRuns({
    walk,
    range,
    isReserved: (port) => node.ports.isReserved(port),
    isHeld: (port) => held.has(port),
    nodePorts: node.nodePorts?.map(({ port }) => port) ?? [],
    periodSeconds: 10,
    sameDestination: { periods: [], randomPerSecond: 0 },
    otherDestinations: [],
  });
}
