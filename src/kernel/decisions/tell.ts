import type { Micros } from "../../units.ts";
import type { Netns } from "../netns.ts";
import { type Decision, type DecisionPlace, type Flow, flowOf, type Reason } from "./decision.ts";

/** Where and by whom a decision is made. */
export interface DecisionHeading {
  readonly place: DecisionPlace;
  readonly name: string;
  readonly verdict?: string;
  readonly hook?: string;
  readonly priority?: number;
}

/** A decision that begins now in a namespace. */
export function beginDecision(netns: Netns, flow: Flow, heading: DecisionHeading): Decision {
  const time: Micros = netns.machine.loop.now;
  const rest = { time, netns: netns.name, flow: flowOf(flow), changes: [], why: "", source: "", rules: [] };
  return { verdict: "", ...heading, ...rest };
}

/** Tells the sink of a decision that is made at once, if there is a sink and it wants to hear of it. */
export function tell(netns: Netns, flow: Flow, heading: DecisionHeading, reason: Reason): void {
  const sink = netns.machine.decisions;
  if (sink === undefined || !sink.wants(flow)) return;
  const decision = beginDecision(netns, flow, heading);
  Object.assign(decision, reason);
  sink.begin(decision);
  sink.end(decision);
}
