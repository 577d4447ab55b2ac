import { PORT_WALKS } from "../../kernel/kernel_era.ts";
import { hasParity, walkedRange } from "../ports_figures.ts";
import { startsAtOneParity, startsByPort } from "../../study/port_starts.ts";
import type { RunDocument } from "../../study/run_document.ts";
import { classifyNodePorts } from "../exposure_text.ts";
import { formatCount } from "../number_text.ts";
import { portCount, type PortBlock } from "../../study/port_blocks.ts";
import type { PortsDocument } from "../ports_document.ts";

/** One row of the map: ports of one kind. */
export interface PortLane {
  readonly label: string;
  readonly blocks: readonly PortBlock[];
  /** `danger` for NodePorts that a connect can be given. */
  readonly tone: "range" | "closed" | "danger" | "safe";
}

/** What a map of the ports shows. */
export interface PortMapData {
  readonly range: readonly [low: number, high: number];
  readonly lanes: readonly PortLane[];
  readonly reachable: ReadonlySet<number>;
  readonly nodePorts: ReadonlySet<number>;
  readonly isReserved: (port: number) => boolean;
  readonly isHeld: (port: number) => boolean;
  /** Whether a port is tried before those of the other parity; all are where the walk knows no parity. */
  readonly isFirstParity: (port: number) => boolean;
  /** How often each port is picked; by port, as shares of all picks. */
  readonly shares: Float64Array;
  /** The share of a port if all that are tried first were picked alike. */
  readonly evenShare: number;
  /** What a simulation adds to the share of a port, as the end of its label. */
  readonly simulatedText: (port: number) => string;
}

/** The map of a run's node: shares are exact, from all starts of the port walk while no port is in use. */
export function runMapData(document: Pick<RunDocument, "exposure" | "settings">): PortMapData {
  const { exposure, settings } = document;
  const reserved = exposure.reservedBlocks ?? exposure.reserved.map((port): PortBlock => [port, port]);
  const held = exposure.heldBlocks ?? [];
  const classes = classifyNodePorts(document);
  const [low] = exposure.portRange;
  const parity = low % 2 === 0 ? "odd" : "even";
  const nodePortLanes: readonly (readonly [string, readonly number[], PortLane["tone"]])[] = [
    ["NodePorts that connect() can pick", classes.reachable, "danger"],
    [`NodePorts of the ${parity} parity, tried last`, classes.otherParity, "safe"],
    ["NodePorts that are reserved", classes.reserved, "safe"],
    ["NodePorts that kube-proxy holds", classes.heldByKubeProxy, "safe"],
    ["NodePorts outside of the range", classes.outOfRange, "safe"],
    ["NodePorts that do no harm here", classes.elsewhere, "safe"],
  ];
  return mapData({
    range: exposure.portRange,
    portWalk: settings.portWalk,
    reserved,
    held,
    nodePorts: exposure.nodePorts,
    reachable: classes.reachable,
    lanes: nodePortLanes
      .filter(([, ports]) => ports.length > 0)
      .map(([label, ports, tone]) => ({
        label: `${label} (${formatCount(ports.length)})`,
        blocks: ports.map((port): PortBlock => [port, port]),
        tone,
      })),
  });
}

/** The map of an experiment with `sim ports`: shares are exact as well, and the labels say what the experiment gave. */
export function portsMapData(document: PortsDocument): PortMapData {
  const { settings, connects } = document;
  const data = mapData({
    range: walkedRange(document),
    // Over a socket's own range 6.8 and later go port by port, as 3.10 did over every range.
    portWalk: hasParity(document) || document.portWalk === "4.2-4.5" ? document.portWalk : "3.10",
    reserved: settings.reserved,
    held: settings.listen,
    nodePorts: [],
    reachable: [],
    lanes: [],
  });
  const picked = connects.flatMap(({ port }) => port ?? []);
  const simulatedText = (port: number): string => {
    const count = picked.filter((one) => one === port).length;
    return `; ${formatCount(count)} of ${formatCount(picked.length)} here`;
  };
  return { ...data, simulatedText };
}

interface MapInput {
  readonly range: readonly [low: number, high: number];
  readonly portWalk: string;
  readonly reserved: readonly PortBlock[];
  readonly held: readonly PortBlock[];
  readonly nodePorts: readonly number[];
  readonly reachable: readonly number[];
  readonly lanes: readonly PortLane[];
}

function mapData({ range, portWalk, reserved, held, nodePorts, reachable, lanes }: MapInput): PortMapData {
  const [low, high] = range;
  const isReserved = memberOf(reserved);
  const isHeld = memberOf(held);
  const knowsParity = startsAtOneParity(portWalk, high - low + 1);
  const isFirstParity = (port: number): boolean => !knowsParity || (port - low) % 2 === 0;
  let first = 0;
  for (let port = low; port <= high; port += 1) {
    if (isFirstParity(port) && !isReserved(port) && !isHeld(port)) first += 1;
  }
  const walk = PORT_WALKS.find((name) => name === portWalk) ?? "5.18+";
  const starts = startsByPort({ walk, range, isReserved, isHeld });
  const total = starts.reduce((sum, count) => sum + count, 0);
  return {
    range,
    lanes: [
      { label: `ip_local_port_range (${formatCount(high - low + 1)})`, blocks: [range], tone: "range" },
      { label: `reserved (${formatCount(portCount(reserved))})`, blocks: reserved, tone: "closed" },
      { label: `held by listening sockets (${formatCount(portCount(held))})`, blocks: held, tone: "closed" },
      ...lanes,
    ],
    reachable: new Set(reachable),
    nodePorts: new Set(nodePorts),
    isReserved,
    isHeld,
    isFirstParity,
    shares: Float64Array.from(starts.subarray(0, 65_536), (count) => count / total),
    evenShare: 1 / Math.max(1, first),
    simulatedText: () => "",
  };
}

function memberOf(blocks: readonly PortBlock[]): (port: number) => boolean {
  const members = new Uint8Array(65_536);
  for (const [from, to] of blocks) members.fill(1, from, to + 1);
  return (port) => members[port] === 1;
}
