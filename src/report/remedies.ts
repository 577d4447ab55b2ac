import type { RunDocument } from "../study/run_document.ts";
import { classifyNodePorts } from "./exposure_text.ts";
import type { NodePortClasses } from "./exposure_text.ts";
import { formatCount, portRanges } from "./number_text.ts";
import { blockedAmong, pickablePorts, remedyCost } from "./remedy_cost.ts";
import { largestOf, leastOf } from "./extremes.ts";

/** One line of advice or one command to copy. */
export type RemedyPart =
  | { readonly kind: "step"; readonly text: string }
  | { readonly kind: "caveat"; readonly text: string }
  | { readonly kind: "note"; readonly text: string }
  /** What the step before it brings and costs. */
  | { readonly kind: "cost"; readonly text: string }
  /** Lines to paste into a shell as they are, the first to the last. */
  | { readonly kind: "command"; readonly lines: readonly string[] };

/** What to change on the node so that its probes stop failing, or stay whole: steps first, then what they do not cover. */
export function remedies(document: RunDocument, columns: number): RemedyPart[] {
  const classes = classifyNodePorts(document);
  const inRange = inRangeNodePorts(document);
  const hasExposed = classes.reachable.length > 0;
  const isSettled = !hasExposed && classes.reserved.length === inRange.length;
  if (isSettled || document.dataPlane.mode !== "ipvs") return tableSteps(document);
  const whole = rangeReservation(document, inRange);
  return [
    ...(hasExposed ? [] : [notForEver(classes)]),
    ...whole,
    ...reservation(document, inRange, { columns, isSecond: whole.length > 0 }),
    ...rangeMove(document, inRange),
    ...tableSteps(document),
    ...NODE_PORT_CAVEATS,
  ];
}

/** Steps against a port range or a conntrack table that is too small. */
function tableSteps(document: RunDocument): RemedyPart[] {
  const { byCause } = document.probes;
  const parts: RemedyPart[] = [];
  if (byCause["port-exhaustion"] > 0) {
    parts.push({
      kind: "step",
      text:
        "Widen net.ipv4.ip_local_port_range, or reuse connections: each one to the same address and port occupies a " +
        "source port until its TIME_WAIT ends.",
    });
  }
  if (byCause["conntrack-full"] > 0) {
    parts.push({
      kind: "step",
      text:
        `Raise net.netfilter.nf_conntrack_max above ${formatCount(document.conntrack.max)}, or shorten the timeouts of ` +
        "the entries that fill the table.",
    });
  }
  return parts;
}

/** What neither a reservation nor another range covers, and how to try them. */
const NODE_PORT_CAVEATS: readonly RemedyPart[] = [
  {
    kind: "caveat",
    text:
      "A reservation hands its share of the picks to the first free port behind it. A NodePort there is hit more often " +
      "than before: reserve all NodePorts, not some.",
  },
  {
    kind: "caveat",
    text:
      "SNAT is not covered: masquerading takes ports from 1024-65535 whatever ip_local_port_range and " +
      "ip_local_reserved_ports say, and may still take a NodePort.",
  },
  {
    kind: "caveat",
    text:
      "To see the effect first, add --set sysctls.net.ipv4.ip_local_reserved_ports=LIST or " +
      "--set 'sysctls.net.ipv4.ip_local_port_range=LOW HIGH' to the command that reproduces this run.",
  },
];

/**
 * Why a node without reachable NodePorts should still be changed.
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, Kubernetes v1.24.0: pull request 108496 and its backports.
 */
function notForEver(classes: NodePortClasses): RemedyPart {
  const text =
    classes.heldByKubeProxy.length > 0
      ? "Nothing has to change now, but kube-proxy from 1.21.13, 1.22.10, 1.23.7 and 1.24.0 on no longer listens on " +
        "NodePorts. Before such an upgrade:"
      : classes.otherParity.length > 0
        ? "Nothing has to change now, but parity is no protection: under port pressure, or with a lower bound of the " +
          "other parity, connect() picks these NodePorts."
        : "Nothing has to change now, but this rests on the process that holds the port, or on the addresses for which " +
          "kube-proxy serves NodePorts (--nodeport-addresses). What rests on neither:";
  return { kind: "note", text };
}

const REPLACES = "The command replaces the present list, so join the two; a file in /etc/sysctl.d makes it last.";

/** The least number of ports that serves as well as now: connect() reaches half of them before it slows down. */
function leastPorts(document: RunDocument): number {
  return Math.max(1_024, 2 * document.ports.inUseMax);
}

/** From the first to the last port that is a NodePort or may become one. */
function nodePortSpan(document: RunDocument, nodePorts: readonly number[]): readonly [low: number, high: number] {
  const range = document.exposure.nodePortRange ?? [];
  return [leastOf([...nodePorts, ...range]), largestOf([...nodePorts, ...range])];
}

