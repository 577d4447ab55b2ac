import { PORT_WALKS } from "../../kernel/kernel_era.ts";
import { formatCount, plural } from "../../report/number_text.ts";
import { blockText, portCount, type PortBlock } from "../../study/port_blocks.ts";
import { startsAtOneParity, startsByPort } from "../../study/port_starts.ts";
import { draw, textSpace } from "./element.ts";
import type { PageFigures } from "./messages.ts";

/** The part of the ports that is shown. */
export type MapZoom = "all" | "range" | "nodePorts";

/** What the map is drawn of. */
export interface MapInput {
  readonly figures: PageFigures;
  readonly nodePortRange: readonly [low: number, high: number];
  readonly zoom: MapZoom;
  readonly width: number;
}

const LAST_PORT = 65_535;
const LANE = 46;
const TOP = 4;

/** The 65,536 ports on one axis: the range, what is reserved, the NodePorts by parity, and where walks end. */
export function portMap({ figures, nodePortRange, zoom, width }: MapInput): SVGSVGElement {
  const { exposure, settings } = figures.document;
  const [low, high] = exposure.portRange;
  const [from, to] = shownPorts(figures, nodePortRange, zoom);
  const x = (port: number): number => ((port - from) / (to - from + 1)) * width;
  const span = (first: number, last: number, least: number): { x: number; width: number } => {
    const [left, right] = [Math.max(0, x(first)), Math.min(width, x(last + 1))];
    return { x: left, width: Math.max(right > left ? least : 0, right - left) };
  };
  const parity = startsAtOneParity(settings.portWalk, high - low + 1) ? low % 2 : undefined;
  const height = TOP + 4 * LANE + 30;
  const map = draw("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-labelledby": "map-title",
    "aria-describedby": "map-text",
  });
  map.append(
    laneText(0, `ip_local_port_range ${low}-${high}`),
    draw("rect", { class: "range", ...span(low, high, 1), y: laneY(0), height: 18 }),
    laneText(1, reservedText(figures)),
    ...reservedBlocks(figures).map(([first, last]) =>
      draw("rect", { class: "reserved", ...span(first, last, 1.5), y: laneY(1), height: 18 }),
    ),
    laneText(2, nodePortText(exposure.nodePorts.length, nodePortRange, parity)),
    draw("rect", { class: "node-range", ...span(nodePortRange[0], nodePortRange[1], 1), y: laneY(2), height: 22 }),
    ...nodePortTicks(figures, parity, x),
    ...landingLane(figures, [from, to], width),
    ...axisOf([from, to], x, { width, y: height - 26 }),
  );
  return map;
}

/** What the map shows, in a sentence or two. */
export function mapText(figures: PageFigures): string {
  const { document, classes } = figures;
  const { exposure, settings } = document;
  const reservedCount = portCount(reservedBlocks(figures));
  const [low, high] = exposure.portRange;
  const total = exposure.nodePorts.length;
  if (total === 0) return "There are no NodePorts.";
  const hit = classes.reachable.length;
  const parity = startsAtOneParity(settings.portWalk, high - low + 1) ? ` ${parityText(settings.portWalk, low)}` : "";
  const reserved = reservedCount === 0 ? "" : `, ${formatCount(reservedCount)} of them reserved`;
  return (
    `The range has ${formatCount(high - low + 1)} ports${reserved}. Of ${plural(formatCount(total), "NodePort")} connect() can be given ` +
    `${hit === 0 ? "none" : formatCount(hit)}.${parity}`
  );
}

/** How a walk that starts at the parity of the low bound comes to the other one. */
function parityText(walk: string, low: number): string {
  const first = low % 2 === 0 ? "even" : "odd";
  return walk === "4.2-4.5"
    ? `The walk ${walk} starts at ${first} ports; it takes one of the other parity when the port before it is taken.`
    : `The walk ${walk} tries ${first} ports first; those of the other parity only when it finds none.`;
}

function shownPorts(
  { document }: PageFigures,
  nodePortRange: readonly [number, number],
  zoom: MapZoom,
): readonly [from: number, to: number] {
  const { portRange, nodePorts } = document.exposure;
  if (zoom === "all") return [0, LAST_PORT];
  const [low, high] =
    zoom === "range" ? portRange : [nodePorts[0] ?? nodePortRange[0], nodePorts.at(-1) ?? nodePortRange[1]];
  const margin = Math.max(4, Math.round((high - low) * 0.03));
  return [Math.max(0, low - margin), Math.min(LAST_PORT, high + margin)];
}

function laneY(lane: number): number {
  return TOP + lane * LANE + 18;
}

function laneText(lane: number, text: string): SVGTextElement {
  return draw("text", { x: 0, y: TOP + lane * LANE + 12 }, text);
}

