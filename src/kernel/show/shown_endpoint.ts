import { formatIpv4, type Ipv4, parseIpv4, type Port } from "../../units.ts";
import { parseCount } from "./listing.ts";

/** An address and a port as a tool shows them; IPv6 comes from real nodes only. */
export interface ShownEndpoint {
  /** Without brackets: `10.0.0.1`, `::ffff:10.0.0.1`, `fe80::1%eth0`; `*` for both families' any. */
  readonly address: string;
  /** 0 where `ss` shows `*`. */
  readonly port: Port;
}

/** An endpoint of the simulated kernel. */
export function shownEndpoint(address: Ipv4, port: Port): ShownEndpoint {
  return { address: formatIpv4(address), port };
}

/** `10.0.0.1:80` or `[::1]:80`. */
export function endpointText({ address, port }: ShownEndpoint): string {
  return `${hostText(address)}:${port}`;
}

/** The address as it stands before a port: IPv6 in brackets, with the interface behind them. */
export function hostText(address: string): string {
  if (!address.includes(":")) return address;
  const [ip = address, ...zone] = address.split("%");
  return zone.length === 0 ? `[${ip}]` : `[${ip}]%${zone.join("%")}`;
}

/**
 * Reads `address:port`; IPv6 with or without brackets; `*` for a port is 0.
 *
 * @returns `undefined` if it is neither.
 */
export function parseEndpoint(text: string): ShownEndpoint | undefined {
  const split = text.lastIndexOf(":");
  if (split <= 0) return undefined;
  const portText = text.slice(split + 1);
  const port = portText === "*" ? 0 : parsePort(portText);
  const address = parseHost(text.slice(0, split));
  return port === undefined || address === undefined ? undefined : { address, port };
}

/** A port in decimal, or `undefined`. */
export function parsePort(text: string | undefined): Port | undefined {
  const port = parseCount(text);
  return port === undefined || port > 65_535 ? undefined : port;
}

/** An address with or without brackets, or `undefined`. */
export function parseHost(text: string): string | undefined {
  const bracketed = /^\[([^\]]*)\](%.+)?$/.exec(text);
  if (bracketed !== null) {
    const ip = bracketed[1]!;
    return isIpv6(ip) ? `${ip}${bracketed[2] ?? ""}` : undefined;
  }
  if (text === "*" || parseIpv4(text) !== undefined) return text;
  const [ip = text, zone] = text.split("%");
  if (zone !== undefined && parseIpv4(ip) !== undefined) return text;
  return isIpv6(ip) ? text : undefined;
}

/** The IPv4 address that a shown address is: itself, or what an IPv4-mapped one maps; `undefined` for any other. */
export function ipv4Of(address: string): Ipv4 | undefined {
  const [ip = address] = address.split("%");
  return parseIpv4(ip.replace(/^::ffff:/i, ""));
}

/** Whether two endpoints stand in the order of a listing: by address, IPv4 before the rest, then by port. */
export function compareEndpoints(a: ShownEndpoint, b: ShownEndpoint): number {
  return compareAddresses(a.address, b.address) || a.port - b.port;
}

function compareAddresses(a: string, b: string): number {
  const first = parseIpv4(a);
  const second = parseIpv4(b);
  if (first !== undefined && second !== undefined) return (first >>> 0) - (second >>> 0);
  if (first !== undefined || second !== undefined) return first === undefined ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isIpv6(text: string): boolean {
  if (!text.includes(":") || !/^[0-9a-fA-F:.]+$/.test(text)) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const mapped = groups.at(-1)?.includes(".") === true ? groups.pop() : undefined;
  if (mapped !== undefined && parseIpv4(mapped) === undefined) return false;
  const width = groups.length + (mapped === undefined ? 0 : 2);
  const isFull = halves.length === 2 ? width < 8 : width === 8;
  return isFull && groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group));
}
