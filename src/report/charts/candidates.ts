import { formatCount, plural } from "../number_text.ts";
import type { PortsDocument } from "../ports_document.ts";
import { findKnees, hasParity, usablePorts, walkedRange } from "../ports_figures.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { filledPoint, groups, numbers, ruleMark } from "./parts.ts";
import { largestOf } from "../extremes.ts";
import { capitalised } from "../../scenario/wording.ts";

const WIDTH = 580;
/** More connects than pixels would only make the file large: each of so many stretches keeps its least and its most. */
const MOST_POINTS = 600;

/** Candidates that each connect() looked at while ports fill up, with the two knees; `undefined` without connects. */
export function candidatesChart(document: PortsDocument): Chart | undefined {
  const { connects, settings } = document;
  if (connects.length < 2) return undefined;
  const title = findingOf(document);
  const description = `${title}. Candidates per connect, in the order of the calls: ${sampleText(document)}.`;
  const subtitle = [
    `kernel ${document.kernel} (port walk ${document.portWalk}), range ${document.range.join("-")}, ${plural(formatCount(settings.destinations), "destination")}, connections ${CLOSES[settings.close]}, seed ${printable(settings.seed)}`,
  ];
  const frame = chartFrame({ title, subtitle, width: WIDTH + 80 });
  const spec = { ...frame, description, width: WIDTH, height: 280, layer: layersOf(document) };
  return { kind: "candidates", title, description, spec };
}

function layersOf(document: PortsDocument) {
  const { connects } = document;
  const most = largestOf(connects.map(({ candidates }) => candidates));
  const values = thinned(document);
  const knees = kneesOf(document);
  const y = numbers(
    "ports looked at in a connect (count)",
    { type: "log" as const, domain: [1, Math.max(10, most * 1.6)], nice: false },
    { values: [1, 10, 100, 1_000, 10_000].filter((tick) => tick <= most * 1.6), format: ",d" },
  )("candidates");
  const x = numbers(
    "connect (number)",
    { domain: [0, connects.length + 1], nice: false },
    { format: ",d", grid: false },
  );
  const styles = KINDS.filter(([kind]) => values.some((value) => value.kind === kind));
  const names = styles.map(([kind]) => kind);
  const channel = groups("kind", names, { title: null, orient: "bottom" });
  const color = channel(styles.map(([, hue]) => hue));
  const shape = channel(styles.map(([, , sign]) => sign));
  const words = { type: "text" as const, align: "right" as const, dx: -5, y: 8, fontSize: 11, color: COLOR.text };
  return [
    {
      data: { values },
      mark: { ...filledPoint(undefined, 26), opacity: 0.9 },
      encoding: { x: x("place"), y, color, shape },
    },
    { data: { values: knees }, mark: ruleMark(COLOR.quiet, 1.3, [5, 4]), encoding: { x: x("at") } },
    {
      data: { values: knees },
      mark: words,
      encoding: { x: x("at"), text: { field: "label", type: "nominal" as const } },
    },
  ];
}

const CLOSES: Readonly<Record<PortsDocument["settings"]["close"], string>> = {
  keep: "kept",
  fin: "closed (TIME_WAIT)",
  rst: "reset",
};

const KINDS = [
  ["got a port of the first parity", COLOR.estimate, "circle"],
  ["got a port", COLOR.estimate, "circle"],
  ["got a port of the other parity", COLOR.second, "triangle-up"],
  ["EADDRNOTAVAIL", COLOR.bad, "cross"],
] as const;

interface Point {
  readonly place: number;
  readonly candidates: number;
  readonly kind: (typeof KINDS)[number][0];
}

function thinned(document: PortsDocument): Point[] {
  const { connects } = document;
  const [low] = walkedRange(document);
  const knowsParity = hasParity(document);
  const points = connects.map(({ port, candidates }, index): Point => ({
    place: index + 1,
    candidates: Math.max(1, candidates),
    kind:
      port === undefined
        ? "EADDRNOTAVAIL"
        : !knowsParity
          ? "got a port"
          : (port - low) % 2 === 0
            ? "got a port of the first parity"
            : "got a port of the other parity",
  }));
  const stretch = Math.ceil((2 * points.length) / MOST_POINTS);
  if (stretch <= 2) return points;
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += stretch) {
    const ordered = points.slice(from, from + stretch).toSorted((a, b) => a.candidates - b.candidates);
    kept.push(...new Set([ordered[0]!, ordered.at(-1)!]));
  }
  return kept;
}

function kneesOf(document: PortsDocument): { readonly at: number; readonly label: string }[] {
  const { otherParity, exhausted } = findKnees(document);
  const parity = walkedRange(document)[0] % 2 === 0 ? "even" : "odd";
  return [
    ...(otherParity === undefined ? [] : [{ at: otherParity + 1, label: `${parity} ports used up` }]),
    ...(exhausted === undefined ? [] : [{ at: exhausted + 1, label: "no port left" }]),
  ];
}

function findingOf(document: PortsDocument): string {
  const { connects } = document;
  const { otherParity, exhausted } = findKnees(document);
  const most = largestOf(connects.map(({ candidates }) => candidates));
  const parity = walkedRange(document)[0] % 2 === 0 ? "even" : "odd";
  if (otherParity === undefined && exhausted === undefined) {
    const mean = connects.reduce((sum, { candidates }) => sum + candidates, 0) / connects.length;
    return `A connect looks at ${Number(mean.toPrecision(3))} ports on average and at ${formatCount(most)} at most; ${formatCount(usablePorts(document))} can be picked`;
  }
  const first =
    otherParity === undefined
      ? undefined
      : `from connect ${formatCount(otherParity + 1)} on the ${parity} ports are used up and each search goes through all of them`;
  const second = exhausted === undefined ? undefined : `connect ${formatCount(exhausted + 1)} gets EADDRNOTAVAIL`;
  const text = [first, second].filter((part) => part !== undefined).join("; ");
  return capitalised(text);
}

function sampleText({ connects }: PortsDocument): string {
  const step = Math.max(1, Math.floor(connects.length / 10));
  return connects
    .map(({ candidates }, index) => ({ candidates, index }))
    .filter(({ index }) => index % step === 0)
    .map(({ candidates, index }) => `number ${formatCount(index + 1)} looked at ${formatCount(candidates)}`)
    .join(", ");
}
