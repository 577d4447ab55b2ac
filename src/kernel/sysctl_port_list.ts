import { scanNumber } from "./sysctl_numbers.ts";
import { characterAt, DASHES, invalid, isDashAt, type SysctlProblem } from "./sysctl_problem.ts";

const PORT_COUNT = 65_536;

/** A valid list as one flag per port, or the problem. */
export type ParsedPortList =
  { readonly ok: true; readonly flags: Uint8Array } | { readonly ok: false; readonly problem: SysctlProblem };

/**
 * Reads what is written to `ip_local_reserved_ports`: ports and `a-b` ranges, each followed by a comma, a line end or
 * nothing. Ports are decimal, `0x` or octal (`010` is 8). There may be no white space. The list replaces the one before;
 * an empty line clears it; any error changes nothing.
 *
 * Source: kernel/sysctl.c proc_do_large_bitmap, v6.12.
 */
export function parsePortList(text: string): ParsedPortList {
  const scanned = scanList(text);
  if (scanned.ok) return scanned;
  const meant = meantList(text);
  const isRead = meant !== "" && scanList(meant).ok;
  const mend = isRead
    ? `write ${meant}`
    : "write ports and ranges with commas and without spaces, such as 10250,30000-32767";
  return { ok: false, problem: invalid(scanned.message, mend) };
}

/** The list as `/proc` prints it: sorted, neighbours merged, `10250,30000-32767`. O(65536). */
export function formatPortList(flags: Uint8Array): string {
  const parts: string[] = [];
  let first = flags.indexOf(1);
  while (first >= 0) {
    const end = flags.indexOf(0, first);
    const last = (end < 0 ? PORT_COUNT : end) - 1;
    parts.push(first === last ? `${first}` : `${first}-${last}`);
    first = end < 0 ? -1 : flags.indexOf(1, end);
  }
  return parts.join(",");
}

type ScannedList = { readonly ok: true; readonly flags: Uint8Array } | { readonly ok: false; readonly message: string };

function scanList(text: string): ScannedList {
  const line = `${text}\n`;
  const flags = new Uint8Array(PORT_COUNT);
  let at = skipLineEnds(line, 0);
  while (at < line.length) {
    const first = scanNumber(line, at, "-,\n");
    if (!first.ok) return refuse(faultAt(text, first.fault, first.at, at));
    if (first.isNegative || first.value >= PORT_COUNT) return refuse(portFault(text, at, first.end));
    let last = first;
    if (line[first.end] === "-") {
      const start = first.end + 1;
      const second = scanNumber(line, start, ",\n\0");
      if (!second.ok) return refuse(faultAt(text, second.fault, second.at, start));
      if (second.isNegative || second.value >= PORT_COUNT) return refuse(portFault(text, start, second.end));
      if (first.value > second.value) return refuse(`${text.slice(at, second.end)} runs backwards`);
      last = second;
    }
    flags.fill(1, first.value, last.value + 1);
    at = skipLineEnds(line, last.end + 1);
  }
  return { ok: true, flags };
}

function skipLineEnds(line: string, start: number): number {
  let at = start;
  while (line[at] === "\n") at += 1;
  return at;
}

/** What is wrong with text that the kernel cannot read as a number that began at `start`. */
function faultAt(text: string, fault: string, at: number, start: number): string {
  const found = characterAt(text, at);
  if (isDashAt(text, at)) return `${found} stands where a "-" belongs`;
  if (/[ \t\r]/.test(text.charAt(at))) return `${found} stands in the list, and the kernel takes none`;
  if (fault === "octal")
    return `${octalRun(text, start)} begins with 0, so it is octal, and ${found} is no octal digit`;
  if (fault === "too-long") return "a number has more than 20 characters";
  if (fault === "follower") {
    const isThird = text.charAt(at) === "-";
    return isThird ? `"-" stands behind a range` : `${found} stands where "," or "-" or the end of the line belongs`;
  }
  const isEnd = at >= text.length || text.charAt(at) === "\n";
  if (isEnd && text.charAt(start - 1) === "-") return "a range has no upper end";
  return text.charAt(at) === "," ? `a port is missing before ","` : `${found} stands where a port belongs`;
}

function octalRun(text: string, start: number): string {
  return /^-?\d+/.exec(text.slice(start))?.[0] ?? "";
}

function portFault(text: string, start: number, end: number): string {
  return `${text.slice(start, end)} is no port from 0 to 65535`;
}

function refuse(message: string): ScannedList {
  return { ok: false, message };
}

/** The list with plain dashes, commas for white space, no signs and quotes, and no range backwards. */
function meantList(text: string): string {
  return text
    .replace(DASHES, "-")
    .replace(/["'\u2018-\u201d]/g, "")
    .trim()
    .replace(/\s*([-,;:])\s*/g, "$1")
    .replace(/[\s;]+/g, ",")
    .replace(/:/g, "-")
    .replace(/(^|[-,])[+-](?=\d)/g, "$1")
    .replace(/(^|[-,])0+(?=\d*[89])/g, "$1")
    .replace(/,{2,}/g, ",")
    .replace(/^,|-(?=,|$)/g, "")
    .replace(/(^|,)(\d+)-(\d+)(?=,|$)/g, (whole, before: string, low: string, high: string) =>
      Number(low) > Number(high) ? `${before}${high}-${low}` : whole,
    );
}
