import type { ExactDocument } from "../../study/run_document.ts";
import type { Port } from "../../units.ts";
import { hasKnownNodePorts, nodePortCandidates, STEP_WIDTH, type CheckedNode } from "../checked_node.ts";
import { judgeNodes } from "../check_nodes.ts";
import { PortView, TIME_WAIT_SECONDS } from "../port_view.ts";
import { NODEPORT_CLUSTERED } from "../rules/nodeport_clustered.ts";
import { NODEPORT_OVERLAP } from "../rules/nodeport_overlap.ts";
import { PORT_OPENER_GONE } from "../rules/port_opener_gone.ts";
import { RANGE_TOO_SMALL_PER_DEST } from "../rules/range_too_small.ts";
import { RESERVATION_FUNNEL } from "../rules/reservation_funnel.ts";
import { applyLines } from "../sysctl_writes.ts";
import type { SysctlLine } from "../sysctl_file.ts";
import { needsPortChange, portChanges, type PortChange } from "./port_changes.ts";

/** The source ports of a node, before or after a change. */
export interface PortFigures {
  /** The exact probability that a connect takes a NodePort in use; that for the likeliest one if those are not known. */
  readonly exact: ExactDocument;
  /** NodePorts, or ports of their range, that connect() takes. */
  readonly reachable: number;
  /** Source ports left: connections to one destination until EADDRNOTAVAIL. */
  readonly openPorts: number;
  /** Those that are found at once; beyond them each connect searches the other parity. */
  readonly firstPorts: number;
  /** New connections a second to one destination that can go on for ever: `openPorts` / 60 s. */
  readonly connectsPerSecond: number;
}

/** A change, what it costs and what it proves. */
export interface Candidate extends PortChange {
  readonly before: PortFigures;
  readonly after: PortFigures;
  /** The port whose share grows most, and how many of the starts end at it. */
  readonly funnel:
    { readonly port: Port; readonly before: number; readonly after: number; readonly starts: number } | undefined;
  /** Rules that still find an error or a warning about the node. */
  readonly remaining: readonly string[];
  /** The node as it would be. */
  readonly node: CheckedNode;
}

/**
 * The changes that mend the source ports of a node, the best first: those that no rule finds at fault and that cover later
 * NodePorts, and of these the one that costs the fewest source ports. Parity comes last: it is no reservation.
 */
export function candidates(node: CheckedNode): readonly Candidate[] {
  if (!needsPortChange(node)) return [];
  const all = portChanges(node)
    .map((change) => candidate(node, change))
    .filter(({ after }) => after.openPorts > 0);
  const rank = (one: Candidate): number =>
    (one.after.reachable > 0 ? 8 : 0) +
    (one.remaining.length > 0 ? 4 : 0) +
    (one.id === "change-parity" ? 2 : 0) +
    (one.coversLater ? 0 : 1);
  return all.toSorted((a, b) => rank(a) - rank(b) || b.after.firstPorts - a.after.firstPorts);
}

function candidate(node: CheckedNode, change: PortChange): Candidate {
  const after = withSettings(node, change.settings);
  const remaining = judgeNodes([after], ABOUT_PORTS)
    .filter(({ severity }) => severity !== "note")
    .map(({ rule }) => rule);
  return {
    ...change,
    before: figures(node),
    after: figures(after),
    funnel: funnelOf(node, after),
    remaining: [...new Set(remaining)],
    node: after,
  };
}

/** Rules that a change of the ports can mend or break; the others are as they were. */
const ABOUT_PORTS = [
  NODEPORT_OVERLAP,
  NODEPORT_CLUSTERED,
  PORT_OPENER_GONE,
  RANGE_TOO_SMALL_PER_DEST,
  RESERVATION_FUNNEL,
];

/** The node with other values for some sysctls: lines that set or tried to set them are left out, new ones come last. */
function withSettings(node: CheckedNode, settings: PortChange["settings"]): CheckedNode {
  const names = new Set(settings.map(([name]) => name));
  const kept = node.sysctls.lines.filter(({ name }) => !names.has(name));
  const added = settings.map(([name, value]): SysctlLine => {
    const place = node.sysctls.settings.get(name)?.valuePlace ?? node.place;
    return { place, valuePlace: place, kind: "set", name, value, ignoresFailure: false };
  });
  const lines = [...kept, ...added];
  const applied = applyLines(lines, node.era);
  const { localPortRange: range, reservedPorts: reserved } = applied.values;
  const ports = new PortView({ ...node.ports.input, range, reserved, stepWidth: applied.values.number(STEP_WIDTH) });
  return { ...node, sysctls: { ...node.sysctls, lines, ...applied }, ports };
}

function figures(node: CheckedNode): PortFigures {
  const ports = nodePortCandidates(node).filter((port) => node.ports.isReachable(port));
  const openPorts = node.ports.openCount;
  const likeliest = ports.toSorted((a, b) => node.ports.weight(b) - node.ports.weight(a)).slice(0, 1);
  return {
    exact: node.ports.exact(isAboutUse(node) ? ports : likeliest),
    reachable: ports.length,
    openPorts,
    firstPorts: node.ports.firstCount,
    connectsPerSecond: Math.floor(openPorts / TIME_WAIT_SECONDS),
  };
}

function funnelOf(before: CheckedNode, after: CheckedNode): Candidate["funnel"] {
  if (after.ports.isLeaping) return undefined;
  const { port, weight } = after.ports.likeliest;
  if (weight < 2 || weight <= before.ports.weight(port)) return undefined;
  return { port, before: before.ports.weight(port), after: weight, starts: after.ports.starts };
}

/** Whether figures speak of NodePorts in use, rather than of the whole range. */
export function isAboutUse(node: CheckedNode): boolean {
  return hasKnownNodePorts(node);
}
