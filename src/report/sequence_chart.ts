import type { TopLevelSpec } from "vega-lite";
import type { ConnectionStory } from "../study/explain_connection.ts";
import { SECOND } from "../units.ts";
import type { ExplainDocument } from "./explain_document.ts";
import { afterText, elsewhereText, hijackOf, lostPacket, tookText } from "./explain_finding.ts";
import { type Lane, lanesOf } from "./sequence_lanes.ts";
import { type Flight, type Remark, sequenceRows } from "./sequence_rows.ts";
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

/**
 * The sequence chart of a connection as SVG. Its title states the finding.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const source = { file, text: readFileSync(file, "utf8") };
 * const { story, document } = await explainScenario(source, ["duration=20s"], { number: 1 });
 * console.log((await sequenceSvg(story, document)).startsWith("<svg")); // true
 * ```
 */
export async function sequenceSvg(story: ConnectionStory, document: ExplainDocument): Promise<string> {
  return vegaSvg(sequenceChart(story, document));
}

/**
 * The chart: one lane per network stack and interface, one row per packet or remark.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const source = { file, text: readFileSync(file, "utf8") };
 * const { story, document } = await explainScenario(source, ["duration=20s"], { number: 1 });
 * console.log(sequenceChart(story, document).$schema); // https://vega.github.io/schema/vega-lite/v6.json
 * ```
 */
export function sequenceChart(story: ConnectionStory, document: ExplainDocument): TopLevelSpec {
  const all = sequenceRows(story);
  const rows = all.slice(0, ROWS_MOST);
  const lanes = lanesOf(rows, story, elsewhereText(story, document));
  const places = new Map(lanes.map(({ key }, place) => [key, place]));
  const start = story.connection.startedAt;
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
    `${subjectOf(document)}, ${document.scenario.file}, kernel ${document.settings.kernel}, seed ${document.settings.seed}`,
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
    // A bridge has one line, which a packet that comes back down from it does not pass.
    crossed: crossed.filter((place) => place !== to && place >= Math.min(from, to) && place <= Math.max(from, to)),
    way: isRight ? "right" : "left",
    isLost: flight.to === undefined && !flight.isTunnelled,
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

function subjectOf({ connection: { probe, workload, number } }: ExplainDocument): string {
  return probe === null ? `connection ${number} of ${workload ?? ""}` : `${probe.probeType} probe of ${probe.pod}`;
}

function titleOf(document: ExplainDocument): string {
  const { connection } = document;
  const what = connection.probe === null ? "connection" : "probe";
  const after = afterText(connection.tookSeconds);
  if (connection.ok)
    return `The ${what} succeeds in ${tookText(connection.tookSeconds)} from source port ${connection.localPort}`;
  if (connection.cause === "nodeport-collision" && hijackOf(document) !== undefined)
    return `Source port ${connection.localPort} is a NodePort: IPVS takes the pod's SYN-ACK, and the ${what} fails ${after}`;
  const lost = lostPacket(document);
  if (lost === undefined) return `The ${what} fails ${after}: ${connection.cause ?? "no cause"}`;
  const { netns, function: name } = lost.end;
  return `The ${what} fails ${after}: the ${lost.what} gets as far as ${netns} (${name})`;
}
