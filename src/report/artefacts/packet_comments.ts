import type { PacketSighting } from "../../cluster/flow_recorder.ts";
import type { Decision } from "../../kernel/decisions/decision.ts";
import type { StoryEvent } from "../../study/explain_connection.ts";
import type { CapturedPacket } from "./pcapng.ts";

/**
 * The packets of a story, each with a comment on what was decided about it: for one that came in what followed there
 * and then, for one that leaves what preceded it.
 */
export function commentedPackets(events: readonly StoryEvent[]): readonly CapturedPacket[] {
  const packets: { readonly sighting: PacketSighting; readonly said: string[] }[] = [];
  let waiting: string[] = [];
  for (const event of events) {
    if (event.kind === "log") continue;
    const last = packets.at(-1);
    if (event.kind === "decision") {
      const text = decisionText(event.decision);
      if (last !== undefined && isAbout(event.decision, last.sighting)) last.said.push(text);
      else waiting.push(text);
      continue;
    }
    if (event.direction === "out") packets.push({ sighting: event, said: waiting });
    else {
      // What nobody sent was about the packet before.
      last?.said.push(...waiting);
      packets.push({ sighting: event, said: [] });
    }
    waiting = [];
  }
  packets.at(-1)?.said.push(...waiting);
  return packets.map(({ sighting, said }) => ({ sighting, comment: said.join("\n") }));
}

/** Whether a decision judges the packet that has just come in. */
function isAbout({ time, netns, flow }: Decision, sighting: PacketSighting): boolean {
  const { packet } = sighting;
  const isSame = flow.src === packet.src && flow.dst === packet.dst && flow.sport === packet.sport;
  return sighting.direction === "in" && time === sighting.time && netns === sighting.netns && isSame;
}

/** `node LOCAL_IN 99 ip_vs_in STOLEN: scheduled to …; why [source]`. */
function decisionText(decision: Decision): string {
  const { netns, hook, priority, name, verdict, changes, rules, why, source } = decision;
  const place = hook === undefined ? netns : `${netns} ${hook} ${priority}`;
  const said = [...changes, ...rules.map((rule) => `rule ${rule}`), why].join("; ");
  return `${place} ${name}${verdict === "" ? "" : ` ${verdict}`}: ${said} [${source}]`;
}
