import { formatCount, formatPercent } from "../number_text.ts";
import { COLOR } from "./look.ts";
import { numbers, OWN_COLOR } from "./parts.ts";
import type { PortMapData } from "./port_map_data.ts";
import { largestOf } from "../extremes.ts";

/** Ports are gathered in columns of so many; each shows the one that is picked most. */
const COLUMN_PORTS = 256;
/** From this many times the even share on a port is worth its name. */
const PILED_UP = 3;
/** Ports that are marked, and how near to each other two labels may stand. */
const PILES_MOST = 40;
const LABEL_PORTS = 9_000;

/** How often connect() picks the busiest port of each 256, against an even spread. */
export function pileUpView(data: PortMapData, width: number, axis: { readonly scale: object; readonly ticks: object }) {
  const { evenShare } = data;
  const values = columnsOf(data).map(({ port, from, to, times }) => ({
    port,
    from,
    to,
    times: Number(times.toPrecision(4)),
    share: shareText(times * evenShare),
  }));
  const named = namedPiles(data);
  const y = timesChannel(Math.max(1, largestOf(values.map(({ times }) => times))));
  const title = "source port; a bar is the busiest of 256 ports, exact, while none is in use";
  const x = numbers(title, axis.scale, axis.ticks);
  const tooltip = [
    { field: "port", title: "port" },
    { field: "share", title: "gets" },
  ];
  const pile = { x: x("port"), y, color: OWN_COLOR };
  return {
    width,
    height: 110,
    layer: [
      {
        data: { values },
        mark: { type: "bar" as const, color: COLOR.light, binSpacing: 0 },
        encoding: { x: { ...x("from"), bin: "binned" as const }, x2: { field: "to" }, y, tooltip },
      },
      {
        data: { values: named },
        mark: { type: "rule" as const, strokeWidth: 2 },
        encoding: { ...pile, y2: { datum: 0 } },
      },
      { data: { values: named }, mark: { type: "point" as const, filled: true, size: 50, opacity: 1 }, encoding: pile },
      ...(["left", "right"] as const).map((side) => ({
        data: { values: named.filter((one) => one.hasLabel && one.side === side) },
        mark: { type: "text" as const, align: side, dx: side === "left" ? 7 : -7, dy: -5, fontSize: 11 },
        encoding: { ...pile, text: { field: "label", type: "nominal" as const } },
      })),
    ],
  };
}

/** Multiples of an even share, by powers of ten where one of them is large. */
function timesChannel(largest: number) {
  const title = ["times as often", "as with an even spread"];
  if (largest <= 20) {
    return numbers(title, { domain: [0, Math.max(2, largest * 1.25)], nice: false }, { tickCount: 4 })("times");
  }
  const values = [0, 1, 10, 100, 1_000, 10_000].filter((tick) => tick <= largest * 2);
  const scale = { type: "symlog" as const, constant: 1, domain: [0, largest * 2], nice: false };
  return numbers(title, scale, { values, labelOverlap: false })("times");
}

/** The ports at which picks pile up, with the words for those that stand apart. */
function namedPiles(data: PortMapData) {
  const { evenShare, reachable, simulatedText } = data;
  const piles = pileUps(data).slice(0, PILES_MOST);
  const spaced = piles.filter(({ port }, place) =>
    piles.slice(0, place).every((busier) => Math.abs(busier.port - port) > LABEL_PORTS),
  );
  return piles.map(({ port, times }) => ({
    port,
    times: Number(times.toPrecision(4)),
    label: `${port}: ${shareText(times * evenShare)}${reachable.has(port) ? ", a NodePort" : ""}${simulatedText(port)}`,
    color: reachable.has(port) ? COLOR.bad : COLOR.estimate,
    side: port > 45_000 ? "right" : "left",
    hasLabel: spaced.some((one) => one.port === port),
  }));
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
export function pileUps({ shares, evenShare }: Pick<PortMapData, "shares" | "evenShare">) {
  const found: { readonly port: number; readonly times: number }[] = [];
  for (let port = 0; port < shares.length; port += 1) {
    const times = shares[port]! / evenShare;
    if (times >= PILED_UP) found.push({ port, times });
  }
  return found.toSorted((a, b) => b.times - a.times || a.port - b.port);
}

/** `1 in 32,000`, `31 % of connects`. */
export function shareText(share: number): string {
  return share >= 0.0095
    ? `${formatPercent(share)} of connects`
    : `1 in ${formatCount(Number((1 / share).toPrecision(3)))}`;
}
