import type { Port } from "../units.ts";
import { scanLine } from "./sysctl_numbers.ts";
import { DASHES, invalid, isDashAt, numberProblem, type SysctlProblem } from "./sysctl_problem.ts";

/** Both ends included. */
export type PortRange = readonly [low: Port, high: Port];

/** A valid range, or the problem. */
export type ParsedPortRange =
  { readonly ok: true; readonly range: PortRange } | { readonly ok: false; readonly problem: SysctlProblem };

const EXAMPLE = "write two ports from 1 to 65535 with a space between them, such as 32768 60999";

/**
 * Reads what is written to `ip_local_port_range`: two ports parted by white space; one alone changes only the low end
 * of `current`. The low port must not be above the high one nor below `unprivilegedStart` (0 where the kernel does not
 * compare them).
 *
 * Not modelled: the log line about ends of the same parity, which changes nothing.
 * Source: net/ipv4/sysctl_net_ipv4.c ipv4_local_port_range, v6.12.
 */
export function parsePortRange(text: string, current: PortRange, unprivilegedStart: Port): ParsedPortRange {
  const scanned = scanLine(text, 2);
  if (!scanned.ok) {
    const isDash = isDashAt(text, scanned.at) || (scanned.fault === "follower" && /[-,]/.test(text.charAt(scanned.at)));
    const found = numberProblem(text, scanned.fault, scanned.at);
    const message = isDash ? found.replace(/stands .*/, "stands where white space belongs") : found;
    return { ok: false, problem: invalid(message, mendOf(text)) };
  }
  const [low = current[0], high = current[1]] = scanned.values;
  const outside = scanned.values.find((port) => port < 1 || port > 65_535);
  if (outside !== undefined) {
    return { ok: false, problem: invalid(`${outside} is no port from 1 to 65535`, EXAMPLE) };
  }
  if (low > high) {
    const message =
      scanned.values.length === 2
        ? `${low} ${high} runs backwards`
        : `${low} alone changes only the low port, and the high port is ${high}`;
    return { ok: false, problem: invalid(message, scanned.values.length === 2 ? `write ${high} ${low}` : EXAMPLE) };
  }
  if (low < unprivilegedStart) {
    const message = `the low port ${low} is below net.ipv4.ip_unprivileged_port_start, which is ${unprivilegedStart}`;
    const mend = `write a low port of ${unprivilegedStart} or more, or lower net.ipv4.ip_unprivileged_port_start first`;
    return { ok: false, problem: invalid(message, mend) };
  }
  return { ok: true, range: [low, high] };
}

/** If exactly two ports stand in the text, they are meant. */
function mendOf(text: string): string {
  const ports = text.replace(DASHES, "-").match(/\d+/g)?.map(Number) ?? [];
  const [first = 0, second = 0] = ports;
  const isPair = ports.length === 2 && ports.every((port) => port >= 1 && port <= 65_535);
  return isPair ? `write ${Math.min(first, second)} ${Math.max(first, second)}` : EXAMPLE;
}
