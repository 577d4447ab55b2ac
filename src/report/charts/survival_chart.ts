import type { RunDocument, SurvivalDocument } from "../../study/run_document.ts";
import { formatCount, formatPercent, formatSpan, plural } from "../number_text.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { timeUnit } from "./time_unit.ts";
import { settingsText } from "./wording.ts";

const WIDTH = 540;

/** What is waited for. */
export type LifeEvent = "failure" | "restart";

const EVENTS = {
  failure: { noun: "failed probe", kind: "time-to-failure" },
  restart: { noun: "restarted container", kind: "time-to-restart" },
} as const;

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
  const groups = [
    { name: "pods", one: "pod", figures: perPod, color: COLOR.estimate, dash: [1, 0], shape: "circle" },
    { name: "nodes", one: "node", figures: perNode, color: COLOR.bad, dash: [6, 3], shape: "square" },
  ].filter(({ figures }) => figures.watched > 0 && figures.curve.length > 0);
  const span = Math.max(...groups.map(({ figures }) => figures.curve.at(-1)?.atSeconds ?? 0));
  const unit = timeUnit(span);
  const labels = groups.map(({ name, one, figures }) => labelOf(name, one, figures));
  const title = groups.map(({ name, figures }) => findingOf(name, figures, noun)).join("; ");
  const headline = title.slice(0, 1).toUpperCase() + title.slice(1);
  const values = groups.flatMap(({ figures }, place) =>
    [{ atSeconds: 0, surviving: 1, low: 1, high: 1 }, ...figures.curve].map((point) => ({
      group: labels[place],
      at: Number((point.atSeconds / unit.seconds).toPrecision(6)),
      share: percent(point.surviving),
      low: percent(point.low),
      high: percent(point.high),
    })),
  );
  const y = (field: string) => ({
    field,
    type: "quantitative" as const,
    title: `without a ${noun} so far (%)`,
    scale: { domain: [0, 100], nice: false },
  });
  const x = {
    field: "at",
    type: "quantitative" as const,
    title: `time since the start of a boot (${unit.name})`,
    scale: { domainMin: 0, nice: false },
    axis: { format: "~r", grid: false },
  };
  const legend = { title: null, orient: "bottom" as const, direction: "vertical" as const };
  const channel = (range: readonly unknown[]) => ({
    field: "group",
    type: "nominal" as const,
    scale: { domain: labels, range: [...range] },
    legend,
  });
  const color = channel(groups.map((group) => group.color));
  const description = `Kaplan-Meier curves of the time to the first ${noun}. ${groups.map(({ name, figures }) => describe(name, figures)).join(" ")}`;
  const subtitle = [
    `${printable(document.scenario.file)}: ${settingsText(document.settings, perPod.medianInterval.level)} (Kaplan-Meier, pointwise)`,
  ];
  const spec = {
    ...chartFrame({ title: headline, subtitle, width: WIDTH + 80 }),
    description,
    width: WIDTH,
    height: 260,
    data: { values },
    layer: [
      { mark: { type: "area" as const, opacity: 0.15 }, encoding: { x, y: y("low"), y2: { field: "high" }, color } },
      {
        mark: { type: "line" as const, strokeWidth: 1.8 },
        encoding: { x, y: y("share"), color, strokeDash: channel(groups.map(({ dash }) => dash)) },
      },
      {
        mark: { type: "point" as const, filled: true, size: 45, opacity: 1 },
        encoding: { x, y: y("share"), color, shape: channel(groups.map(({ shape }) => shape)) },
      },
      {
        data: { values: [{ half: 50 }] },
        mark: { type: "rule" as const, strokeDash: [2, 3], color: COLOR.quiet },
        encoding: { y: y("half") },
      },
    ],
  };
  return { kind, title: headline, description, spec };
}

function percent(share: number): number {
  return Number((100 * share).toPrecision(5));
}

function labelOf(name: string, one: string, { watched, events }: SurvivalDocument): string {
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
