import type { TopLevelSpec } from "vega-lite";
import type { ProbeStory } from "../study/explain_probe.ts";
import { SECOND } from "../units.ts";
import type { ExplainDocument } from "./explain_document.ts";
import { afterText, hijackOf, serverOf, tookText } from "./explain_finding.ts";
import { type Flight, type Remark, type SequenceRow, sequenceRows, SERVER_END } from "./sequence_rows.ts";
import { CHART_FONT, textWidth } from "./text_width.ts";
import { vegaSvg } from "./vega_svg.ts";

/** Colours that people who see few colours tell apart (Okabe and Ito); the diverted packets are thick as well. */
const COLOR = { packet: "#0072B2", diverted: "#D55E00", stack: "#555555", interface: "#BBBBBB", text: "#222222" };
const ROW_HEIGHT = 34;
const FONT_SIZE = 11;
const ROWS_MOST = 60;
const LANE_WIDTH_LEAST = 96;
/** Where an arrow ends beside the line of its lane, in lanes. */
const INSET = 0.06;

interface Lane {
  /** A namespace, or `namespace/device`. */
  readonly key: string;
  readonly isStack: boolean;
  readonly title: string;
  readonly role: string;
}

/** The sequence chart of a probe as SVG. Its title states the finding. */
export async function sequenceSvg(story: ProbeStory, document: ExplainDocument): Promise<string> {
  return vegaSvg(sequenceChart(story, document));
}

/** The chart: one lane per network stack and interface, one row per packet or remark. */
export function sequenceChart(story: ProbeStory, document: ExplainDocument): TopLevelSpec {
  const all = sequenceRows(story);
  const rows = all.slice(0, ROWS_MOST);
  const lanes = lanesOf(rows, story, document);
  const places = new Map(lanes.map(({ key }, place) => [key, place]));
  const start = story.probe.startedAt;
  const flights = rows.flatMap((row, y) => (row.kind === "flight" ? [flightData(row, y, places)] : []));
  const remarks = rows.flatMap((row, y) => (row.kind === "remark" ? [remarkData(row, y, places)] : []));
  const times = rows.flatMap((row, y) => {
    const isNew = y === 0 || rows[y - 1]!.time !== row.time;
    return isNew ? [{ y, text: `+${((row.time - start) / SECOND).toFixed(6)} s` }] : [];
  });
  const laneWidth = Math.max(
    LANE_WIDTH_LEAST,
    ...lanes.map(({ title, role }) => 12 + Math.max(textWidth(title, FONT_SIZE, true), textWidth(role, 10, false))),
  );
  const left = 100 / laneWidth;
  const heading = titleOf(document);
  const subtitle = [
    `${document.probe.probeType} probe of ${document.probe.pod}, ${document.scenario.file}, kernel ${document.settings.kernel}, seed ${document.settings.seed}`,
    ...(all.length > rows.length ? [`the first ${rows.length} of ${all.length} rows`] : []),
  ];
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 16,
    width: Math.round((lanes.length - 0.4 + left) * laneWidth),
    height: (rows.length + 2) * ROW_HEIGHT,
    config: { font: CHART_FONT, view: { stroke: null } },
    title: {
      text: heading,
      subtitle,
      anchor: "start",
      fontSize: 15,
      subtitleFontSize: 11,
      subtitleColor: "#555555",
      offset: 8,
    },
    encoding: {
      x: {
        type: "quantitative",
        field: "x",
        axis: null,
        scale: { domain: [-left, lanes.length - 0.4], nice: false, zero: false },
      },
      y: {
        type: "quantitative",
        field: "y",
        axis: null,
        scale: { domain: [rows.length, -2], nice: false, zero: false },
      },
    },
    layer: [
      ...laneLayers(lanes, rows.length),
      ...flightLayers(flights),
      ...remarkLayers(remarks),
      timeLayer(times, left),
    ],
  };
}

type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

