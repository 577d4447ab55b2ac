import type { KernelCase } from "./case_file.ts";
import { toleranceMs } from "./difference.ts";
import { channelsOf } from "./compare_packets.ts";
import { nameSequences } from "./observation.ts";
import type { Observation } from "./observation.ts";
import type { RecordedPacket } from "./recorded_packet.ts";
import type { CaseRace } from "./recording_schema.ts";

/** A race that the simulation decided in the other order, which is as legal as the recorded one. */
export interface OtherOutcome {
  readonly race: CaseRace;
  /** What happens from here on may depend on the order, so nothing recorded from here on is compared. */
  readonly fromMs: number;
}

/**
 * The first race of the case that the simulation decided otherwise than the recording: around `near_ms` the namespace
 * sees packets of the connection of the same kinds, none of another kind, but in another order or number, and where the
 * recording counts SYN-ACKs, one instead of two or two instead of one.
 *
 * A packet that is missing or strange is no outcome of a race, so it is not excused by one.
 */
export function findOtherOutcome(kernelCase: KernelCase, observation: Observation): OtherOutcome | undefined {
  const recorded = kernelCase.observed.packets ?? [];
  const actual = nameSequences(observation.packets.filter(({ at }) => at >= 0));
  const races = kernelCase.races.toSorted((a, b) => a.near_ms - b.near_ms);
  for (const race of races) {
    const width = toleranceMs(kernelCase, race.near_ms);
    const here = packetsAround(race, width, recorded);
    const there = packetsAround(race, width, actual);
    const hasSameKinds = isSameSet(here.map(kindOf), there.map(kindOf));
    if (hasSameKinds && !hasSameOrder(here, there) && mayHaveSynAcks(race, there)) {
      return { race, fromMs: race.near_ms - width };
    }
  }
  return undefined;
}

/** The packets of the race's connection, either way, that its namespace sees within `width` ms of it. */
function packetsAround(race: CaseRace, width: number, packets: readonly RecordedPacket[]): RecordedPacket[] {
  const ends = race.connection.split(" > ");
  return packets.filter((packet) => {
    const isNear = Math.abs(packet.t_ms - race.near_ms) <= width && packet.interface.startsWith(`${race.where}/`);
    const [src, dst] = packet.kind === "icmp" ? [packet.quoted_src, packet.quoted_dst] : [packet.src, packet.dst];
    return isNear && ends.includes(src) && ends.includes(dst);
  });
}

/** All of a packet but its time and its numbers. */
function kindOf(packet: RecordedPacket): string {
  const place = `${packet.interface} ${packet.dir === "out" ? "out" : "in"} ${packet.src} ${packet.dst}`;
  return packet.kind === "icmp"
    ? `${place} ICMP ${packet.type}/${packet.code}`
    : `${place} ${packet.flags} ${packet.len} ${packet.ttl}`;
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.every((kind) => other.includes(kind)) && other.every((kind) => one.includes(kind));
}

function hasSameOrder(one: readonly RecordedPacket[], other: readonly RecordedPacket[]): boolean {
  const otherChannels = channelsOf(other);
  return [...channelsOf(one)].every(([channel, list]) => orderOf(list) === orderOf(otherChannels.get(channel) ?? []));
}

/** The packets of one channel, sequence numbers by their order in it, so that an earlier race does not show. */
function orderOf(packets: readonly RecordedPacket[]): string {
  const numbers: string[] = [];
  const texts = packets.map((packet) => {
    if (packet.kind === "icmp") return "ICMP";
    if (!numbers.includes(packet.seq)) numbers.push(packet.seq);
    return `${packet.flags} ${numbers.indexOf(packet.seq)}`;
  });
  return texts.join(", ");
}

/**
 * Whether the SYN-ACKs sent are an outcome that the race may have: two (one by timer, one for the SYN), or one if the
 * SYN came before it and so restarted the timer.
 */
function mayHaveSynAcks(race: CaseRace, packets: readonly RecordedPacket[]): boolean {
  if (race.syn_acks_in_recording === undefined) return true;
  const flags = packets
    .filter(({ interface: place }) => place.startsWith(`${race.where}/`))
    .flatMap((packet) => (packet.kind === "tcp" ? [packet.flags] : []));
  const synAcks = flags.filter((text) => text === "S.").length;
  const isSynFirst = flags.includes("S") && flags.indexOf("S") < flags.indexOf("S.");
  return synAcks === 2 || (synAcks === 1 && isSynFirst);
}
