import type { SweepDocument, SweepPoint } from "../study/sweep_document.ts";
import { formatCount, formatFigure, formatSpan, plural } from "./number_text.ts";

/** Points of one reason that are named. */
const MOST_NAMED = 12;

/** With fewer failures to be expected a pilot says little. */
const FEW_EXPECTED = 10;

/** Whether each point could take the cheapest sound estimator. */
export function hasChoice({ settings }: SweepDocument): boolean {
  return settings["estimator"] === "auto";
}

/** Which points are exact and what their pilots say, and why the others were simulated: a paragraph each. */
export function estimatorText(document: SweepDocument): string[] {
  if (!hasChoice(document)) return [];
  const { points } = document;
  const exact = points.filter(({ estimator }) => estimator.name === "exact");
  const reasons = new Map<string, SweepPoint[]>();
  for (const point of points) {
    if (point.estimator.name === "exact") continue;
    const { why, pilot } = point.estimator;
    const reason = pilot?.isContradicted === true ? `${why} (${countsText([point])})` : why;
    const known = reasons.get(reason);
    if (known === undefined) reasons.set(reason, [point]);
    else known.push(point);
  }
  const simulated = [...reasons].map(([reason, own]) => `Simulated, ${pointNames(own)}: ${reason}.`);
  return exact.length === 0 ? simulated : [exactText(exact), ...simulated];
}

function exactText(points: readonly SweepPoint[]): string {
  const pilot = points[0]?.estimator.pilot;
  const size =
    pilot === undefined
      ? ""
      : ` of ${plural(formatCount(pilot.replications), "boot")}, ${formatSpan(pilot.durationSeconds)} each`;
  const few = points.filter(({ estimator }) => (estimator.pilot?.expected ?? 0) < FEW_EXPECTED).length;
  const weak =
    few === 0
      ? ""
      : ` Where fewer than ${FEW_EXPECTED} were to be expected (${plural(formatCount(few), "point")}) a pilot contradicts only a value that is far too low.`;
  return (
    `${plural(formatCount(points.length), "point")} exact: probability and restarts are enumerated, probes and failures are those of a ` +
    `pilot${size}, which did not contradict it (${countsText(points)}).${weak}`
  );
}

/** `41 failures, 14.9 expected`, of all the points' pilots. */
function countsText(points: readonly SweepPoint[]): string {
  let failed = 0;
  let expected = 0;
  for (const { estimator } of points) {
    failed += estimator.pilot?.failed ?? 0;
    expected += estimator.pilot?.expected ?? 0;
  }
  return `${plural(formatCount(failed), "failure")}, ${formatFigure(Number(expected.toPrecision(3)))} expected`;
}

function pointNames(points: readonly SweepPoint[]): string {
  const named = points.slice(0, MOST_NAMED).map(({ point }) => point);
  const left = points.length - named.length;
  return `point${points.length === 1 ? "" : "s"} ${named.join(", ")}${left === 0 ? "" : ` and ${formatCount(left)} more`}`;
}
