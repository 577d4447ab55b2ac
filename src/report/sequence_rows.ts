import type { FlowEvent, PacketSighting } from "../cluster/flow_recorder.ts";
import { Protocol } from "../kernel/packet.ts";
import type { ProbeStory } from "../study/explain_probe.ts";
import type { Micros } from "../units.ts";
import { flagsOf, isHijack } from "./explain_document.ts";

/** A packet from one namespace to another (or into the void), by the interfaces that it crossed. */
export interface Flight {
  readonly kind: "flight";
  readonly time: Micros;
  readonly from: string;
  /** `undefined` where nobody received it. */
  readonly to: string | undefined;
  readonly interfaces: readonly string[];
  /** `SYN 35934 > 80`. */
  readonly label: string;
  /** Whether it is, or answers, what IPVS took away from the probe. */
  readonly isDiverted: boolean;
}

/** A remark on what happens in one namespace. */
export interface Remark {
  readonly kind: "remark";
  readonly time: Micros;
  readonly netns: string;
  readonly text: string;
  readonly isHijack: boolean;
}

/** A row of the chart. */
export type SequenceRow = Flight | Remark;

/** What follows the name of a namespace in the lane of its server, where client and server are one. */
export const SERVER_END = ", server";

const FLAG_WORDS: Readonly<Record<string, string>> = {
  S: "SYN",
  "S.": "SYN-ACK",
  R: "RST",
  "R.": "RST-ACK",
  ".": "ACK",
  "P.": "data",
  "F.": "FIN",
  "FP.": "data, FIN",
};

/** The rows of the chart of a probe, in the order in which packets were sent and remarks made. */
export function sequenceRows(story: ProbeStory): readonly SequenceRow[] {
  const { probe, events, hit } = story;
  const hasHijack = events.some((event) => isHijack(event, probe));
  const legs = new Map<number, PacketSighting[]>();
  const drafts: (readonly PacketSighting[] | Remark)[] = [];
  for (const event of events) {
    if (event.kind === "decision") {
      const remark = remarkOf(event, probe, hit?.name);
      if (remark !== undefined) drafts.push(remark);
      continue;
    }
    const open = legs.get(event.serial);
    // A packet that leaves a stack after it has come in begins a new leg of its way.
    if (open !== undefined && !(event.direction === "out" && open.at(-1)?.direction === "in")) {
      open.push(event);
      continue;
    }
    const leg = [event];
    legs.set(event.serial, leg);
    drafts.push(leg);
  }
  const rows = drafts.map((draft) => ("kind" in draft ? draft : flightOf(draft, story, hasHijack)));
  const said = probe.isSuccess ? "the probe has succeeded" : failedText(probe);
  const end: Remark = { kind: "remark", time: probe.endedAt, netns: "node", text: said, isHijack: !probe.isSuccess };
  const later = rows.findIndex(({ time }) => time > probe.endedAt);
  rows.splice(later < 0 ? rows.length : later, 0, end);
  return rows;
}

function failedText({ cause, startedAt, endedAt }: ProbeStory["probe"]): string {
  if (cause === "connection-refused" || startedAt === endedAt) return `the probe has failed: ${cause}`;
  return "timeout: the probe has failed";
}

function flightOf(leg: readonly PacketSighting[], { probe }: ProbeStory, hasHijack: boolean): Flight {
  const first = leg[0]!;
  const last = leg.at(-1)!;
  const { sport, dport, protocol } = first.packet;
  const flags = flagsOf(first);
  const isOwn = (netns: string): boolean => netns === "node" || netns === probe.subject.pod;
  const isFromServer = sport !== probe.localPort;
  return {
    kind: "flight",
    time: first.time,
    from: stackOf(first, isFromServer),
    to: last.direction === "in" ? stackOf(last, !isFromServer) : undefined,
    interfaces: leg.map((sighting) => sighting.interface),
    label: protocol === Protocol.ICMP ? "ICMP error" : `${FLAG_WORDS[flags] ?? flags}  ${sport} > ${dport}`,
    isDiverted: hasHijack && !(isOwn(first.sentBy) && isOwn(last.netns)),
  };
}

/** On the loopback device both ends are one namespace: the server then gets a lane of its own. */
function stackOf({ netns, isLoopback }: PacketSighting, isServer: boolean): string {
  return isLoopback && isServer ? `${netns}${SERVER_END}` : netns;
}

function remarkOf(event: FlowEvent, probe: ProbeStory["probe"], service: string | undefined): Remark | undefined {
  if (event.kind !== "decision") return undefined;
  const { time, netns, place, name, verdict, changes, hook } = event.decision;
  const remark = (text: string, hijack = false): Remark => ({ kind: "remark", time, netns, text, isHijack: hijack });
  if (isHijack(event, probe)) {
    const server = changes.find((change) => change.startsWith("destination "))?.split(" -> ")[1] ?? "";
    return remark(`IPVS takes the SYN-ACK for a client's and sends it to ${server}`, true);
  }
  if (place === "connect")
    return remark(`connect(): ${verdict}${service === undefined ? "" : `, NodePort of ${service}`}`);
  if (place === "timer") return remark("retransmission timer");
  if (verdict === "DROP") return remark(`${hook ?? place} ${name}: dropped`, true);
  return undefined;
}
