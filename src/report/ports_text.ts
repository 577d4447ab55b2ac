import { formatCount, formatFigure, formatPercent, formatRate, formatSpan, plural } from "./number_text.ts";
import { blockText, type PortBlock } from "../study/port_blocks.ts";
import type { PortsConnect, PortsDocument } from "./ports_document.ts";
import { countSteps, countTenths, findKnees, findPileUps, usablePorts, walkedRange } from "./ports_figures.ts";
import type { RunTextOptions } from "./run_text.ts";
import { labelled, textStyle, wrapText } from "./text_layout.ts";
import { largestOf } from "./extremes.ts";

/** Up to so many connects are all listed; of more, the first and the last ones. */
const LISTED = 40;
const LISTED_FIRST = 20;
const LISTED_LAST = 5;

/** Up to so many destinations have a row of their own. */
const DESTINATION_ROWS = 8;

/** Sizes of steps, moments of re-salting and pile-ups that are named. */
const NAMED = 8;

const BAR_WIDTH = 50;

/** How each walk goes, in one sentence. */
const WALKS: ReadonlyMap<string, string> = new Map([
  ["3.10", "all ports in turn, from one cursor that every connect of the machine moves by 1."],
  ["4.2-4.5", "all ports in turn from an even offset, from one cursor that every connect of the machine moves by 2."],
  [
    "4.6-5.11",
    "first the ports with the low bound's parity, then the others, from one cursor that every connect of the machine moves by 2.",
  ],
  [
    "5.12-5.17",
    "first the ports with the low bound's parity, then the others, from one of 256 cursors that the destination's hash selects; a connect moves it by 2, once in 16 by 4.",
  ],
  [
    "5.18+",
    "first the ports with the low bound's parity, then the others, from one of 65,536 cursors that the destination's hash selects; a connect moves it by 2 to 16, and every 10 s all destinations are hashed anew.",
  ],
]);

/**
 * The ports that a kernel picked, as text for a terminal with a line feed at its end: what was asked, the ports, and
 * what they show of the walk.
 */
