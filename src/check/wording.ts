import { formatPortList } from "../kernel/sysctl_port_list.ts";
import type { Port } from "../units.ts";

/** A count with its thousands parted by commas. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(?:[0-9]{3})+$)/g, ",");
}

/** `1 port`, `1,384 ports`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Ports as the kernel prints a list: sorted, neighbours joined, `10250,30000-32767`. */
export function portList(ports: Iterable<Port>): string {
  const flags = new Uint8Array(65_536);
  for (const port of ports) flags[port] = 1;
  return formatPortList(flags);
}

const NAMED = 24;

/** A port list for a sentence: of a long one only the beginning. */
export function portsText(ports: Iterable<Port>): string {
  const parts = portList(ports).split(",");
  if (parts.length <= NAMED) return parts.join(" ");
  return `${parts.slice(0, NAMED).join(" ")} and so on up to ${parts.at(-1)?.split("-").at(-1) ?? ""}`;
}

/** A probability with three significant digits. */
export function probability(value: number): string {
  if (value === 0) return "0";
  return value < 0.01 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

/** `1 in 4,571`; empty for 0. */
export function oneIn(value: number): string {
  return value > 0 ? `1 in ${count(Math.round(1 / value))}` : "";
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** Whether two CIDR networks share an address; both ends are given as network number and prefix length. */
export function isOverlap(
  a: { readonly address: number; readonly prefixLength: number },
  b: { readonly address: number; readonly prefixLength: number },
): boolean {
  const length = Math.min(a.prefixLength, b.prefixLength);
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return ((a.address ^ b.address) & mask) >>> 0 === 0;
}
