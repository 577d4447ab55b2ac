import { formatPortList } from "../kernel/sysctl_port_list.ts";
import { formatCount } from "../study/format_count.ts";
import type { Port } from "../units.ts";

/** `1 port`, `1,384 ports`. */
export function plural(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? "" : "s"}`;
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

/** `1 in 4,571`; empty for 0. */
export function oneIn(value: number): string {
  return value > 0 ? `1 in ${formatCount(Math.round(1 / value))}` : "";
}
