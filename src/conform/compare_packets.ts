import type { KernelCase } from "./case_file.ts";
import { isAboutTheSameTime, toleranceMs } from "./difference.ts";
import type { Comparison, Difference } from "./difference.ts";
import { nameSequences } from "./observation.ts";
import type { Observation } from "./observation.ts";
import type { RecordedPacket } from "./recorded_packet.ts";

/** How many packets are told before a difference. */
const CONTEXT = 4;

/**
 * Compares packets per interface and direction, `in` and `other` being one: the same in the same order, none missing,
 * none extra, each about when it was recorded. Only the first difference of each interface and direction is told, since
 * what follows mostly follows from it.
 *
 * The tolerance holds at the end of the capture, too: a packet that the simulation sends just after it may be one
 * recorded just before it, and the other way round.
 */
export function comparePackets(kernelCase: KernelCase, observation: Observation, comparison: Comparison): Difference[] {
  const { packets, capture_ms: [fromMs, toMs] = [-Infinity, Infinity] } = kernelCase.observed;
  if (packets === undefined) return [];
  const slack = toMs === Infinity ? 0 : toleranceMs(kernelCase, toMs);
  const seen = nameSequences(
    observation.packets.filter(({ at }) => at >= fromMs * 1000 && at <= (toMs + slack) * 1000),
  );
  const recordedChannels = channelsOf(packets);
  const actualChannels = channelsOf(seen);
  const extraUntilMs = Math.min(toMs - slack, comparison.untilMs);
  const differences: Difference[] = [];
  for (const channel of new Set([...recordedChannels.keys(), ...actualChannels.keys()])) {
    const difference = compareChannel(
      {
        name: channel,
        recorded: (recordedChannels.get(channel) ?? []).filter(({ t_ms }) => t_ms < comparison.untilMs),
        actual: actualChannels.get(channel) ?? [],
        extraUntilMs,
      },
      kernelCase,
      comparison,
    );
    if (difference !== undefined) differences.push(difference);
  }
  return differences;
}

/** Packets by `namespace/interface in|out`, in the order of the capture. */
export function channelsOf(packets: readonly RecordedPacket[]): Map<string, RecordedPacket[]> {
  const channels = new Map<string, RecordedPacket[]>();
  for (const packet of packets) {
    const channel = `${packet.interface} ${packet.dir === "out" ? "out" : "in"}`;
    const list = channels.get(channel);
    if (list === undefined) channels.set(channel, [packet]);
    else list.push(packet);
  }
  return channels;
}

/** One packet as a line for a person. */
function formatPacket(packet: RecordedPacket): string {
  const start = `${packet.t_ms.toFixed(3)} ms ${packet.src} > ${packet.dst}`;
  if (packet.kind === "icmp") {
    return `${start} ICMP ${packet.type}/${packet.code} for ${packet.quoted_src} > ${packet.quoted_dst}`;
  }
  const { flags, seq, ack, len, ttl } = packet;
  return `${start} ${flags} seq ${seq}${ack === null ? "" : ` ack ${ack}`} len ${len} ttl ${ttl}`;
}

interface Channel {
  readonly name: string;
  readonly recorded: readonly RecordedPacket[];
  readonly actual: readonly RecordedPacket[];
  /** A simulated packet before this that was not recorded is one too many. */
  readonly extraUntilMs: number;
}

function compareChannel(channel: Channel, kernelCase: KernelCase, comparison: Comparison): Difference | undefined {
  const { name, recorded, actual } = channel;
  for (const [index, expected] of recorded.entries()) {
    const found = actual[index];
    const isSame = found !== undefined && isSamePacket(expected, found, comparison);
    if (isSame && isAboutTheSameTime(kernelCase, expected.t_ms, found.t_ms)) continue;
    const tolerance = isSame ? ` (within ${toleranceMs(kernelCase, expected.t_ms).toFixed(0)} ms)` : "";
    return {
      where: `packets ${name} #${index + 1}`,
      expected: formatPacket(expected) + tolerance,
      actual: found === undefined ? "no further packet" : formatPacket(found),
      before: recorded.slice(Math.max(0, index - CONTEXT), index).map(formatPacket),
    };
  }
  const extra = actual[recorded.length];
  if (extra === undefined || extra.t_ms >= channel.extraUntilMs) return undefined;
  return {
    where: `packets ${name} #${recorded.length + 1}`,
    expected: "no further packet",
    actual: formatPacket(extra),
    before: recorded.slice(-CONTEXT).map(formatPacket),
  };
}

/** Whether the packets agree in all but time; chosen ports and renamed sequences are settled if so. */
function isSamePacket(recorded: RecordedPacket, actual: RecordedPacket, { endpoints, sequences }: Comparison): boolean {
  if (recorded.kind === "icmp") {
    if (actual.kind !== "icmp" || recorded.type !== actual.type || recorded.code !== actual.code) return false;
    if (recorded.src !== actual.src || recorded.dst !== actual.dst) return false;
    return endpoints.settle([
      [recorded.quoted_src, actual.quoted_src],
      [recorded.quoted_dst, actual.quoted_dst],
    ]);
  }
  if (actual.kind !== "tcp" || recorded.flags !== actual.flags) return false;
  if (recorded.len !== actual.len || recorded.ttl !== actual.ttl) return false;
  const names: (readonly [string, string])[] = [];
  for (const [mine, other] of [
    [recorded.seq, actual.seq],
    [recorded.ack ?? "none", actual.ack ?? "none"],
  ] as const) {
    const [base = "", distance = ""] = mine.split("+");
    const [otherBase = "", otherDistance = ""] = other.split("+");
    if (distance !== otherDistance) return false;
    names.push([base, otherBase]);
  }
  if (!sequences.agrees(names)) return false;
  const hasSameEnds = endpoints.settle([
    [recorded.src, actual.src],
    [recorded.dst, actual.dst],
  ]);
  return hasSameEnds && sequences.settle(names);
}