function reservedText(figures: PageFigures): string {
  const blocks = reservedBlocks(figures);
  if (blocks.length === 0) return "reserved in the range: none";
  const named =
    blocks.length <= 2
      ? blocks.map(blockText).join(", ")
      : `${formatCount(portCount(blocks))} ports in ${blocks.length} blocks`;
  return `reserved in the range: ${named}`;
}

function nodePortText(count: number, [low, high]: readonly [number, number], parity: number | undefined): string {
  const rows = parity === undefined ? "" : `; above: ${parity === 0 ? "even" : "odd"}, tried first`;
  return `${plural(formatCount(count), "NodePort")} of ${low}-${high}${rows}`;
}

/** Ticks in two rows where parity matters; what `connect()` can be given stands out by colour, width and a head. */
function nodePortTicks(
  { document, classes }: PageFigures,
  parity: number | undefined,
  x: (port: number) => number,
): SVGElement[] {
  const hits = new Set(classes.reachable);
  return document.exposure.nodePorts.flatMap((port) => {
    const isHit = hits.has(port);
    const isFirst = parity === undefined || port % 2 === parity;
    const y = laneY(2) + (isFirst ? 0 : 11);
    const width = isHit ? 2.5 : 1.5;
    const left = x(port + 0.5) - width / 2;
    const height = parity === undefined ? 22 : 11;
    const tick = draw("rect", { class: isHit ? "tick hit" : "tick", x: left, y, width, height });
    if (!isHit) return [tick];
    return [tick, draw("circle", { class: "tick hit", cx: x(port + 0.5), cy: y, r: 3 })];
  });
}

/** How many of the walk's starts end at each port while no port is in use; by port. */
function landings({ document }: PageFigures): Uint32Array {
  const { exposure, settings } = document;
  const closed = new Uint8Array(LAST_PORT + 1);
  for (const [first, last] of [...(exposure.reservedBlocks ?? []), ...(exposure.heldBlocks ?? [])])
    closed.fill(1, first, last + 1);
  const walk = PORT_WALKS.find((name) => name === settings.portWalk) ?? "5.18+";
  const isClosed = (port: number): boolean => closed[port] === 1;
  const starts = startsByPort({ walk, range: exposure.portRange, isReserved: isClosed, isHeld: isClosed });
  // The last entry counts starts that find no port.
  return starts.subarray(0, LAST_PORT + 1);
}

function reservedBlocks({ document }: PageFigures): readonly PortBlock[] {
  return document.exposure.reservedBlocks ?? [];
}

/** Where walks end, as the mean of each column of the picture: flat, but for piles behind what is closed. */
function landingLane(figures: PageFigures, [from, to]: readonly [number, number], width: number): SVGElement[] {
  const counts = landings(figures);
  const columns = Math.max(1, Math.floor(width / 2));
  const most = new Float64Array(columns);
  for (const [index, count] of counts.entries()) {
    const column = Math.floor(((index - from) / (to - from + 1)) * columns);
    if (column >= 0 && column < columns) most[column] = Math.max(most[column]!, count);
  }
  const peak = counts.reduce((a, b) => Math.max(a, b), 0);
  const peakPort = counts.indexOf(peak);
  const said = peak > 1 ? `at ${peakPort}: ${formatCount(peak)} × as often` : "everywhere alike";
  const y = laneY(3);
  // The piles are thousands of times as high as the rest: the logarithm shows both.
  const tall = (count: number): number =>
    count === 0 ? 0 : 3 + (15 * Math.log2(count)) / Math.max(1, Math.log2(peak));
  const bars = [...most].map((count, column) => {
    const height = tall(count);
    return height === 0 ? "" : `M${2 * column} ${y + 18} v${-height} h2 v${height} z`;
  });
  return [laneText(3, `walks end ${said}`), draw("path", { class: "landing", d: bars.join("") })];
}

function axisOf(
  [from, to]: readonly [number, number],
  x: (port: number) => number,
  { width, y }: { readonly width: number; readonly y: number },
): SVGElement[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000];
  const step = steps.find((one) => x(from + one) > 58) ?? 20_000;
  const ticks: number[] = [];
  for (let port = Math.ceil(from / step) * step; port <= to; port += step) ticks.push(port);
  return [
    draw("line", { class: "axis", x1: 0, x2: width, y1: y, y2: y }),
    ...ticks.flatMap((port) => {
      const space = textSpace(String(port)) / 2;
      const middle = Math.min(width - space, Math.max(space, x(port)));
      return [
        draw("line", { class: "axis", x1: x(port), x2: x(port), y1: y, y2: y + 5 }),
        draw("text", { class: "soft", x: middle, y: y + 19, "text-anchor": "middle" }, String(port)),
      ];
    }),
  ];
}
