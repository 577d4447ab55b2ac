import type { RunDocument, SurvivalDocument } from "../../study/run_document.ts";
import { formatCount, formatPercent, formatSpan, plural } from "../number_text.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { timeUnit } from "./time_unit.ts";
import { filledPoint, groups, numbers, ruleMark } from "./parts.ts";
import { capitalised } from "../../scenario/wording.ts";
import { settingsText } from "./wording.ts";
import { largestOf } from "../extremes.ts";

const WIDTH = 540;

/** What is waited for. */
export type LifeEvent = "failure" | "restart";

const EVENTS = {
  failure: { noun: "failed probe", kind: "time-to-failure" },
  restart: { noun: "restarted container", kind: "time-to-restart" },
} as const;

/** Pods or nodes, and how they are drawn. */
interface Group {
  readonly name: string;
  readonly one: string;
  readonly figures: SurvivalDocument;
  readonly color: string;
  readonly dash: readonly number[];
  readonly shape: string;
}

/**
 * The share of pods and of nodes that have had no failed probe (or restart) yet, over time, with its interval. Whoever
 * is watched to the end without the event is censored there.
 *
 * @returns `undefined` where nobody kept it or it never happened.
 */
export function survivalChart(document: RunDocument, event: LifeEvent): Chart | undefined {
  const { life } = document;
  if (life === undefined) return undefined;
  const { perPod, perNode } = event === "failure" ? life.firstFailure : life.firstRestart;
  if (perPod.events + perNode.events === 0) return undefined;
  const { noun, kind } = EVENTS[event];
  const all: readonly Group[] = [
    { name: "pods", one: "pod", figures: perPod, color: COLOR.estimate, dash: [1, 0], shape: "circle" },
    { name: "nodes", one: "node", figures: perNode, color: COLOR.bad, dash: [6, 3], shape: "square" },
  ].filter(({ figures }) => figures.watched > 0 && figures.curve.length > 0);
  const title = capitalised(all.map(({ name, figures }) => findingOf(name, figures, noun)).join("; "));
  const description = `Kaplan-Meier curves of the time to the first ${noun}. ${all.map(({ name, figures }) => describe(name, figures)).join(" ")}`;
  const subtitle = [
    `${printable(document.scenario.file)}: ${settingsText(document.settings, perPod.medianInterval.level)} (Kaplan-Meier, pointwise)`,
  ];
  const frame = chartFrame({ title, subtitle, width: WIDTH + 80 });
  return { kind, title, description, spec: { ...frame, description, width: WIDTH, height: 260, ...curves(all, noun) } };
}

/** The curves with their bands, and a line at one half. */
function curves(all: readonly Group[], noun: string) {
  const unit = timeUnit(largestOf(all.map(({ figures }) => figures.curve.at(-1)?.atSeconds ?? 0)));
  const labels = all.map(labelOf);
  const values = all.flatMap(({ figures }, place) =>
    [{ atSeconds: 0, surviving: 1, low: 1, high: 1 }, ...figures.curve].map((point) => ({
      group: labels[place],
      at: Number((point.atSeconds / unit.seconds).toPrecision(6)),
      share: percent(point.surviving),
      low: percent(point.low),
      high: percent(point.high),
    })),
  );
  const y = numbers(`without a ${noun} so far (%)`, { domain: [0, 100], nice: false }, {});
  const title = `time since the start of a boot (${unit.name})`;
  const x = numbers(title, { domainMin: 0, nice: false }, { format: "~r", grid: false })("at");
  const channel = groups("group", labels, { title: null, orient: "bottom", direction: "vertical" });
  const color = channel(all.map((group) => group.color));
  const shape = channel(all.map((group) => group.shape));
  const strokeDash = channel(all.map((group) => group.dash));
  return {
    data: { values },
    layer: [
      { mark: { type: "area" as const, opacity: 0.15 }, encoding: { x, y: y("low"), y2: { field: "high" }, color } },
      { mark: { type: "line" as const, strokeWidth: 1.8 }, encoding: { x, y: y("share"), color, strokeDash } },
      { mark: filledPoint(undefined, 45), encoding: { x, y: y("share"), color, shape } },
      { data: { values: [{ half: 50 }] }, mark: ruleMark(COLOR.quiet, 1, [2, 3]), encoding: { y: y("half") } },
    ],
  };
}

function percent(share: number): number {
  return Number((100 * share).toPrecision(5));
}

function labelOf({ name, one, figures: { watched, events } }: Group): string {
  const left = watched - events;
  return `${name}: ${formatCount(watched)} watched, ${left === 0 ? "none" : plural(formatCount(left), one)} without it at the end`;
}

function findingOf(name: string, { medianSeconds, watched, events }: SurvivalDocument, noun: string): string {
  if (events === 0) return `no ${name.slice(0, -1)} has a ${noun}`;
  if (medianSeconds !== null) return `half of the ${name} have a ${noun} within ${formatSpan(medianSeconds)}`;
  return `${formatPercent(events / watched)} of the ${name} have a ${noun} by the end`;
}

function describe(name: string, { watched, events, medianSeconds, curve }: SurvivalDocument): string {
  const last = curve.at(-1);
  const end =
    last === undefined ? "" : ` After ${formatSpan(last.atSeconds)} ${formatPercent(last.surviving)} are without it.`;
  const median = medianSeconds === null ? "fewer than half have had it" : `the median is ${formatSpan(medianSeconds)}`;
  return `Of ${formatCount(watched)} ${name} ${formatCount(events)} had it; ${median}.${end}`;
}
