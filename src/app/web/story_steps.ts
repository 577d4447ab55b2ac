import type { ExplainDocument, ExplainedDecision, ExplainedPacket } from "../../report/explain_document.ts";
import type { Remark, SequenceRow } from "../../report/sequence_rows.ts";
import { SECOND, type Micros } from "../../units.ts";
import type { PageStory } from "./page_story.ts";
import { sameFrom } from "../../report/explain_text.ts";
import { capitalised } from "../../scenario/wording.ts";

/** Something decided in a step. */
export interface StepNote {
  readonly text: string;
  readonly why: string;
  readonly details: readonly string[];
  readonly source: string;
  /** Whether it took the packet away, or dropped it. */
  readonly isHit: boolean;
  /** Whether it changed something. */
  readonly hasEffect: boolean;
}

/** One step of the story: a packet on its way, what one place decides, a line of a log, or the end. */
export interface StoryStep {
  readonly atSeconds: number;
  readonly title: string;
  /** The packet as tcpdump prints it, or the line of the log. */
  readonly text?: string;
  readonly notes: readonly StepNote[];
  readonly isHit: boolean;
  /** How many rows of the sequence chart have happened with this step. */
  readonly rows: number;
}

/** Candidates of a port search that a step names. */
const CANDIDATES_SHOWN = 8;

/** The steps of a story, in order of time. */
export function storySteps({ document, rows, startedAt }: PageStory): readonly StoryStep[] {
  const steps: Omit<StoryStep, "rows">[] = [];
  const { events, connection } = document;
  let hasEnded = false;
  for (let index = 0; index < events.length; index += 1) {
    const event = events[index]!;
    if (!hasEnded && event.atSeconds > connection.tookSeconds) {
      hasEnded = true;
      steps.push(endStep(document));
    }
    if (event.kind === "packet") {
      const sightings = sameFrom(events, index);
      index += sightings.length - 1;
      steps.push(packetStep(sightings));
    } else if (event.kind === "log") {
      const title = `${event.of}: ${event.log === "nginx" ? "its server's access log" : `the log of ${event.log}`}`;
      steps.push({ atSeconds: event.atSeconds, title, text: event.text, notes: [], isHit: false });
    } else {
      const decisions = togetherFrom(events, index);
      index += decisions.length - 1;
      steps.push(decisionStep(decisions));
    }
  }
  if (!hasEnded) steps.push(endStep(document));
  return withRows(steps, rows, startedAt);
}

/** The step at which the connection's fate turns: the first that takes or drops a packet; `undefined` if there is none. */
export function turningPoint(steps: readonly StoryStep[]): number | undefined {
  const turn = steps.findIndex(({ isHit }) => isHit);
  return turn < 0 ? undefined : turn;
}

type Events = ExplainDocument["events"];

function togetherFrom(events: Events, first: number): readonly ExplainedDecision[] {
  const decisions: ExplainedDecision[] = [];
  for (const event of events.slice(first)) {
    const head = decisions[0];
    const isSame =
      event.kind === "decision" &&
      (head === undefined ||
        (event.netns === head.netns && event.hook === head.hook && event.atSeconds === head.atSeconds));
    if (!isSame) break;
    decisions.push(event);
  }
  return decisions;
}

function packetStep(sightings: readonly ExplainedPacket[]): Omit<StoryStep, "rows"> {
  const { atSeconds, text } = sightings[0]!;
  const ways = sightings.map(({ direction, interface: name }) => `${direction === "out" ? "out by" : "in by"} ${name}`);
  return { atSeconds, title: `A packet: ${ways.join(", ")}`, text, notes: [], isHit: false };
}

function decisionStep(decisions: readonly ExplainedDecision[]): Omit<StoryStep, "rows"> {
  const { atSeconds, netns, hook } = decisions[0]!;
  const notes = decisions.map(noteOf);
  const title = hook === undefined ? netns : `${netns}, hook ${hook}`;
  return { atSeconds, title, notes, isHit: notes.some(({ isHit }) => isHit) };
}

function noteOf(decision: ExplainedDecision): StepNote {
  const { function: name, verdict, changes, why, source, rules, place, port } = decision;
  const isHit = decision.isHijack === true || verdict === "DROP";
  const said = verdict === "" || verdict === "receive" ? name : `${name} ${verdict}`;
  return {
    text: changes.length === 0 ? said : `${said}: ${changes.join("; ")}`,
    why: `${capitalised(why)}.`,
    details: [...rules.map((rule) => `rule ${rule}`), ...(port === undefined ? [] : portDetails(port))],
    source,
    isHit,
    hasEffect: changes.length > 0 || place !== "hook" || isHit,
  };
}

function portDetails({ low, high, candidates, examined }: NonNullable<ExplainedDecision["port"]>): string[] {
  const shown = candidates.slice(0, CANDIDATES_SHOWN);
  return [
    `the walk through ${low}-${high} looked at ${examined} ${examined === 1 ? "candidate" : "candidates"}`,
    ...shown.map((one) => `port ${one.port} ${one.verdict}: ${one.why}`),
    ...(examined > shown.length ? [`… and ${examined - shown.length} more`] : []),
  ];
}

function endStep({ connection }: ExplainDocument): Omit<StoryStep, "rows"> {
  const { ok, probe, tookSeconds, cause, timeoutSeconds } = connection;
  const what = probe === null ? "connection" : "probe";
  const failed = tookSeconds >= timeoutSeconds ? `gives up after ${timeoutSeconds} s` : "is told at once";
  const end = ok
    ? `The ${what} has succeeded`
    : `The ${probe === null ? "client" : "kubelet"} ${failed}: ${cause ?? ""}`;
  const text = [probe?.logLine, probe?.event].filter((line) => typeof line === "string").join("\n");
  return { atSeconds: tookSeconds, title: end, ...(text === "" ? {} : { text }), notes: [], isHit: false };
}

/** Adds to each step the rows that have happened with it: rows come in the same order. */
function withRows(
  steps: readonly Omit<StoryStep, "rows">[],
  rows: readonly SequenceRow[],
  startedAt: Micros,
): readonly StoryStep[] {
  let shown = 0;
  return steps.map((step, index) => {
    const time = Math.round(step.atSeconds * SECOND);
    const at = (place: number): number => (rows[place]?.time ?? Infinity) - startedAt;
    while (at(shown) < time) shown += 1;
    const isPacket = step.title.startsWith("A packet");
    const isLast = index === steps.length - 1;
    let flights = 0;
    for (let row = rows[shown]; row !== undefined && at(shown) === time; row = rows[shown]) {
      const belongs = row.kind === "flight" ? isPacket && flights === 0 : isLast || isRemarkOf(row, step);
      if (!belongs) break;
      flights += row.kind === "flight" ? 1 : 0;
      shown += 1;
    }
    return { ...step, rows: index === steps.length - 1 ? rows.length : shown };
  });
}

/** Whether a remark of the chart is about what a step decides. */
function isRemarkOf({ isHijack, text }: Remark, { isHit, notes, title }: Omit<StoryStep, "rows">): boolean {
  // The chart says of an end, too, that it is bad.
  if (isHit || title.startsWith("The ")) return true;
  return (
    !isHijack &&
    notes.some((note) => text.startsWith("connect()") === note.text.startsWith("connect") && note.hasEffect)
  );
}
