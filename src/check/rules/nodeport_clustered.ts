import { exactRuns } from "../../study/exact_runs.ts";
import type { Port } from "../../units.ts";
import { hasKnownNodePorts, nodePortCandidates, placeOf, PORT_RANGE, type CheckedNode } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { formatCount, formatProbability } from "../../study/format_count.ts";
import { plural } from "../wording.ts";
import { confExample } from "./examples.ts";

/** Neighbouring NodePorts that make consecutive probes fail. */
export const NODEPORT_CLUSTERED: Rule = {
  id: "NODEPORT-CLUSTERED",
  severity: "warning",
  title: "Neighbouring NodePorts can fail several probes of one container in a row.",
  why:
    "On kernels 5.12 to 5.17 each destination has a cursor of its own that moves two ports a connect, so the probes of a " +
    "container walk through a block of NodePorts one by one; on 5.18 and later so do probes within 10 s. The mean failure " +
    "rate is that of scattered NodePorts, but failures come in rows, and failureThreshold in a row restarts the container.",
  fix: "Reserve the block, or let the apiserver draw the NodePorts instead of numbering them by hand.",
  sources: ["net/ipv4/inet_hashtables.c __inet_hash_connect, v5.15", "scenarios/clustered-nodeports.yaml"],
  bad: confExample("net.ipv4.ip_local_port_range = 12000 65001", { kernel: "5.15.24", nodePorts: "30080-30097" }),
  good: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767", {
    kernel: "5.15.24",
    nodePorts: "30080-30097",
  }),
  judge: (node) => {
    const series = seriesOf(node);
    if (node.proxy.mode !== "ipvs" || series === undefined) return [];
    const known = hasKnownNodePorts(node) ? longestRow(node) : [];
    const [first] = known;
    const length = Math.max(
      known.length,
      node.ports.parity === undefined ? node.drawnBlock : Math.floor(node.drawnBlock / 2),
    );
    if (length < Math.max(2, series.failureThreshold) || !isAnyReachable(node)) return [];
    const inARow = first === undefined ? undefined : rowProbability(node, series);
    const where = first === undefined ? " of a block drawn side by side" : ` from ${first} to ${known.at(-1) ?? first}`;
    return [
      {
        place: placeIn(node, first),
        message:
          `${plural(length, "NodePort")}${where} follow each other in the walk of kernel ${node.era.build}: up to ` +
          `${formatCount(mostInARow(node, series, length))} probes of one container fail in a row, and ${series.failureThreshold} are enough.` +
          (inARow === undefined ? "" : ` Probability for each probe: ${formatProbability(inARow)}.`),
        fix:
          first === undefined
            ? "Draw the NodePorts at random, or reserve their range."
            : `Reserve ${first}-${known.at(-1) ?? first}, or scatter the NodePorts.`,
        evidence: { length, threshold: series.failureThreshold, ...(inARow === undefined ? {} : { inARow }) },
      },
    ];
  },
};

/** A series of probes that meets a block port by port. */
interface Series {
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

/** Seconds after which 5.18+ hashes a destination to another place. */
const EPOCH_SECONDS = 10;

/** The series that fails soonest, of those that can: by default one every 10 s that counts to 3. */
function seriesOf({ era, probes }: CheckedNode): Series | undefined {
  const counting = probes.filter(({ kind, connects }) => kind !== "readiness" && connects);
  const all: readonly Series[] =
    counting.length > 0 ? counting : [{ periodSeconds: EPOCH_SECONDS, failureThreshold: 3 }];
  const isPaced = (one: Series): boolean =>
    era.portWalk === "5.12-5.17" ||
    (era.portWalk === "5.18+" && one.periodSeconds * (one.failureThreshold - 1) < EPOCH_SECONDS);
  return all.filter(isPaced).toSorted((a, b) => a.failureThreshold - b.failureThreshold)[0];
}

/** Probes that can meet the block: all of it where the cursor stays, those of one epoch where it is salted anew. */
function mostInARow({ era }: CheckedNode, { periodSeconds }: Series, length: number): number {
  return era.portWalk === "5.18+" ? Math.min(length, Math.floor(EPOCH_SECONDS / periodSeconds) + 1) : length;
}

function isAnyReachable(node: CheckedNode): boolean {
  return nodePortCandidates(node).some((port) => node.ports.isReachable(port));
}

function placeIn(node: CheckedNode, first: Port | undefined) {
  const named = node.nodePorts?.find(({ port }) => port === first)?.place;
  return named === undefined || named.length === 0 ? placeOf(node, PORT_RANGE) : named;
}

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

/** How likely a probe and those that follow it fail, enough of them in a row; absent where it has no closed value. */
function rowProbability(node: CheckedNode, { periodSeconds, failureThreshold }: Series): number | undefined {
  const { walk, range, held, stepWidth = 0 } = node.ports.input;
  const runs = exactRuns({
    walk,
    range,
    isReserved: (port) => node.ports.isReserved(port),
    isHeld: (port) => held.has(port),
    nodePorts: node.nodePorts?.map(({ port }) => port) ?? [],
    periodSeconds,
    sameDestination: { periods: [], randomPerSecond: 0 },
    otherDestinations: [],
    stepWidth,
  });
  return "declined" in runs ? undefined : (runs.consecutive[failureThreshold - 1] ?? 0);
}
