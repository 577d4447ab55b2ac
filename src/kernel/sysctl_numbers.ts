/** Why the kernel finds no number at a place. */
export type NumberFault = "end" | "no-digit" | "octal" | "too-long" | "follower";

/** A number of a line, or the place and the reason that there is none. */
export type ScannedNumber =
  | { readonly ok: true; readonly value: number; readonly isNegative: boolean; readonly end: number }
  | { readonly ok: false; readonly fault: NumberFault; readonly at: number };

/** The kernel copies so many characters of a number and refuses one that fills them. */
const LONGEST = 21;

const SPACES = " \t\n\v\f\r";

/**
 * Reads one number as the kernel does: an optional `-`, then decimal, `0x` hexadecimal or `0` octal digits, then the end
 * of the line or one of `followers`. Numbers above 2^53 lose their last digits; all callers refuse them anyway.
 *
 * Source: kernel/sysctl.c proc_get_long, v6.12.
 */
export function scanNumber(line: string, start: number, followers: string): ScannedNumber {
  if (start >= line.length) return { ok: false, fault: "end", at: start };
  const isNegative = line[start] === "-" && start + 1 < line.length;
  const first = isNegative ? start + 1 : start;
  const digits = /^(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(line.slice(first, first + 4 * LONGEST))?.[0];
  if (digits === undefined) return { ok: false, fault: "no-digit", at: first };
  const end = first + digits.length;
  if (end - start >= LONGEST) return { ok: false, fault: "too-long", at: start };
  const follower = line[end];
  if (follower !== undefined && !followers.includes(follower)) {
    const isOctal = digits.startsWith("0") && (follower === "8" || follower === "9");
    return { ok: false, fault: isOctal ? "octal" : "follower", at: end };
  }
  const isOctal = digits.length > 1 && /^0[0-7]/.test(digits);
  const value = isOctal ? Number(`0o${digits.slice(1)}`) : Number(digits);
  return { ok: true, value, isNegative, end };
}

/** The first place from `start` on where no white space stands. */
function skipSpaces(line: string, start: number): number {
  let at = start;
  while (at < line.length && SPACES.includes(line[at]!)) at += 1;
  return at;
}

/** The numbers of a line, or why they cannot be read. */
export type ScannedLine =
  | { readonly ok: true; readonly values: readonly number[] }
  | { readonly ok: false; readonly fault: NumberFault; readonly at: number };

/**
 * Reads up to `count` numbers parted by white space, signs applied. What follows the last of them is not looked at: a
 * third number after a port range is ignored, and so is a word after a single number and a space.
 *
 * Source: kernel/sysctl.c do_proc_dointvec, v6.12.
 */
export function scanLine(text: string, count: number): ScannedLine {
  const line = `${text}\n`;
  const values: number[] = [];
  let at = skipSpaces(line, 0);
  while (at < line.length && values.length < count) {
    const scanned = scanNumber(line, at, " \t\n");
    if (!scanned.ok) return scanned;
    values.push(scanned.isNegative ? -scanned.value : scanned.value);
    at = skipSpaces(line, scanned.end);
  }
  return values.length === 0 ? { ok: false, fault: "end", at } : { ok: true, values };
}
