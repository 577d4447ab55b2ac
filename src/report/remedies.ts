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
  return [
    ...(hasExposed ? [] : [notForEver(classes)]),
    ...reservation(document, inRange, columns),
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

/** How many list lines a terminal's reader still copies. */
const LIST_LINES = 3;

/** The step that reserves NodePorts: each one, or their whole span when the list grows too long to copy. */
function reservation(document: RunDocument, nodePorts: readonly number[], columns: number): RemedyPart[] {
  const list = portRanges(nodePorts);
  const lines = joinedLines("sysctl -w net.ipv4.ip_local_reserved_ports=", list, columns);
  const span: readonly [number, number] = [leastOf(nodePorts), largestOf(nodePorts)];
  const isLong = lines.length > LIST_LINES;
  const taken = isLong
    ? span[1] - span[0] + 1 - blockedAmong(document, span)
    : nodePorts.filter((port) => blockedAmong(document, [port, port]) === 0).length;
  return [
    {
      kind: "step",
      text:
        (isLong
          ? `Reserve the NodePorts, so that connect() skips them (here with all ports between the first and the last of ${formatCount(nodePorts.length)}). `
          : "Reserve the NodePorts, so that connect() skips them. ") +
        "Services that come later draw other ports: reserve the whole --service-node-port-range to cover those too. " +
        "The command replaces the present list, so join the two; a file in /etc/sysctl.d makes it last." +
        (document.exposure.isOfFirstBoot === true
          ? " Each boot drew NodePorts of its own here, and these are the first boot's."
          : ""),
    },
    { kind: "cost", text: remedyCost(document, pickablePorts(document) - taken) },
    { kind: "command", lines: isLong ? [`sysctl -w net.ipv4.ip_local_reserved_ports=${span.join("-")}`] : lines },
  ];
}

/** The step that moves the source ports to the wider side of the NodePorts, if enough ports are there. */
function rangeMove(document: RunDocument, nodePorts: readonly number[]): RemedyPart[] {
  const [low, high] = document.exposure.portRange;
  const below = { low, high: leastOf(nodePorts) - 1 };
  const above = { low: largestOf(nodePorts) + 1, high };
  const side = width(above) >= width(below) ? above : below;
  // Where ports run out, fewer of them are no help.
  if (document.probes.byCause["port-exhaustion"] > 0) return [];
  // connect() reaches half of the range before it slows down, so twice the peak is the least that serves as well as now.
  if (width(side) < Math.max(1_024, 2 * document.ports.inUseMax)) return [];
  return [
    {
      kind: "step",
      text:
        `Or move the source ports to one side of the NodePorts: ${formatCount(width(side))} ports remain, and at most ` +
        `${formatCount(document.ports.inUseMax)} were in use here. Keep clear of the whole --service-node-port-range.`,
    },
    { kind: "cost", text: remedyCost(document, width(side) - blockedAmong(document, [side.low, side.high])) },
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
