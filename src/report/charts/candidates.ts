import { formatCount, plural } from "../number_text.ts";
import type { PortsDocument } from "../ports_document.ts";
import { findKnees, hasParity, usablePorts } from "../ports_figures.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";

const WIDTH = 580;
/** More connects than pixels would only make the file large: each of so many stretches keeps its least and its most. */
const MOST_POINTS = 600;

/** Candidates that each connect() looked at while ports fill up, with the two knees; `undefined` without connects. */
export function candidatesChart(document: PortsDocument): Chart | undefined {
  const { connects, settings } = document;
  if (connects.length < 2) return undefined;
  const knees = kneesOf(document);
  const title = findingOf(document);
  const description = `${title}. Candidates per connect, in the order of the calls: ${sampleText(document)}.`;
  const subtitle = [
    `kernel ${document.kernel} (port walk ${document.portWalk}), range ${document.range.join("-")}, ${plural(formatCount(settings.destinations), "destination")}, connections ${CLOSES[settings.close]}, seed ${printable(settings.seed)}`,
  ];
  const most = Math.max(...connects.map(({ candidates }) => candidates));
  const values = thinned(document);
  const y = {
    field: "candidates",
    type: "quantitative" as const,
    title: "ports looked at in a connect (count)",
    scale: { type: "log" as const, domain: [1, Math.max(10, most * 1.6)], nice: false },
    axis: { values: [1, 10, 100, 1_000, 10_000].filter((tick) => tick <= most * 1.6), format: ",d" },
  };
  const x = {
    field: "place",
    type: "quantitative" as const,
    title: "connect (number)",
    scale: { domain: [0, connects.length + 1], nice: false },
    axis: { format: ",d", grid: false },
  };
  const kinds = [...new Set(values.map(({ kind }) => kind))];
  const styles = KINDS.filter(([kind]) => kinds.includes(kind));
  const channel = (range: readonly string[]) => ({
    field: "kind",
    type: "nominal" as const,
    scale: { domain: styles.map(([kind]) => kind), range: [...range] },
    legend: { title: null, orient: "bottom" as const },
  });
  const rule = { x: { ...x, field: "at" } };
  const spec = {
    ...chartFrame({ title, subtitle, width: WIDTH + 80 }),
    description,
    width: WIDTH,
    height: 280,
    layer: [
      {
        data: { values },
        mark: { type: "point" as const, filled: true, size: 26, opacity: 0.9 },
        encoding: {
          x,
          y,
          color: channel(styles.map(([, color]) => color)),
          shape: channel(styles.map(([, , shape]) => shape)),
        },
      },
      {
        data: { values: knees },
        mark: { type: "rule" as const, strokeDash: [5, 4], strokeWidth: 1.3, color: COLOR.quiet },
        encoding: rule,
      },
      {
        data: { values: knees },
        mark: {
          type: "text" as const,
          align: "right" as const,
          dx: -5,
          y: 8,
          fontSize: 11,
          color: COLOR.text,
          lineBreak: "\n",
        },
        encoding: { ...rule, text: { field: "label", type: "nominal" as const } },
      },
    ],
  };
  return { kind: "candidates", title, description, spec };
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

function thinned({ connects, portWalk, range: [low] }: PortsDocument): Point[] {
  const knowsParity = hasParity(portWalk);
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
  const parity = document.range[0] % 2 === 0 ? "even" : "odd";
  return [
    ...(otherParity === undefined ? [] : [{ at: otherParity + 1, label: `${parity} ports used up` }]),
    ...(exhausted === undefined ? [] : [{ at: exhausted + 1, label: "no port left" }]),
  ];
}

function findingOf(document: PortsDocument): string {
  const { connects } = document;
  const { otherParity, exhausted } = findKnees(document);
  const most = Math.max(...connects.map(({ candidates }) => candidates));
  const parity = document.range[0] % 2 === 0 ? "even" : "odd";
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
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function sampleText({ connects }: PortsDocument): string {
  const step = Math.max(1, Math.floor(connects.length / 10));
  return connects
    .map(({ candidates }, index) => ({ candidates, index }))
    .filter(({ index }) => index % step === 0)
    .map(({ candidates, index }) => `number ${formatCount(index + 1)} looked at ${formatCount(candidates)}`)
    .join(", ");
}
