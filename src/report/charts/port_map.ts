import type { RunDocument } from "../../study/run_document.ts";
import { formatCount, formatPercent } from "../number_text.ts";
import { blockText, portBlocks } from "../port_blocks.ts";
import type { PortsDocument } from "../ports_document.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { type PortLane, type PortMapData, portsMapData, runMapData } from "./port_map_data.ts";
import { portZoom } from "./port_zoom.ts";
import { sentence } from "./wording.ts";

const WIDTH = 640;
const LANE_HEIGHT = 24;

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
  const zoom = portZoom(data, WIDTH);
  const spec = {
    ...chartFrame({ title, subtitle, width: WIDTH + 230 }),
    description,
    vconcat: [lanesView(data.lanes), pileUpView(data), ...(zoom === undefined ? [] : [zoom])],
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

/** Ports are gathered in columns of so many; each shows the one that is picked most. */
const COLUMN_PORTS = 256;
/** From this many times the even share on a port is worth its name. */
const PILED_UP = 3;
/** Ports that are marked, those that are named in words, and how near to each other two labels may stand. */
const PILES_MOST = 40;
const NAMED_MOST = 6;
const LABEL_PORTS = 9_000;

/** How often connect() picks the busiest port of each 256, against an even spread. */
function pileUpView({ shares, evenShare, reachable, simulatedText }: PortMapData) {
  const columns = columnsOf({ shares, evenShare });
  const largest = Math.max(1, ...columns.map(({ times }) => times));
  const values = columns.map(({ port, from, to, times }) => ({
    port,
    from,
    to,
    times: Number(times.toPrecision(4)),
    share: shareText(times * evenShare),
  }));
  const piles = pileUps({ shares, evenShare }).slice(0, PILES_MOST);
  const spaced = piles.filter(({ port }, place) =>
    piles.slice(0, place).every((busier) => Math.abs(busier.port - port) > LABEL_PORTS),
  );
  const named = piles.map(({ port, times }) => ({
    port,
    times: Number(times.toPrecision(4)),
    label: `${port}: ${shareText(times * evenShare)}${reachable.has(port) ? ", a NodePort" : ""}${simulatedText(port)}`,
    color: reachable.has(port) ? COLOR.bad : COLOR.estimate,
    side: port > 45_000 ? "right" : "left",
    hasLabel: spaced.some((one) => one.port === port),
  }));
  const isSteep = largest > 20;
  const y = {
    field: "times",
    type: "quantitative" as const,
    title: ["times as often", "as with an even spread"],
    scale: isSteep
      ? { type: "symlog" as const, constant: 1, domain: [0, largest * 2], nice: false }
      : { domain: [0, Math.max(2, largest * 1.25)], nice: false },
    axis: isSteep
      ? { values: [0, 1, 10, 100, 1_000, 10_000].filter((tick) => tick <= largest * 2), labelOverlap: false }
      : { tickCount: 4 },
  };
  const x = {
    field: "from",
    type: "quantitative" as const,
    scale: PORT_SCALE,
    title: "source port; a bar is the busiest of 256 ports, exact, while none is in use",
    axis: { values: PORT_TICKS, format: "d", grid: true },
  };
  const color = { field: "color", type: "nominal" as const, scale: null };
  const at = { ...x, field: "port" };
  const text = { field: "label", type: "nominal" as const };
  const tooltip = [
    { field: "port", title: "port" },
    { field: "share", title: "gets" },
  ];
  return {
    width: WIDTH,
    height: 110,
    layer: [
      {
        data: { values },
        mark: { type: "bar" as const, color: COLOR.light, binSpacing: 0 },
        encoding: { x: { ...x, bin: "binned" as const }, x2: { field: "to" }, y, tooltip },
      },
      {
        data: { values: named },
        mark: { type: "rule" as const, strokeWidth: 2 },
        encoding: { x: at, y, y2: { datum: 0 }, color },
      },
      {
        data: { values: named },
        mark: { type: "point" as const, filled: true, size: 50, opacity: 1 },
        encoding: { x: at, y, color },
      },
      ...(["left", "right"] as const).map((side) => ({
        data: { values: named.filter((one) => one.hasLabel && one.side === side) },
        mark: {
          type: "text" as const,
          align: side,
          dx: side === "left" ? 7 : -7,
          dy: -5,
          fontSize: 11,
        },
        encoding: { x: at, y, text, color },
      })),
    ],
  };
}

/** The columns in which a port is picked at all, each with its busiest one; neighbours that are alike are one bar. */
function columnsOf({ shares, evenShare }: Pick<PortMapData, "shares" | "evenShare">) {
  const columns: { port: number; from: number; to: number; times: number }[] = [];
  for (let from = 0; from < 65_536; from += COLUMN_PORTS) {
    let port = from;
    for (let other = from; other < from + COLUMN_PORTS; other += 1) if (shares[other]! > shares[port]!) port = other;
    const times = shares[port]! / evenShare;
    const before = columns.at(-1);
    if (times === 0) continue;
    if (before?.to === from && before.times === times) before.to = from + COLUMN_PORTS;
    else columns.push({ port, from, to: from + COLUMN_PORTS, times });
  }
  return columns;
}

/** The ports that get more than their share, the busiest first. */
function pileUps({ shares, evenShare }: Pick<PortMapData, "shares" | "evenShare">) {
  const found: { readonly port: number; readonly times: number }[] = [];
  for (let port = 0; port < shares.length; port += 1) {
    const times = shares[port]! / evenShare;
    if (times >= PILED_UP) found.push({ port, times });
  }
  return found.toSorted((a, b) => b.times - a.times || a.port - b.port);
}

/** `1 in 32,000 connects`, `31 % of connects`. */
function shareText(share: number): string {
  return share >= 0.0095
    ? `${formatPercent(share)} of connects`
    : `1 in ${formatCount(Number((1 / share).toPrecision(3)))}`;
}

function findingOf(data: PortMapData): string {
  const { nodePorts, reachable, range, shares } = data;
  const [top] = pileUps(data);
  const connects = (share: number): string => (share >= 0.0095 ? shareText(share) : `${shareText(share)} connects`);
  const behind = "what is reserved or held before it piles up there";
  const pile = top === undefined ? undefined : `port ${top.port} gets ${connects(shares[top.port]!)}`;
  if (nodePorts.size === 0) {
    return pile === undefined
      ? `The source ports ${blockText(range)} are picked evenly`
      : `${sentence(pile)}: ${behind}`;
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