export function portsText(document: PortsDocument, options: RunTextOptions): string {
  const columns = Math.min(100, Math.max(60, options.columns));
  const style = textStyle(options.color);
  const walk = WALKS.get(document.portWalk) ?? "a walk without a description.";
  const blocks = [
    [
      ...wrapText(`kernel ${document.kernel}, port walk ${document.portWalk}: ${walk}`, columns),
      ...askedLines(document, columns),
    ],
    [style.bold("Ports"), ...portLines(document, columns)],
    [style.bold("The walk"), ...walkLines(document, columns)],
    ...titled(style.bold("Filling up"), kneeLines(document, columns)),
    ...titled(style.bold("Behind reserved and listening ports"), pileUpLines(document, columns)),
    ...titled(style.bold("Picks by tenths of the range"), tenthLines(document)),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function titled(title: string, lines: readonly string[]): string[][] {
  return lines.length === 0 ? [] : [[title, ...lines]];
}

/** What was asked for, in one or two sentences. */
function askedLines({ connects, range, settings }: PortsDocument, columns: number): string[] {
  const { destinations, gapSeconds, close, seed, cursor, hash, reserved, listen } = settings;
  const { noise, stepWidth, socketRange } = settings;
  const ways = { rst: "each closed by a RST", fin: "each closed by a FIN", keep: "all kept open" };
  const size = range[1] - range[0] + 1;
  const given = [
    ...(cursor === undefined ? [] : [`cursor ${cursor}`]),
    ...(hash === undefined ? [] : [`hash ${hash}`]),
    ...(noise === undefined ? [] : [`noise ${noise.join(",")}`]),
    ...(stepWidth === undefined ? [] : [`step width ${stepWidth}`]),
    ...(socketRange === undefined ? [] : [`each socket's range ${socketRange.join(" ")}`]),
    `seed ${JSON.stringify(seed)}`,
  ];
  const parts = [
    `${plural(formatCount(connects.length), "connect")} to ${plural(formatCount(destinations), "destination")}`,
    gapSeconds === 0 ? "all at once" : `one every ${gapSeconds === 1 ? "second" : formatSpan(gapSeconds)}`,
    ways[close],
    `from ${plural(formatCount(size), "port")} (${blockText(range)})`,
    ...(reserved.length === 0 ? [] : [`${blocksText(reserved)} reserved`]),
    ...(listen.length === 0 ? [] : [`servers on ${blocksText(listen)}`]),
    ...given,
  ];
  return wrapText(`${parts.join(", ")}.`, columns);
}

/** The ports in the order of the connects; with few destinations, a row for each. */
function portLines({ connects, settings }: PortsDocument, columns: number): string[] {
  const row = (label: string, some: readonly PortsConnect[]): string[] => labelled(label, outcomesText(some), columns);
  if (connects.length > LISTED) {
    return [
      ...row(`first ${LISTED_FIRST}`, connects.slice(0, LISTED_FIRST)),
      ...row(`last ${LISTED_LAST}`, connects.slice(-LISTED_LAST)),
    ];
  }
  if (settings.destinations === 1 || settings.destinations > DESTINATION_ROWS) return row("in order", connects);
  return Array.from({ length: settings.destinations }, (_, destination) => destination).flatMap((destination) =>
    row(
      `to destination ${destination}`,
      connects.filter((connect) => connect.destination === destination),
    ),
  );
}

/** Steps, re-salting, parity and the length of the searches. */
function walkLines(document: PortsDocument, columns: number): string[] {
  const { connects } = document;
  const picked = connects.flatMap(({ port }) => (port === undefined ? [] : [port]));
  const even = picked.filter((port) => port % 2 === 0).length;
  const searched = connects.map(({ candidates }) => candidates);
  const mean = searched.reduce((sum, count) => sum + count, 0) / searched.length;
  const most = Math.max(0, largestOf(searched));
  return [
    ...labelled("steps", stepsText(document), columns),
    ...labelled("hashed anew", resaltedText(document), columns),
    ...labelled("parity", `${formatCount(even)} even, ${formatCount(picked.length - even)} odd`, columns),
    ...labelled("ports tried", `${formatFigure(mean)} per connect on average, at most ${formatCount(most)}`, columns),
  ];
}

function stepsText(document: PortsDocument): string {
  const { within, resalted } = countSteps(document);
  if (within.length === 0) return resalted === 0 ? "none: no destination got two ports" : "none within one epoch";
  const named = within.slice(0, NAMED).toSorted(([a], [b]) => a - b);
  const others = within.slice(NAMED).reduce((sum, [, count]) => sum + count, 0);
  const texts = named.map(([size, count]) => `${formatCount(size)} (${formatCount(count)}×)`);
  if (others > 0) texts.push(`others (${formatCount(others)}×)`);
  return `between ports of one destination: ${texts.join(", ")}`;
}

function resaltedText({ connects, portWalk }: PortsDocument): string {
  if (connects[0]?.epoch === undefined) {
    return portWalk === "5.18+" ? "no: the hash was given" : "never: the hash stays as at boot";
  }
  const moments = connects.filter((connect, index) => index > 0 && connect.epoch !== connects[index - 1]?.epoch);
  if (moments.length === 0) return "not between these connects";
  const named = moments.slice(0, NAMED).map(({ at }) => `${at} s`);
  const more = moments.length > NAMED ? ` and ${formatCount(moments.length - NAMED)} times more` : "";
  return `for all destinations before the connects at ${named.join(", ")}${more}`;
}

/** The knees of a filling range, with the length of the searches before and behind them; none if it is not full. */
function kneeLines(document: PortsDocument, columns: number): string[] {
  const { connects } = document;
  const [low] = walkedRange(document);
  const { otherParity, exhausted } = findKnees(document);
  if (otherParity === undefined && exhausted === undefined) return [];
  const [own, other] = low % 2 === 0 ? ["even", "odd"] : ["odd", "even"];
  const firstKnee = otherParity ?? exhausted ?? 0;
  const end = exhausted ?? connects.length;
  const lines = firstKnee === 0 ? [] : labelled("before", triedText(connects.slice(0, firstKnee)), columns);
  if (otherParity !== undefined) {
    const text = `the first ${other} port: no ${own} one was left; ${triedText(connects.slice(otherParity, end))}`;
    lines.push(...labelled(placeText(connects, otherParity), text, columns));
  }
  if (exhausted !== undefined) {
    const failed = connects.filter(({ error }) => error !== undefined).length;
    const text = `EADDRNOTAVAIL after ${plural(formatCount(connects[exhausted]?.candidates ?? 0), "candidate")}`;
    const all = `${formatCount(failed)} of ${plural(formatCount(connects.length), "connect")} failed`;
    lines.push(...labelled(placeText(connects, exhausted), `${text}; ${all}`, columns));
  }
  return lines;
}

function placeText(connects: readonly PortsConnect[], place: number): string {
  return `connect ${formatCount(place + 1)}, ${connects[place]?.at ?? 0} s`;
}

function triedText(connects: readonly PortsConnect[]): string {
  const mean = connects.reduce((sum, { candidates }) => sum + candidates, 0) / connects.length;
  const most = Math.max(0, largestOf(connects.map(({ candidates }) => candidates)));
  return `ports tried per connect: ${formatFigure(mean)} on average, at most ${formatCount(most)}`;
}

/** What the ports behind reserved and listening blocks got. */
function pileUpLines(document: PortsDocument, columns: number): string[] {
  const pileUps = findPileUps(document);
  if (pileUps.length === 0) return [];
  const connects = document.connects.length;
  const fair = connects / Math.max(1, usablePorts(document));
  const lines = pileUps.slice(0, NAMED).flatMap(({ blocks, behind, picks }) => {
    const share = `${formatCount(picks)} of ${plural(formatCount(connects), "connect")} (${formatPercent(picks / connects)})`;
    return labelled(blocksText(blocks), `passed over; ${behind}, the next one, got ${share}`, columns);
  });
  if (pileUps.length > NAMED)
    lines.push(...labelled("", `and ${formatCount(pileUps.length - NAMED)} further places`, columns));
  lines.push(...labelled("in comparison", `${formatRate(fair)} connects for each usable port`, columns));
  return lines;
}

/** A bar for each tenth of the range, if the connects are many and the range is not tiny. */
function tenthLines(document: PortsDocument): string[] {
  const [low, high] = walkedRange(document);
  const hasPicks = document.connects.some(({ port }) => port !== undefined);
  if (!hasPicks || document.connects.length <= LISTED || high - low < 100) return [];
  const tenths = countTenths(document);
  const most = Math.max(1, largestOf(tenths.map(([, , count]) => count)));
  const width = formatCount(most).length;
  return tenths.map(([first, last, count]) => {
    const bar = "█".repeat(Math.round((count / most) * BAR_WIDTH));
    return `  ${`${first}-${last}`.padEnd(13)}${formatCount(count).padStart(width)} ${bar}`.trimEnd();
  });
}

/** At most four blocks by name, and how many more. */
function blocksText(blocks: readonly PortBlock[]): string {
  const named = blocks.slice(0, 4).map(blockText).join(" ");
  return blocks.length > 4 ? `${named} and ${formatCount(blocks.length - 4)} more` : named;
}

/** Ports in order; an error that several connects in a row got stands once. */
function outcomesText(connects: readonly PortsConnect[]): string {
  const texts: string[] = [];
  let repeated = 0;
  for (const [index, { port, error }] of connects.entries()) {
    repeated = error !== undefined && error === connects[index - 1]?.error ? repeated + 1 : 0;
    if (repeated > 0) texts[texts.length - 1] = `${error ?? ""} (${repeated + 1}×)`;
    else texts.push(port === undefined ? (error ?? "") : `${port}`);
  }
  return texts.join(" ");
}
