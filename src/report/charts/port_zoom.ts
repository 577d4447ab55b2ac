import type { PortMapData } from "./port_map_data.ts";
import { COLOR } from "./look.ts";

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
 * The stretch of 64 ports with the most NodePorts, port by port, so that parity and neighbours are seen.
 *
 * @returns `undefined` where there is no NodePort.
 */
export function portZoom(data: PortMapData, width: number) {
  const { nodePorts, reachable, range, isReserved, isHeld, isFirstParity } = data;
  const first = busiestStretch([...(reachable.size > 0 ? reachable : nodePorts)].toSorted((a, b) => a - b));
  if (first === undefined) return undefined;
  const kindOf = (port: number): number => {
    if (nodePorts.has(port)) return reachable.has(port) ? 0 : 1;
    if (port < range[0] || port > range[1]) return 5;
    if (isReserved(port) || isHeld(port)) return 2;
    return isFirstParity(port) ? 3 : 4;
  };
  const cells = Array.from({ length: CELLS }, (_, place) => {
    const kind = KINDS[kindOf(first + place)]!;
    return { port: first + place, to: first + place + 1, middle: first + place + 0.5, kind: kind[0] };
  });
  const used = KINDS.filter(([name]) => cells.some(({ kind }) => kind === name));
  const names = used.map(([name]) => name);
  const x = {
    field: "port",
    type: "quantitative" as const,
    scale: { domain: [first, first + CELLS], nice: false, zero: false },
    title: "source port, the stretch of 64 with the most of these NodePorts",
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
          color: {
            field: "kind",
            type: "nominal" as const,
            scale: { domain: names, range: used.map(([, color]) => color) },
            legend: {
              title: null,
              orient: "bottom" as const,
              columns: 3,
              symbolType: "square",
              symbolStrokeColor: "#999999",
              symbolStrokeWidth: 1,
            },
          },
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
  return best === undefined ? undefined : Math.min(65_536 - CELLS, Math.max(0, best - 4));
}
