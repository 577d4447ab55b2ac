import { parseIpv4, type Ipv4, type Micros, type Port } from "../units.ts";

/** A value read from text, or why it cannot be read. */
export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string; readonly toMend?: string };

/** An address with the length of its network's prefix: `10.23.77.129/25`. */
export interface InterfaceAddress {
  readonly address: Ipv4;
  /** 0 to 32. */
  readonly prefixLength: number;
}

/** An address and a port: `10.10.85.10:10050`. */
export interface Endpoint {
  readonly address: Ipv4;
  readonly port: Port;
}

/** A release as three numbers: `1.23.10`. */
export type Version = readonly [major: number, minor: number, patch: number];

const DURATION_UNITS: ReadonlyMap<string, Micros> = new Map([
  ["d", 86_400_000_000],
  ["h", 3_600_000_000],
  ["m", 60_000_000],
  ["s", 1_000_000],
  ["ms", 1_000],
  ["us", 1],
]);
const LONGEST_DURATION: Micros = 3_650 * 86_400_000_000;
const SECONDS_OF_RATE_UNIT: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3_600],
  ["d", 86_400],
]);
const HIGHEST_RATE = 1_000_000;

/** Reads `24h`, `90m`, `1h30m`, `7d`, `500us`: numbers with units from `d` down to `us`, 1 us to 3,650 d in all. */
export function readDuration(text: string): Read<Micros> {
  if (/^[0-9.]+$/.test(text))
    return { ok: false, why: "it has no unit", toMend: `write ${text}s, ${text}m or ${text}h` };
  const part = /([0-9]+(?:\.[0-9]+)?)(ms|us|d|h|m|s)/y;
  let total = 0;
  let lastUnit = Infinity;
  let end = 0;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    const unit = DURATION_UNITS.get(match[2] ?? "") ?? 0;
    if (unit >= lastUnit) return { ok: false, why: "its units do not go from long to short" };
    lastUnit = unit;
    total += Number(match[1]) * unit;
    end = part.lastIndex;
  }
  if (end === 0 || end !== text.length) return { ok: false, why: "it is no duration" };
  const micros = Math.round(total);
  if (micros < 1) return { ok: false, why: "it is shorter than 1us" };
  if (micros > LONGEST_DURATION) return { ok: false, why: "it is longer than 3650d" };
  return { ok: true, value: micros };
}

/** Reads `2.7/s`, `60/m`, `100/h`, `5/d` as events a second, 0 to 1,000,000. */
export function readRate(text: string): Read<number> {
  const match = /^([0-9]+(?:\.[0-9]+)?)\/([smhd])$/.exec(text);
  if (match === null) {
    const isBare = /^[0-9]+(\.[0-9]+)?$/.test(text);
    return isBare
      ? { ok: false, why: "it has no unit", toMend: `write ${text}/s, ${text}/m or ${text}/h` }
      : { ok: false, why: "it is no rate" };
  }
  const rate = Number(match[1]) / (SECONDS_OF_RATE_UNIT.get(match[2] ?? "") ?? 1);
  if (rate > HIGHEST_RATE) return { ok: false, why: `it is more than ${HIGHEST_RATE}/s` };
  return { ok: true, value: rate };
}

/** Reads a Kubernetes or CoreDNS release, `1.23.10` or `v1.23.10`; the patch is never guessed. */
export function readVersion(text: string): Read<Version> {
  const match = /^v?(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})(?:\.(0|[1-9][0-9]{0,4}))?$/.exec(text);
  if (match === null) return { ok: false, why: "it is no release" };
  if (match[3] === undefined) {
    return {
      ok: false,
      why: "it names no patch release, and patches differ in behaviour",
      toMend: `write the patch too, such as ${text}.0`,
    };
  }
  return { ok: true, value: [Number(match[1]), Number(match[2]), Number(match[3])] };
}

/** Reads a dotted quad. */
export function readAddress(text: string): Read<Ipv4> {
  const address = parseIpv4(text);
  if (address !== undefined) return { ok: true, value: address };
  const [, bare = "", sign] = /^(.+)([/:])[0-9]+$/.exec(text) ?? [];
  if (parseIpv4(bare) !== undefined)
    return { ok: false, why: `a ${sign === "/" ? "prefix" : "port"} has no place here`, toMend: `write ${bare}` };
  if (text.includes(":")) return { ok: false, why: "only IPv4 is modelled" };
  return { ok: false, why: "it is no IPv4 address" };
}

