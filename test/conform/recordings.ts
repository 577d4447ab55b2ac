import { readdirSync, readFileSync } from "node:fs";
import { readCase } from "../../src/conform/case_file.ts";
import type { KernelCase } from "../../src/conform/case_file.ts";
import type { Observation, ObservedMoment, ObservedPacket } from "../../src/conform/observation.ts";
import type { CaseSnapshot } from "../../src/conform/recording_schema.ts";

const FOLDER = new URL("../conformance/", import.meta.url);

/** The folder of cases that nobody recorded: they were worked out from the kernel's source. */
const DERIVED = "derived";

/** A file of test/conformance/. */
export interface CaseText {
  /** `build/id.json`. */
  readonly file: string;
  readonly text: string;
}

/** All recordings of the project, in order. */
export const RECORDINGS: readonly CaseText[] = readdirSync(FOLDER)
  .toSorted((a, b) => (a < b ? -1 : 1))
  .flatMap((build) => (build === DERIVED ? [] : textsOf(build)));

/** All cases that were worked out from the kernel's source, in order. */
export const DERIVED_CASES: readonly CaseText[] = textsOf(DERIVED);

function textsOf(build: string): CaseText[] {
  return readdirSync(new URL(`${build}/`, FOLDER))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => ({ file: `${build}/${name}`, text: readFileSync(new URL(`${build}/${name}`, FOLDER), "utf8") }));
}

/** The text of one recording or derived case. */
export function recordingText(file: string): string {
  const found = [...RECORDINGS, ...DERIVED_CASES].find((one) => one.file === file);
  if (found === undefined) throw new Error(`there is no recording ${file}`);
  return found.text;
}

/** One recording or derived case, read. */
export function recordedCase(file: string): KernelCase {
  const reading = readCase(recordingText(file), file);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.case;
}

/** What a run that does exactly what was recorded would yield. */
export function recordedRun({ observed }: KernelCase): Observation {
  const microseconds = (ms: number): number => Math.round(ms * 1000);
  return {
    results: observed.results.map(({ action, result, at_ms, connected_at_ms, closed_at_ms, local_port }) => ({
      action,
      result,
      ...(at_ms === undefined ? {} : { at: microseconds(at_ms) }),
      ...(connected_at_ms === undefined ? {} : { connectedAt: microseconds(connected_at_ms) }),
      ...(closed_at_ms === undefined ? {} : { closedAt: microseconds(closed_at_ms) }),
      ...(local_port === undefined ? {} : { localPort: local_port }),
    })),
    packets: (observed.packets ?? []).map((packet): ObservedPacket => {
      const { t_ms, interface: seenOn, src, dst } = packet;
      const place = { at: microseconds(t_ms), interface: seenOn, src, dst };
      const dir = packet.dir === "out" ? "out" : "in";
      if (packet.kind === "icmp") {
        const { type, code, quoted_src: quotedSrc, quoted_dst: quotedDst } = packet;
        return { kind: "icmp", ...place, dir, type, code, quotedSrc, quotedDst };
      }
      const { flags, seq, ack, len, ttl } = packet;
      const raw = { seq: rawNumber(seq), ack: ack === null ? null : rawNumber(ack) };
      return { kind: "tcp", ...place, dir, flags, ...raw, len, ttl };
    }),
    snapshots: observed.snapshots.map((snapshot) => ({ moments: [momentOf(snapshot)] })),
    groups: new Map(Object.entries(observed.groups)),
    connectTimes: new Map(Object.entries(observed.times_s).map(([name, times]) => [name, times.map((s) => s * 1e6)])),
    storm: new Map(
      Object.entries(observed.storm ?? {}).flatMap(([name, count]): [string, number][] =>
        typeof count === "number" ? [[name, count]] : [],
      ),
    ),
    socketStates: new Map(),
    closeTook: new Map(Object.entries(observed.close_took_s).map(([name, s]) => [name, s * 1e6])),
  };
}

/** Initial numbers far apart, some of them near the end of the 32 bits, so that they wrap. */
function rawNumber(name: string): number {
  if (name === "0") return 0;
  const [base = "", distance = "0"] = name.split("+");
  const kind = base.startsWith("c") ? 0 : 1;
  const initial = 4294967290 - (kind * 64 + Number(base.slice(1))) * 20_000_000;
  return (initial + Number(distance)) >>> 0;
}

function momentOf(snapshot: CaseSnapshot): ObservedMoment {
  const left = (seconds: number): number => Math.round(seconds * 1e6);
  return {
    at: snapshot.at_ms * 1000,
    ss: new Map(
      Object.entries(snapshot.ss ?? {}).map(([namespace, sockets]) => [
        namespace,
        sockets.map(({ state, local, peer, timer, left_s, retransmits }) => ({
          state,
          local,
          peer,
          ...(timer === undefined ? {} : { timer }),
          ...(left_s === undefined ? {} : { left: left(left_s) }),
          ...(retransmits === undefined ? {} : { retransmits }),
        })),
      ]),
    ),
    conntrack: (snapshot.conntrack ?? []).map(({ state, left_s, original, reply, flags }) => ({
      state,
      left: left(left_s),
      original,
      reply,
      flags,
    })),
    ipvsConnections: (snapshot.ipvs_connections ?? []).map(({ protocol, state, client, virtual, real, left_s }) => ({
      protocol,
      state,
      client,
      virtual,
      real,
      left: left(left_s),
    })),
    ipvs: (snapshot.ipvs ?? []).map(({ protocol, address, port, scheduler, real_servers }) => ({
      protocol,
      address,
      port,
      scheduler,
      realServers: real_servers,
    })),
    ipvsStats: (snapshot.ipvs_stats ?? []).map(({ protocol, virtual, real_servers, ...traffic }) => ({
      protocol,
      virtual,
      ...trafficOf(traffic),
      realServers: real_servers.map((server) => ({ real: server.real, ...trafficOf(server) })),
    })),
  };
}

function trafficOf(counts: {
  readonly connections: number;
  readonly in_packets: number;
  readonly out_packets: number;
  readonly in_bytes: number;
  readonly out_bytes: number;
}): { connections: number; inPackets: number; outPackets: number; inBytes: number; outBytes: number } {
  const { connections, in_packets, out_packets, in_bytes, out_bytes } = counts;
  return { connections, inPackets: in_packets, outPackets: out_packets, inBytes: in_bytes, outBytes: out_bytes };
}
