import type { RunDocument } from "../../study/run_document.ts";
import { formatCount } from "../number_text.ts";
import { blockText, portBlocks } from "../../study/port_blocks.ts";
import type { PortsDocument } from "../ports_document.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { type PortLane, type PortMapData, portsMapData, runMapData } from "./port_map_data.ts";
import { pileUps, pileUpView, shareText } from "./pile_up_view.ts";
import { portZoom } from "./port_zoom.ts";
import { capitalised } from "../../scenario/wording.ts";

const WIDTH = 640;
const LANE_HEIGHT = 24;
/** Ports that a description names. */
const NAMED_MOST = 6;

/** The map of all 65,536 ports: what is open to `connect()`, where the NodePorts are, and where its walk piles up. */
export function portMapChart(document: RunDocument | PortsDocument): Chart {
  const data = document.format === "run/1" ? runMapData(document) : portsMapData(document);
  const title = findingOf(data);
  const kernel = document.format === "run/1" ? document.settings.kernel : document.kernel;
  const walk = document.format === "run/1" ? document.settings.portWalk : document.portWalk;
  const name = document.format === "run/1" ? `${printable(document.scenario.file)}: ` : "";
  const subtitle = [
    `${name}kernel ${kernel} (port walk ${walk}), seed ${printable(document.settings.seed)}, ports 0 to 65535`,
  ];
  const description = describe(data);
  const zoom = portZoom(data, WIDTH, pileUps(data)[0]?.port);
  const spec = {
    ...chartFrame({ title, subtitle, width: WIDTH + 230 }),
    description,
    vconcat: [
      lanesView(data.lanes),
      pileUpView(data, WIDTH, { scale: PORT_SCALE, ticks: { values: PORT_TICKS, format: "d", grid: true } }),
      ...(zoom === undefined ? [] : [zoom]),
    ],
    spacing: 26,
    resolve: { scale: { x: "independent" as const, y: "independent" as const, color: "independent" as const } },
  };
  return { kind: "port-map", title, description, spec };
}

const TONES: Readonly<Record<PortLane["tone"], string>> = {
  range: COLOR.light,
  closed: "#777777",
  danger: COLOR.bad,
  safe: COLOR.good,
};

const PORT_SCALE = { domain: [0, 65_536], nice: false, zero: true };
const PORT_TICKS = [0, 8192, 16384, 24576, 32768, 40960, 49152, 57344, 65535];

/** One row for each kind of port, all on one axis. */
function lanesView(lanes: readonly PortLane[]) {
  const order = lanes.map(({ label }) => label);
  const rows = lanes.flatMap(({ label, blocks, tone }) =>
    blocks.map(([from, to]) => ({ lane: label, from, to: to + 1, color: TONES[tone], ports: blockText([from, to]) })),
  );
  const wide = rows.filter(({ from, to }) => to - from >= 60);
  const narrow = rows.filter(({ from, to }) => to - from < 60);
  const y = {
    field: "lane",
    type: "nominal" as const,
    sort: order,
    scale: { domain: order },
    title: null,
    axis: { grid: true, ticks: false, domain: false },
  };
  const x = {
    field: "from",
    type: "quantitative" as const,
    scale: PORT_SCALE,
    title: null,
    axis: { values: PORT_TICKS, format: "d", grid: true },
  };
  const color = { field: "color", type: "nominal" as const, scale: null };
  const tooltip = [
    { field: "lane", title: "kind" },
    { field: "ports", title: "ports" },
  ];
  return {
    width: WIDTH,
    height: lanes.length * LANE_HEIGHT,
    layer: [
      {
        data: { values: wide },
        mark: { type: "bar" as const, height: 12 },
        encoding: { y, x, x2: { field: "to" }, color, tooltip },
      },
      {
        data: { values: narrow },
        mark: { type: "tick" as const, thickness: 1.6, size: 17, opacity: 1 },
        encoding: { y, x, color, tooltip },
      },
    ],
  };
}

/** `1 in 32,000 connects`, `31 % of connects`. */
function connects(share: number): string {
  return share >= 0.0095 ? shareText(share) : `${shareText(share)} connects`;
}

function findingOf(data: PortMapData): string {
  const { nodePorts, reachable, range, shares } = data;
  const [top] = pileUps(data);
  const behind = "what is reserved or held before it piles up there";
  const pile = top === undefined ? undefined : `port ${top.port} gets ${connects(shares[top.port]!)}`;
  if (nodePorts.size === 0) {
    return pile === undefined
      ? `The source ports ${blockText(range)} are picked evenly`
      : `${capitalised(pile)}: ${behind}`;
  }
  if (reachable.size === 0) {
    const none =
      nodePorts.size === 1 ? "The one NodePort cannot" : `None of ${formatCount(nodePorts.size)} NodePorts can`;
    return `${none} be picked as a source port${pile === undefined ? "" : `; ${pile}`}`;
  }
  if (top !== undefined && reachable.has(top.port)) return `Node${pile}: ${behind}`.replace("Nodeport", "NodePort");
  const hit = [...reachable].reduce((sum, port) => sum + shares[port]!, 0);
  const some =
    nodePorts.size === 1
      ? `NodePort ${[...nodePorts][0]} can be picked as a source port: ${connects(hit)} gets it`
      : `${formatCount(reachable.size)} of ${formatCount(nodePorts.size)} NodePorts can be picked as a source port: ${connects(hit)} gets one`;
  return some;
}

function describe(data: PortMapData): string {
  const lanes = data.lanes.map(({ label, blocks }) => {
    const joined = portBlocks(blocks.flatMap(([from, to]) => (from === to ? [from] : [])));
    const wide = blocks.filter(([from, to]) => from !== to);
    const all = [...wide, ...joined].toSorted(([a], [b]) => a - b).map(blockText);
    const shown = all.slice(0, 12).join(", ");
    return `${label}: ${all.length === 0 ? "none" : shown}${all.length > 12 ? " and more" : ""}`;
  });
  const piles = pileUps(data)
    .slice(0, NAMED_MOST)
    .map(
      ({ port, times }) =>
        `${port} gets ${shareText(times * data.evenShare)}, ${formatCount(Math.round(times))} times its even share`,
    );
  const walk =
    piles.length === 0 ? "No port gets three times its even share." : `Where picks pile up: ${piles.join("; ")}.`;
  return `Map of the ports 0 to 65535. ${lanes.join(". ")}. ${walk}`;
}