/** Reads a ClusterIP: a dotted quad, or `None` for a headless service, which has no address (`null`). */
export function readClusterIp(text: string): Read<Ipv4 | null> {
  return text === "None" ? { ok: true, value: null } : readAddress(text);
}

/** Reads an address with its prefix, such as `10.10.85.105/24`. */
export function readInterfaceAddress(text: string): Read<InterfaceAddress> {
  const match = /^([^/]+)\/(0|[1-9][0-9]?)$/.exec(text);
  const address = parseIpv4(match?.[1] ?? text);
  const prefixLength = Number(match?.[2]);
  if (address === undefined)
    return text.includes(":")
      ? { ok: false, why: "only IPv4 is modelled" }
      : { ok: false, why: "it is no IPv4 address with a prefix" };
  if (match === null)
    return { ok: false, why: "it has no prefix", toMend: `write ${text}/24, with the length that the network has` };
  if (prefixLength > 32) return { ok: false, why: "its prefix is longer than 32 bits" };
  return { ok: true, value: { address, prefixLength } };
}

/** Reads `10.10.85.10:10050`. */
export function readEndpoint(text: string): Read<Endpoint> {
  const match = /^([^:]+)(?::([0-9]{1,5}))?$/.exec(text);
  const address = parseIpv4(match?.[1] ?? "");
  if (match === null || address === undefined) return { ok: false, why: "it is no IPv4 address with a port" };
  if (match[2] === undefined)
    return { ok: false, why: "it has no port", toMend: `write ${text}:80, with the port that is called` };
  const port = Number(match[2]);
  if (port < 1 || port > 65535) return { ok: false, why: "its port is not 1 to 65535" };
  return { ok: true, value: { address, port } };
}

/** Whom a workload connects to: an address, or the name of a pod or a service, with a port. */
export type Target = Endpoint | { readonly name: string; readonly port: Port };

/** Reads `10.10.85.10:10050`, or `default/web:80`: a name has its namespace before it. */
export function readTarget(text: string): Read<Target> {
  const match = /^([a-z0-9.-]+\/[a-z0-9.-]+)(?::([0-9]{1,5}))?$/.exec(text);
  if (match === null) return readEndpoint(text);
  const [, name = "", digits] = match;
  if (digits === undefined)
    return { ok: false, why: "it has no port", toMend: `write ${name}:80, with the port that is called` };
  const port = Number(digits);
  if (port < 1 || port > 65535) return { ok: false, why: "its port is not 1 to 65535" };
  return { ok: true, value: { name, port } };
}

/** A port of one transport protocol. */
export interface ProtocolPort {
  readonly port: Port;
  readonly protocol: "TCP" | "UDP";
}

/** Reads `8472/UDP`. */
export function readProtocolPort(text: string): Read<ProtocolPort> {
  const match = /^([0-9]{1,5})(?:\/(TCP|UDP|tcp|udp))?$/.exec(text);
  if (match === null) return { ok: false, why: "it is no port with its protocol" };
  const port = Number(match[1]);
  if (port < 1 || port > 65535) return { ok: false, why: "its port is not 1 to 65535" };
  if (match[2] === undefined)
    return { ok: false, why: "it has no protocol", toMend: `write ${text}/TCP or ${text}/UDP` };
  return { ok: true, value: { port, protocol: match[2].toUpperCase() === "UDP" ? "UDP" : "TCP" } };
}

/** Reads `20000-40000`: low and high port, both included. */
export function readPortSpan(text: string): Read<readonly [low: Port, high: Port]> {
  const match = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(text);
  if (match === null) {
    const mended = text.replace(/\s*[\u2010-\u2015\u2212\s]\s*/u, "-");
    if (mended !== text && /^[0-9]{1,5}-[0-9]{1,5}$/.test(mended)) {
      return { ok: false, why: 'something else stands where a "-" (U+002D) belongs', toMend: `write ${mended}` };
    }
    return { ok: false, why: "it is no range of ports" };
  }
  const low = Number(match[1]);
  const high = Number(match[2]);
  if (low < 1 || high > 65535) return { ok: false, why: "ports are 1 to 65535" };
  if (low > high) return { ok: false, why: "it runs backwards", toMend: `write ${high}-${low}` };
  return { ok: true, value: [low, high] };
}
