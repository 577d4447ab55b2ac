import type { Flight, Remark } from "../../report/sequence_rows.ts";
import { SECOND } from "../../units.ts";
import { draw, textSpace } from "./element.ts";
import type { PageStory } from "./messages.ts";

const ROW = 34;
const HEAD = 44;
const TIMES = 78;
const ROWS_MOST = 60;
/** Interfaces are lines without a name here: the step beside the chart names them. */
const INTERFACE = 14;

/** The sequence chart of a story; its rows can be shown one after another. */
export interface SequenceView {
  readonly drawing: SVGSVGElement;
  /** Shows so many rows as having happened, and those since `before` as happening. */
  readonly show: (rows: number, before: number) => void;
}

/** Draws one lane for each network stack and interface, and one row for each packet or remark. */
export function sequenceView({ lanes, rows, startedAt, finding }: PageStory, width: number): SequenceView {
  const shown = rows.slice(0, ROWS_MOST);
  const widest = Math.max(
    ...lanes.map(({ title, role }) => Math.max(textSpace(title), textSpace(role) * 0.9) + 12),
    64,
  );
  const lane = Math.max(widest, (width - TIMES - 20) / Math.max(1, lanes.length));
  const full = TIMES + lanes.length * lane + 10;
  const height = HEAD + shown.length * ROW + 12;
  const middles: number[] = [];
  let left = TIMES;
  for (const { isStack } of lanes) {
    const own = isStack ? lane : INTERFACE;
    middles.push(left + own / 2);
    left += own;
  }
  const x = (place: number): number => middles[place] ?? TIMES;
  const places = new Map(lanes.map(({ key }, place) => [key, place]));
  const drawing = draw("svg", {
    width: full,
    height,
    viewBox: `0 0 ${full} ${height}`,
    role: "img",
    "aria-label": `Sequence chart. ${finding}`,
  });
  for (const [place, { title, role, isStack }] of lanes.entries()) {
    const line = { x1: x(place), x2: x(place), y1: HEAD - 8, y2: height };
    if (!isStack) drawing.append(draw("line", { class: "lane", ...line }, draw("title", {}, title)));
    else {
      drawing.append(
        draw("text", { x: x(place), y: 14, "text-anchor": "middle", class: "strong" }, title),
        draw("text", { x: x(place), y: 29, "text-anchor": "middle", class: "soft" }, role),
        draw("line", { class: "lane stack", ...line }),
      );
    }
  }
  const groups = shown.map((row, index) => {
    const y = HEAD + index * ROW + 18;
    const group = draw(
      "g",
      { class: "row" },
      draw("rect", { class: "halo", x: 0, y: y - 18, width: full, height: ROW }),
    );
    const isNew = index === 0 || shown[index - 1]!.time !== row.time;
    if (isNew)
      group.append(draw("text", { class: "soft", x: 0, y: y + 4 }, `+${((row.time - startedAt) / SECOND).toFixed(6)}`));
    group.append(...(row.kind === "flight" ? flight(row, places, { x, y }) : remark(row, places, { x, y, full })));
    drawing.append(group);
    return group;
  });
  return {
    drawing,
    show: (count, before) => {
      for (const [index, group] of groups.entries()) {
        group.classList.toggle("later", index >= count);
        group.classList.toggle("now", index >= before && index < count);
      }
    },
  };
}

interface RowPlace {
  readonly x: (place: number) => number;
  readonly y: number;
}

function flight(row: Flight, places: ReadonlyMap<string, number>, { x, y }: RowPlace): SVGElement[] {
  const from = places.get(row.from) ?? 0;
  const crossed = row.interfaces.flatMap((name) => places.get(name) ?? []);
  const to = (row.to === undefined ? crossed.at(-1) : places.get(row.to)) ?? from;
  const isRight = to >= from;
  const end = x(to) - (isRight ? 4 : -4);
  const tip = isRight ? `M${end} ${y + 5} l-9 -4.5 v9 z` : `M${end} ${y + 5} l9 -4.5 v9 z`;
  const isLost = row.to === undefined && !row.isTunnelled;
  const mark = isLost
    ? draw("text", { class: "hit strong", x: end + (isRight ? 8 : -8), y: y + 10, "text-anchor": "middle" }, "×")
    : draw("path", { class: "head", d: tip });
  const group = draw("g", { class: row.isDiverted ? "diverted" : "" });
  const middle = (x(from) + x(to)) / 2;
  group.append(
    draw("line", { class: "flight", x1: x(from), x2: end, y1: y + 5, y2: y + 5 }),
    mark,
    draw("text", { class: row.isDiverted ? "hit" : "", x: middle, y: y - 1, "text-anchor": "middle" }, row.label),
  );
  return [group];
}

function remark(
  row: Remark,
  places: ReadonlyMap<string, number>,
  { x, y, full }: RowPlace & { readonly full: number },
): SVGElement[] {
  const place = places.get(row.netns) ?? 0;
  const space = textSpace(row.text);
  // To the side where there is room.
  const isRight = x(place) + 8 + space < full || x(place) - space < TIMES;
  const at = isRight ? x(place) + 8 : x(place) - 8;
  return [
    draw("circle", { class: row.isHijack ? "tick hit" : "tick", cx: x(place), cy: y, r: 4 }),
    draw(
      "text",
      { class: row.isHijack ? "hit strong" : "strong", x: at, y: y + 4, "text-anchor": isRight ? "start" : "end" },
      row.text,
    ),
  ];
}