function laneLayers(lanes: readonly Lane[], rows: number): Layer[] {
  const data = lanes.map(({ title, role, isStack }, x) => ({ x, title, role, isStack, y: -0.7, y2: rows - 0.3 }));
  const values = (isStack: boolean) => ({ values: data.filter((lane) => lane.isStack === isStack) });
  return [
    {
      data: values(true),
      mark: { type: "rule", color: COLOR.stack, strokeWidth: 2 },
      encoding: { y2: { field: "y2" } },
    },
    {
      data: values(false),
      mark: { type: "rule", color: COLOR.interface, strokeDash: [3, 3] },
      encoding: { y2: { field: "y2" } },
    },
    label(values(true), "title", { dy: -18, fontWeight: "bold", color: COLOR.text }),
    label(values(true), "role", { dy: -6, fontSize: 10, color: COLOR.stack }),
    label(values(false), "title", { dy: -6, fontSize: 10, color: "#666666" }),
  ];
}

function flightLayers(flights: readonly ReturnType<typeof flightData>[]): Layer[] {
  const color = { field: "color", type: "nominal", scale: null } as const;
  const ends = flights.filter(({ isLost }) => !isLost);
  const crossings = flights.flatMap(({ crossed, y, color: hue }) => crossed.map((x) => ({ x, y, color: hue })));
  return [
    {
      data: { values: flights },
      mark: { type: "rule" },
      encoding: { x2: { field: "x2" }, color, strokeWidth: { field: "width", type: "quantitative", scale: null } },
    },
    { data: { values: crossings }, mark: { type: "point", filled: true, size: 28, opacity: 1 }, encoding: { color } },
    ...(["right", "left"] as const).map((way): Layer => ({
      data: { values: ends.filter((flight) => flight.way === way).map((flight) => ({ ...flight, x: flight.x2 })) },
      mark: { type: "point", filled: true, shape: `triangle-${way}`, size: 90, opacity: 1 },
      encoding: { color },
    })),
    {
      data: { values: flights.filter(({ isLost }) => isLost).map((flight) => ({ ...flight, x: flight.x2 })) },
      mark: { type: "point", shape: "cross", angle: 45, filled: true, size: 90, opacity: 1 },
      encoding: { color },
    },
    ...haloed({ values: flights.map((flight) => ({ ...flight, x: flight.middle })) }, "label", { dy: -9 }, color),
  ];
}

function remarkLayers(remarks: readonly ReturnType<typeof remarkData>[]): Layer[] {
  const color = { field: "color", type: "nominal", scale: null } as const;
  const left = { values: remarks.filter(({ align }) => align === "left") };
  const right = { values: remarks.filter(({ align }) => align === "right") };
  return [
    {
      data: { values: remarks },
      mark: { type: "point", filled: true, shape: "diamond", size: 110, opacity: 1 },
      encoding: { color },
    },
    ...haloed(left, "text", { align: "left", dx: 10, fontWeight: "bold" }, color),
    ...haloed(right, "text", { align: "right", dx: -10, fontWeight: "bold" }, color),
  ];
}

function timeLayer(times: readonly { readonly y: number; readonly text: string }[], left: number): Layer {
  const values = times.map((time) => ({ ...time, x: -left }));
  return label({ values }, "text", { align: "left", color: "#555555", fontSize: 10 });
}

/** Text on a white rim, so that it stays readable on the lines of the lanes. */
function haloed(
  data: { values: readonly object[] },
  field: string,
  mark: object,
  color: { readonly field: string; readonly type: "nominal"; readonly scale: null },
): Layer[] {
  return [
    label(data, field, { ...mark, stroke: "white", strokeWidth: 4, strokeJoin: "round", color: "white" }),
    label(data, field, mark, { color }),
  ];
}

function label(data: { values: readonly object[] }, field: string, mark: object, encoding: object = {}): Layer {
  return {
    data: { values: [...data.values] },
    mark: { type: "text", fontSize: FONT_SIZE, ...mark },
    encoding: { text: { field, type: "nominal" }, ...encoding },
  };
}

function flightData(flight: Flight, y: number, places: ReadonlyMap<string, number>) {
  const crossed = [...new Set(flight.interfaces)].flatMap((name) => places.get(name) ?? []);
  const from = places.get(flight.from) ?? 0;
  const target = flight.to === undefined ? crossed.at(-1) : places.get(flight.to);
  const to = target ?? from;
  const isRight = to >= from;
  const inset = isRight ? INSET : -INSET;
  return {
    y,
    x: from,
    x2: to - inset,
    middle: (from + to) / 2,
    crossed: crossed.filter((place) => place !== to),
    way: isRight ? "right" : "left",
    isLost: flight.to === undefined,
    label: flight.label,
    color: flight.isDiverted ? COLOR.diverted : COLOR.packet,
    width: flight.isDiverted ? 2.6 : 1.4,
  };
}