/** The step that reserves all that may become a NodePort, if it is known and enough ports are left beside it. */
function rangeReservation(document: RunDocument, nodePorts: readonly number[]): RemedyPart[] {
  if (document.exposure.nodePortRange === undefined || nodePorts.length === 0) return [];
  // Where ports run out, fewer of them are no help.
  if (document.probes.byCause["port-exhaustion"] > 0) return [];
  const [low, high] = document.exposure.portRange;
  const span = nodePortSpan(document, nodePorts);
  const [first, last] = [Math.max(low, span[0]), Math.min(high, span[1])];
  const remaining = pickablePorts(document) - (last - first + 1 - blockedAmong(document, [first, last]));
  if (remaining < leastPorts(document)) return [];
  return [
    {
      kind: "step",
      text:
        `Reserve the NodePort range ${span.join("-")}, so that connect() skips the NodePorts of now and those to come: ` +
        `${formatCount(remaining)} source ports remain. See that it is the apiserver's --service-node-port-range. ${REPLACES}`,
    },
    { kind: "cost", text: remedyCost(document, remaining, true) },
    { kind: "command", lines: [`sysctl -w net.ipv4.ip_local_reserved_ports=${span.join("-")}`] },
  ];
}

/** How many list lines a terminal's reader still copies. */
const LIST_LINES = 3;

/** The step that reserves NodePorts: each one, or their whole span when the list grows too long to copy. */
function reservation(
  document: RunDocument,
  nodePorts: readonly number[],
  { columns, isSecond }: { readonly columns: number; readonly isSecond: boolean },
): RemedyPart[] {
  const list = portRanges(nodePorts);
  const lines = joinedLines("sysctl -w net.ipv4.ip_local_reserved_ports=", list, columns);
  const span: readonly [number, number] = [leastOf(nodePorts), largestOf(nodePorts)];
  const isLong = lines.length > LIST_LINES;
  // The whole range has the span of a long list in it, and the NodePorts of all boots.
  if (isSecond && (isLong || document.exposure.isOfFirstBoot === true)) return [];
  const taken = isLong
    ? span[1] - span[0] + 1 - blockedAmong(document, span)
    : nodePorts.filter((port) => blockedAmong(document, [port, port]) === 0).length;
  const text = isSecond
    ? "Or reserve the NodePorts of now alone; Services that come later draw other ports."
    : reservationText(document, isLong ? nodePorts.length : undefined);
  return [
    { kind: "step", text },
    { kind: "cost", text: remedyCost(document, pickablePorts(document) - taken) },
    { kind: "command", lines: isLong ? [`sysctl -w net.ipv4.ip_local_reserved_ports=${span.join("-")}`] : lines },
  ];
}

/** What the first step says where the NodePort range is not known or too wide; `many` NodePorts are reserved with all between them. */
function reservationText(document: RunDocument, many: number | undefined): string {
  const which =
    many === undefined ? "" : ` (here with all ports between the first and the last of ${formatCount(many)})`;
  const ofFirst =
    document.exposure.isOfFirstBoot === true
      ? " Each boot drew NodePorts of its own here, and these are the first boot's."
      : "";
  const range = document.exposure.nodePortRange;
  const later =
    range === undefined
      ? "Services that come later draw other ports: reserve the whole --service-node-port-range to cover those too."
      : `Services that come later draw other ports; to reserve all of ${range.join("-")} would leave too few source ports.`;
  return `Reserve the NodePorts, so that connect() skips them${which}. ${later} ${REPLACES}${ofFirst}`;
}

/** The step that moves the source ports to the wider side of the NodePorts, if enough ports are there. */
function rangeMove(document: RunDocument, nodePorts: readonly number[]): RemedyPart[] {
  const { portRange, nodePortRange } = document.exposure;
  const [low, high] = portRange;
  const span = nodePortSpan(document, nodePorts);
  const below = { low, high: span[0] - 1 };
  const above = { low: span[1] + 1, high };
  const side = width(above) >= width(below) ? above : below;
  // Where ports run out, fewer of them are no help.
  if (document.probes.byCause["port-exhaustion"] > 0) return [];
  if (width(side) < leastPorts(document)) return [];
  const used = `${formatCount(width(side))} ports remain, and at most ${formatCount(document.ports.inUseMax)} were in use here.`;
  const text =
    nodePortRange === undefined
      ? `Or move the source ports to one side of the NodePorts: ${used} Keep clear of the whole --service-node-port-range.`
      : `Or move the source ports to one side of the NodePort range ${span.join("-")}: ${used}`;
  return [
    { kind: "step", text },
    {
      kind: "cost",
      text: remedyCost(
        document,
        width(side) - blockedAmong(document, [side.low, side.high]),
        nodePortRange !== undefined,
      ),
    },
    { kind: "command", lines: [`sysctl -w net.ipv4.ip_local_port_range="${side.low} ${side.high}"`] },
  ];
}

/** A comma-separated list as one shell word over several lines: a backslash ends each but the last. */
function joinedLines(start: string, list: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = start;
  list.forEach((entry, index) => {
    const piece = index < list.length - 1 ? `${entry},` : entry;
    if (line.length + piece.length + 1 > columns) {
      lines.push(`${line}\\`);
      line = "";
    }
    line += piece;
  });
  return [...lines, line];
}

/** NodePorts inside the range, ascending as in the document. */
function inRangeNodePorts(document: RunDocument): number[] {
  const { portRange, nodePorts } = document.exposure;
  return nodePorts.filter((port) => port >= portRange[0] && port <= portRange[1]);
}

/** How many ports lie from `low` to `high`; not positive if there are none. */
function width(side: { readonly low: number; readonly high: number }): number {
  return side.high - side.low + 1;
}
