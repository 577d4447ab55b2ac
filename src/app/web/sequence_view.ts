import type { Lane } from "../../report/sequence_lanes.ts";
import type { Flight, Remark, SequenceRow } from "../../report/sequence_rows.ts";
import { SECOND } from "../../units.ts";
import { draw, textSpace } from "./element.ts";
import type { PageStory } from "./page_story.ts";

const ROW = 34;
const LINE = 15;
const ROWS_MOST = 60;
/** Interfaces are lines without a name here: the step beside the chart names them. */
const INTERFACE = 14;
/** Narrower charts write the time above a row and not beside it. */
const NARROW = 560;

/** The sequence chart of a story; its rows can be shown one after another. */
export interface SequenceView {
  readonly drawing: SVGSVGElement;
  /** Shows so many rows as having happened, and those since `before` as happening. */
  readonly show: (rows: number, before: number) => void;
}

/** Draws one lane for each network stack and interface, and one row for each packet or remark. */
export function sequenceView({ lanes, rows, startedAt, finding }: PageStory, width: number): SequenceView {
  const shown = rows.slice(0, ROWS_MOST);
  const layout = layoutOf(lanes, shown, width);
  const { full, height, left, tops } = layout;
  const label = `Sequence chart. ${finding}`;
  const box = { width: full, height, viewBox: `0 0 ${full} ${height}` };
  const drawing = draw("svg", { ...box, role: "img", "aria-label": label });
  for (const [place, lane] of lanes.entries()) drawing.append(...laneHead(lane, place, layout));
  const groups = shown.map((row, index) => {
    const top = tops[index]!;
    const y = top + (left === 0 ? 30 : 18);
    const end = tops[index + 1] ?? height;
    const group = draw(
      "g",
      { class: "row" },
      draw("rect", { class: "halo", x: 0, y: top, width: full, height: end - top }),
    );
    const isNew = index === 0 || shown[index - 1]!.time !== row.time;
    const time = `+${((row.time - startedAt) / SECOND).toFixed(6)}`;
    if (isNew) group.append(draw("text", { class: "soft", x: 0, y: left === 0 ? top + 12 : y + 4 }, time));
    group.append(...(row.kind === "flight" ? flight(row, layout, y) : remark(row, layout, y)));
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

/** Where things stand in the chart. */
interface Layout {
  readonly places: ReadonlyMap<string, number>;
  /** The middle of a lane, by its place. */
  readonly x: (place: number) => number;
  /** Where the lanes begin: behind the times, or at 0. */
  readonly left: number;
  readonly full: number;
  readonly head: number;
  readonly height: number;
  readonly tops: readonly number[];
  /** What a lane can hold of its title, in pixels. */
  readonly laneWidth: number;
}

function layoutOf(lanes: readonly Lane[], rows: readonly SequenceRow[], width: number): Layout {
  const left = width < NARROW ? 0 : 78;
  const stacks = lanes.filter(({ isStack }) => isStack);
  const words = stacks.flatMap(({ title, role }) => [title, ...role.split(" ")]);
  const interfaces = (lanes.length - stacks.length) * INTERFACE;
  const least = Math.max(...words.map(textSpace)) + 6;
  const laneWidth = Math.max(least, (width - left - interfaces) / Math.max(1, stacks.length));
  const middles: number[] = [];
  let next = left;
  for (const { isStack } of lanes) {
    const own = isStack ? laneWidth : INTERFACE;
    middles.push(next + own / 2);
    next += own;
  }
  const full = Math.max(next, left + 200);
  const roles = stacks.map(({ role }) => wrapped(role, laneWidth - 4).length);
  const head = 22 + Math.max(1, ...roles) * LINE;
  const tops: number[] = [];
  let height = head + 8;
  for (const row of rows) {
    tops.push(height);
    const lines = row.kind === "remark" ? wrapped(row.text, full - left).length : 1;
    height += ROW + (left === 0 ? 12 : 0) + (lines - 1) * LINE;
  }
  const places = new Map(lanes.map(({ key }, place) => [key, place]));
  return { places, x: (place) => middles[place] ?? left, left, full, head, height, tops, laneWidth };
}

function laneHead({ title, role, isStack }: Lane, place: number, { x, head, height, laneWidth }: Layout): SVGElement[] {
  const line = { x1: x(place), x2: x(place), y1: head, y2: height };
  if (!isStack) return [draw("line", { class: "lane", ...line }, draw("title", {}, title))];
  const middle = { x: x(place), "text-anchor": "middle" };
  return [
    draw("text", { ...middle, y: 13, class: "strong" }, title),
    ...wrapped(role, laneWidth - 4).map((text, index) =>
      draw("text", { ...middle, y: 28 + index * LINE, class: "soft" }, text),
    ),
    draw("line", { class: "lane stack", ...line }),
  ];
}

function flight(row: Flight, { places, x }: Layout, y: number): SVGElement[] {
  const from = places.get(row.from) ?? 0;
  const crossed = row.interfaces.flatMap((name) => places.get(name) ?? []);
  const to = (row.to === undefined ? crossed.at(-1) : places.get(row.to)) ?? from;
  const isRight = to >= from;
  const end = x(to) - (isRight ? 2 : -2);
  const isLost = row.to === undefined && !row.isTunnelled;
  const tip = `M${end} ${y + 5} l${isRight ? -9 : 9} -4.5 v9 z`;
  const mark = isLost
    ? draw("text", { class: "hit strong", x: end + (isRight ? 8 : -8), y: y + 10, "text-anchor": "middle" }, "×")
    : draw("path", { class: "head", d: tip });
  const middle = (x(from) + x(to)) / 2;
  return [
    draw(
      "g",
      { class: row.isDiverted ? "diverted" : "" },
      draw("line", { class: "flight", x1: x(from), x2: end, y1: y + 5, y2: y + 5 }),
      mark,
      draw(
        "text",
        { class: `rimmed${row.isDiverted ? " hit" : ""}`, x: middle, y: y - 1, "text-anchor": "middle" },
        row.label,
      ),
    ),
  ];
}

/** A remark beside its lane where there is room, else over the lanes; on several lines if it is wider than they are. */
function remark(row: Remark, { places, x, left, full }: Layout, y: number): SVGElement[] {
  const middle = x(places.get(row.netns) ?? 0);
  const lines = wrapped(row.text, full - left);
  const space = Math.max(...lines.map(textSpace));
  const isRight = middle + 8 + space <= full;
  const at = isRight ? middle + 8 : Math.max(left, Math.min(full - space, middle - 8 - space));
  // A text over its own lane leaves the dot alone.
  const under = !isRight && at + space > middle - 6 ? LINE : 4;
  const kind = row.isHijack ? "hit strong" : "strong";
  return [
    draw("circle", { class: row.isHijack ? "tick hit" : "tick", cx: middle, cy: y - (under === 4 ? 0 : 5), r: 4 }),
    ...lines.map((line, index) => draw("text", { class: `rimmed ${kind}`, x: at, y: y + under + index * LINE }, line)),
  ];
}

/** A text in lines of a width, parted at its blanks. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const open = lines.at(-1);
    const joined = `${open} ${word}`;
    if (open !== undefined && textSpace(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines;
}