function remarkData(remark: Remark, y: number, places: ReadonlyMap<string, number>) {
  const x = places.get(remark.netns) ?? 0;
  const last = Math.max(...places.values());
  return {
    y,
    x,
    text: remark.text,
    align: x > last / 2 + 1 ? "right" : "left",
    color: remark.isHijack ? COLOR.diverted : COLOR.text,
  };
}

/** Other hosts to the left, the node in the middle, the pod to the right; interfaces between them. */
function lanesOf(rows: readonly SequenceRow[], story: ProbeStory, document: ExplainDocument): readonly Lane[] {
  const stacks = new Set<string>(["node"]);
  const seen = new Map<string, Set<string>>();
  for (const row of rows) {
    if (row.kind === "remark") {
      stacks.add(row.netns);
      continue;
    }
    for (const end of [row.from, row.to ?? row.from]) stacks.add(end);
    const far = row.from === "node" ? (row.to ?? nearest(row.interfaces)) : row.from;
    const names = seen.get(far) ?? new Set<string>();
    // Interfaces in the order from the node outwards.
    for (const name of row.from === "node" ? row.interfaces : row.interfaces.toReversed()) names.add(name);
    seen.set(far, names);
  }
  const { pod } = story.probe.subject;
  const keys = new Set([...seen.values()].flatMap((names) => [...names]));
  const isUnique = (key: string): boolean =>
    [...keys].filter((other) => deviceName(other) === deviceName(key)).length === 1;
  const interfaces = (netns: string): Lane[] =>
    [...(seen.get(netns) ?? [])].map((key) => interfaceLane(key, isUnique(key) ? deviceName(key) : key));
  const isRight = (netns: string): boolean => netns === pod || netns.endsWith(SERVER_END);
  const others = [...stacks].filter((netns) => netns !== "node" && !isRight(netns));
  const right = [...stacks].filter(isRight);
  const drawn = new Set<string>();
  return [
    ...others.flatMap((netns) => [stackLane(netns, pod, document), ...interfaces(netns).toReversed()]),
    stackLane("node", pod, document),
    ...right.flatMap((netns) => [...interfaces(netns), stackLane(netns, pod, document)]),
  ].filter(({ key }) => !drawn.has(key) && drawn.add(key));
}

/** The namespace of a packet's last interface, for one that nobody received. */
function nearest(interfaces: readonly string[]): string {
  return interfaces.at(-1)?.replace(/\/[^/]+$/, "") ?? "node";
}

function stackLane(netns: string, pod: string, document: ExplainDocument): Lane {
  const hijack = hijackOf(document);
  const server = hijack === undefined ? "other hosts" : `real server ${serverOf(hijack)}`;
  const isServer = netns === pod || netns.endsWith(SERVER_END);
  const role = netns === "node" ? "kubelet and the node's kernel" : isServer ? document.probe.destination : server;
  return { key: netns, isStack: true, title: netns, role };
}

/** @param name the device alone where no other lane has a device of this name. */
function interfaceLane(key: string, name: string): Lane {
  return { key, isStack: false, title: name, role: "" };
}

/** `eth0` of `default/nginx/eth0`; of the node's interfaces all behind `node/`, for names of veths hold slashes. */
function deviceName(key: string): string {
  return key.startsWith("node/") ? key.slice("node/".length) : key.slice(key.lastIndexOf("/") + 1);
}

function titleOf(document: ExplainDocument): string {
  const { probe } = document;
  const after = afterText(probe.tookSeconds);
  if (probe.ok) return `The probe succeeds in ${tookText(probe.tookSeconds)} from source port ${probe.localPort}`;
  if (probe.cause === "nodeport-collision" && hijackOf(document) !== undefined)
    return `Source port ${probe.localPort} is a NodePort: IPVS takes the pod's SYN-ACK, and the probe fails ${after}`;
  return `The probe fails ${after}: ${probe.cause ?? "no cause"}`;
}
