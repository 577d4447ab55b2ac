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

/** The rows of the chart of a probe, in order of time. */
export function sequenceRows({ probe, events, hit }: ProbeStory): readonly SequenceRow[] {
  const rows: SequenceRow[] = [];
  let flight: PacketSighting[] = [];
  const land = (): void => {
    if (flight.length > 0) rows.push(flightOf(flight, probe.subject.address, portOf(probe.probe.handler)));
    flight = [];
  };
  for (const event of events) {
    if (event.kind === "packet") {
      if (!continues(flight, event)) land();
      flight.push(event);
      continue;
    }
    const remark = remarkOf(event, probe, hit?.name);
    if (remark === undefined) continue;
    land();
    rows.push(remark);
  }
  land();
  const said = probe.isSuccess ? "the probe has succeeded" : "timeout: the probe has failed";
  const end: Remark = { kind: "remark", time: probe.endedAt, netns: "node", text: said, isHijack: !probe.isSuccess };
  const later = rows.findIndex(({ time }) => time > probe.endedAt);
  rows.splice(later < 0 ? rows.length : later, 0, end);
  return rows;
}

/** Whether a sighting is of the packet under way: it comes in elsewhere, or goes down into a bridge. */
function continues(flight: readonly PacketSighting[], next: PacketSighting): boolean {
  const last = flight.at(-1);
  if (last === undefined || last.sentAt !== next.sentAt || last.packet.seq !== next.packet.seq) return false;
  if (next.direction === "in") return true;
  return last.direction === "out" && last.netns === next.netns;
}

function flightOf(sightings: readonly PacketSighting[], address: number, port: number): Flight {
  const first = sightings[0]!;
  const last = sightings.at(-1)!;
  const { src, dst, sport, dport } = first.packet;
  const isIcmp = first.packet.protocol === Protocol.ICMP;
  const flags = flagsOf(first);
  const touches = (end: number, endPort: number): boolean => end === address && (endPort === port || isIcmp);
  const name = FLAG_WORDS[flags] ?? flags;
  return {
    kind: "flight",
    time: first.time,
    from: first.netns,
    to: last.direction === "in" ? last.netns : undefined,
    interfaces: sightings.map((sighting) => sighting.interface),
    label: isIcmp ? "ICMP error" : `${name}  ${sport} > ${dport}`,
    isDiverted: touches(src, sport) ? isElsewhere(last, first) : touches(dst, dport) && isElsewhere(first, last),
  };
}

/** Whether the far end of a packet to or from the pod is a namespace other than the node. */
function isElsewhere(far: PacketSighting, near: PacketSighting): boolean {
  return far.netns !== "node" && far.netns !== near.netns && far.netns === "network";
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

function portOf(handler: ProbeStory["probe"]["probe"]["handler"]): number {
  return handler.kind === "exec" ? 0 : handler.port;
}
