import type { PortMapData } from "./port_map_data.ts";
import { COLOR } from "./look.ts";
import { groups } from "./parts.ts";

/** Ports side by side in the zoom. */
const CELLS = 64;

/** What one port is, with its colour and its sign; the first that holds. */
const KINDS = [
  ["NodePort that connect() can pick", COLOR.bad, "cross"],
  ["NodePort that it does not pick", COLOR.good, "circle"],
  ["reserved or held", "#777777", "square"],
  ["tried first", COLOR.light, "stroke"],
  ["tried when those are in use", "#E9EEF2", "stroke"],
  ["outside of the range", "#FFFFFF", "stroke"],
] as const;

/**
 * The stretch of 64 ports around the NodePort at which picks pile up, or else with the most NodePorts, port by port, so
 * that parity and neighbours are seen.
 *
 * @returns `undefined` where there is no NodePort.
 */
export function portZoom(data: PortMapData, width: number, pile: number | undefined) {
  const { nodePorts, reachable } = data;
  const isPile = pile !== undefined && reachable.has(pile);
  const first = isPile
    ? startAt(pile)
    : busiestStretch([...(reachable.size > 0 ? reachable : nodePorts)].toSorted((a, b) => a - b));
  if (first === undefined) return undefined;
  const cells = Array.from({ length: CELLS }, (_, place) => cellOf(data, first + place));
  const used = KINDS.filter(([name]) => cells.some(({ kind }) => kind === name));
  const names = used.map(([name]) => name);
  const legend = {
    title: null,
    orient: "bottom" as const,
    columns: 3,
    symbolType: "square",
    symbolStrokeColor: "#999999",
    symbolStrokeWidth: 1,
  };
  const color = groups("kind", names, legend)(used.map(([, hue]) => hue));
  const x = {
    field: "port",
    type: "quantitative" as const,
    scale: { domain: [first, first + CELLS], nice: false, zero: false },
    title: `source port, the 64 ports ${isPile ? `around ${pile}` : "with the most of these NodePorts"}`,
    axis: { format: "d", tickCount: 8, grid: false },
  };
  const marked = cells.filter(({ port }) => nodePorts.has(port));
  return {
    width,
    height: 34,
    layer: [
      {
        data: { values: cells },
        mark: { type: "rect" as const, stroke: "#BBBBBB", strokeWidth: 0.5 },
        encoding: {
          x,
          x2: { field: "to" },
          color,
          tooltip: [
            { field: "port", title: "port" },
            { field: "kind", title: "is" },
          ],
        },
      },
      {
        // A sign as well as a colour, for grey print.
        data: { values: marked.map((cell) => ({ ...cell, sign: reachable.has(cell.port) ? "×" : "○" })) },
        mark: { type: "text" as const, fontSize: 13, fontWeight: "bold" as const, color: "white" },
        encoding: { x: { ...x, field: "middle" }, text: { field: "sign", type: "nominal" as const } },
      },
    ],
  };
}

/** One port of the zoom. */
function cellOf(data: PortMapData, port: number) {
  return { port, to: port + 1, middle: port + 0.5, kind: KINDS[kindOf(data, port)]![0] };
}

/** The place of a port's kind among `KINDS`. */
function kindOf(data: PortMapData, port: number): number {
  const { nodePorts, reachable, range, isReserved, isHeld, isFirstParity } = data;
  if (nodePorts.has(port)) return reachable.has(port) ? 0 : 1;
  if (port < range[0] || port > range[1]) return 5;
  if (isReserved(port) || isHeld(port)) return 2;
  return isFirstParity(port) ? 3 : 4;
}

/** Where the 64 ports begin that hold the most of some ports; a margin stands before the first. */
function busiestStretch(ports: readonly number[]): number | undefined {
  let best: number | undefined;
  let most = 0;
  let until = 0;
  for (const [place, port] of ports.entries()) {
    while (until < ports.length && ports[until]! < port + CELLS - 8) until += 1;
    if (until - place > most) {
      most = until - place;
      best = port;
    }
  }
  return best === undefined ? undefined : startAt(best);
}

/** A few ports before one, so that its surroundings are seen. */
function startAt(port: number): number {
  return Math.min(65_536 - CELLS, Math.max(0, port - 4));
}
