import type {
  ObservedConntrackEntry,
  ObservedIpvsConnection,
  ObservedIpvsService,
  ObservedIpvsStats,
  ObservedSocket,
  ObservedTraffic,
} from "./observation.ts";
import type {
  CaseConntrackEntry,
  CaseIpvsConnection,
  CaseIpvsService,
  CaseIpvsStats,
  CaseSocket,
} from "./recording_schema.ts";
import type { Renaming } from "./renaming.ts";

/** Whole-second timers agree within this. */
const WHOLE_SECONDS_SLACK = 2;

/**
 * Whether two sockets are the same, timers within max(0.1 s, 6 % of the snapshot's time).
 *
 * @param atMs when the snapshot was taken.
 */
export function matchSocket(
  atMs: number,
): (recorded: CaseSocket, actual: ObservedSocket, endpoints: Renaming) => boolean {
  const slack = Math.max(0.1, (0.06 * atMs) / 1000);
  return (recorded, actual, endpoints) => {
    if (recorded.state !== actual.state || recorded.timer !== actual.timer) return false;
    if (recorded.retransmits !== actual.retransmits) return false;
    if ((recorded.left_s === undefined) !== (actual.left === undefined)) return false;
    if (Math.abs((recorded.left_s ?? 0) - (actual.left ?? 0) / 1e6) > slack) return false;
    return endpoints.settle([
      [recorded.local, actual.local],
      [recorded.peer, actual.peer],
    ]);
  };
}

/** Whether two conntrack entries are the same, flags in any order. */
export function matchConntrackEntry(
  recorded: CaseConntrackEntry,
  actual: ObservedConntrackEntry,
  endpoints: Renaming,
): boolean {
  if (recorded.state !== actual.state || !isWithinSeconds(recorded.left_s, actual.left)) return false;
  if (recorded.flags.length !== actual.flags.length) return false;
  if (recorded.flags.some((flag) => !actual.flags.includes(flag))) return false;
  return endpoints.settle([
    ...tuplePairs(recorded.original, actual.original),
    ...tuplePairs(recorded.reply, actual.reply),
  ]);
}

/** Whether two IPVS connections are the same. */
export function matchIpvsConnection(
  recorded: CaseIpvsConnection,
  actual: ObservedIpvsConnection,
  endpoints: Renaming,
): boolean {
  if (recorded.protocol !== actual.protocol || recorded.state !== actual.state) return false;
  if (!isWithinSeconds(recorded.left_s, actual.left)) return false;
  return endpoints.settle([
    [recorded.client, actual.client],
    [recorded.virtual, actual.virtual],
    [recorded.real, actual.real],
  ]);
}

/** Whether two virtual services are the same, with the same real servers in the same order and the same counts. */
export function matchIpvsService(recorded: CaseIpvsService, actual: ObservedIpvsService): boolean {
  const { protocol, address, port, scheduler, real_servers: servers } = recorded;
  if (protocol !== actual.protocol || address !== actual.address || port !== actual.port) return false;
  if (scheduler !== actual.scheduler || servers.length !== actual.realServers.length) return false;
  return servers.every(({ real, weight, active, inactive }, index) => {
    const other = actual.realServers[index];
    if (other === undefined || real !== other.real || weight !== other.weight) return false;
    return active === other.active && inactive === other.inactive;
  });
}

/** Whether two services have the same counts, in sum and per real server; servers without traffic may be listed or not. */
export function matchIpvsStats(recorded: CaseIpvsStats, actual: ObservedIpvsStats): boolean {
  if (recorded.protocol !== actual.protocol || recorded.virtual !== actual.virtual) return false;
  if (!hasSameTraffic(recorded, actual)) return false;
  const names = new Set([...recorded.real_servers, ...actual.realServers].map(({ real }) => real));
  return [...names].every((name) => {
    const mine = recorded.real_servers.find(({ real }) => real === name) ?? NO_RECORDED_TRAFFIC;
    const other = actual.realServers.find(({ real }) => real === name) ?? NO_TRAFFIC;
    return hasSameTraffic(mine, other);
  });
}

interface RecordedTraffic {
  readonly connections: number;
  readonly in_packets: number;
  readonly out_packets: number;
  readonly in_bytes: number;
  readonly out_bytes: number;
}

const NO_RECORDED_TRAFFIC: RecordedTraffic = {
  connections: 0,
  in_packets: 0,
  out_packets: 0,
  in_bytes: 0,
  out_bytes: 0,
};
const NO_TRAFFIC: ObservedTraffic = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

function hasSameTraffic(recorded: RecordedTraffic, actual: ObservedTraffic): boolean {
  return (
    recorded.connections === actual.connections &&
    recorded.in_packets === actual.inPackets &&
    recorded.out_packets === actual.outPackets &&
    recorded.in_bytes === actual.inBytes &&
    recorded.out_bytes === actual.outBytes
  );
}

function isWithinSeconds(recordedSeconds: number, actual: number): boolean {
  return Math.abs(recordedSeconds - actual / 1e6) <= WHOLE_SECONDS_SLACK;
}

function tuplePairs(recorded: string, actual: string): (readonly [string, string])[] {
  const ends = actual.split(" > ");
  return recorded.split(" > ").map((end, index) => [end, ends[index] ?? ""]);
}
