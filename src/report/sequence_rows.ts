import type { PacketSighting, RecordedDecision, SentPacket } from "../cluster/flow_recorder.ts";
import { formatFlags, Protocol } from "../kernel/packet.ts";
import type { ConnectionStory } from "../study/explain_connection.ts";
import type { FoundConnection } from "../study/find_connection.ts";
import type { Micros } from "../units.ts";
import { isHijack } from "./explain_document.ts";

/** A packet from one namespace to another (or into the void), by the interfaces that it crossed. */
export interface Flight {
  readonly kind: "flight";
  readonly time: Micros;
  readonly from: string;
  /** `undefined` where nobody received it. */
  readonly to: string | undefined;
  readonly interfaces: readonly string[];
  /** Whether it went on inside another packet, which is a flight of its own. */
  readonly isTunnelled: boolean;
  /** `SYN 35934 > 80`. */
  readonly label: string;
  /** Whether it is, or answers, what IPVS took away. */
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

/** The rows of the chart of a connection, in the order in which packets were sent and remarks made. */
export function sequenceRows(story: ConnectionStory): readonly SequenceRow[] {
  const { connection, events } = story;
  const legs = new Map<number, Leg>();
  const drafts: (Leg | Remark)[] = [];
  /** Packets that IPVS has taken away. */
  const taken = new Set<number>();
  let latest = 0;
  for (const event of events) {
    if (event.kind === "log") continue;
    if (event.kind === "decision") {
      if (isHijack(event, connection)) taken.add(latest);
      const remark = remarkOf(event, story);
      if (remark !== undefined) drafts.push(remark);
      continue;
    }
    latest = event.serial;
    const tunnelled = event.inner === undefined ? undefined : legs.get(event.inner.serial);
    if (tunnelled !== undefined) tunnelled.isTunnelled = true;
    const open = legs.get(event.serial);
    // A packet that leaves a stack after it has come in begins a new leg of its way.
    if (open !== undefined && !(event.direction === "out" && open.sightings.at(-1)?.direction === "in")) {
      open.sightings.push(event);
      continue;
    }
    const isOwn = event.sentBy === connection.client || event.sentBy === story.server;
    const leg: Leg = {
      sightings: [event],
      isTunnelled: false,
      isDiverted: taken.has(event.serial) || (taken.size > 0 && !isOwn),
    };
    legs.set(event.serial, leg);
    drafts.push(leg);
  }
  const rows = drafts.map((draft) => ("kind" in draft ? draft : flightOf(draft, connection)));
  const { client, endedAt, outcome } = connection;
  const end: Remark = {
    kind: "remark",
    time: endedAt,
    netns: client,
    text: endText(connection),
    isHijack: !outcome.isSuccess,
  };
  const later = rows.findIndex(({ time }) => time > endedAt);
  rows.splice(later < 0 ? rows.length : later, 0, end);
  return rows;
}

/** A packet from one stack to the next. */
interface Leg {
  readonly sightings: PacketSighting[];
  isTunnelled: boolean;
  /** Whether it is, or answers, what IPVS took away. */
  readonly isDiverted: boolean;
}

function endText({ probe, outcome, startedAt, endedAt, timeout }: FoundConnection): string {
  const what = probe === undefined ? "the connection" : "the probe";
  if (outcome.isSuccess) return `${what} has succeeded`;
  return endedAt - startedAt < timeout ? `${what} has failed: ${outcome.cause}` : `timeout: ${what} has failed`;
}

function flightOf({ sightings, isTunnelled, isDiverted }: Leg, { outcome }: FoundConnection): Flight {
  const first = sightings[0]!;
  const last = sightings.at(-1)!;
  const isFromServer = first.packet.sport !== outcome.localPort;
  return {
    kind: "flight",
    time: first.time,
    from: stackOf(first, isFromServer),
    to: last.direction === "in" ? stackOf(last, !isFromServer) : undefined,
    interfaces: sightings.map((sighting) => sighting.interface),
    isTunnelled,
    label: labelOf(first),
    isDiverted,
  };
}

function labelOf(sent: SentPacket): string {
  const { packet, inner } = sent;
  if (inner !== undefined) return `UDP ${packet.dport} [${labelOf(inner)}]`;
  if (packet.protocol === Protocol.ICMP) return "ICMP error";
  const flags = formatFlags(packet.flags);
  return `${FLAG_WORDS[flags] ?? flags}  ${packet.sport} > ${packet.dport}`;
}

/** On the loopback device both ends are one namespace: the server then gets a lane of its own. */
function stackOf({ netns, isLoopback }: PacketSighting, isServer: boolean): string {
  return isLoopback && isServer ? `${netns}${SERVER_END}` : netns;
}

function remarkOf(event: RecordedDecision, { connection, hit }: ConnectionStory): Remark | undefined {
  const { time, netns, place, name, verdict, changes, hook } = event.decision;
  const remark = (text: string, hijack = false): Remark => ({ kind: "remark", time, netns, text, isHijack: hijack });
  if (isHijack(event, connection)) {
    const server = changes.find((change) => change.startsWith("destination "))?.split(" -> ")[1] ?? "";
    return remark(`IPVS takes the SYN-ACK for a client's and sends it to ${server}`, true);
  }
  if (place === "connect")
    return remark(`connect(): ${verdict}${hit === undefined ? "" : `, NodePort of ${hit.name}`}`);
  if (place === "timer") return remark("retransmission timer");
  if (name === "neighbour") return remark("no neighbour answers for the next hop", true);
  if (verdict === "DROP") return remark(`${hook ?? place} ${name}: dropped`, true);
  return undefined;
}
