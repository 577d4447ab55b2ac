import { parseIpv4, prefixMask } from "../../units.ts";
import type { Ipv4 } from "../../units.ts";
import type { PortRange } from "./ruleset.ts";

/**
 * Splits a line into words as iptables-restore does: blanks part words, double quotes hold them together, and inside
 * quotes a backslash takes the next character as it is.
 *
 * @returns the words, or `undefined` if a quote is not closed.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (let index = 0; index < line.length; index += 1) {
    const character = line.charAt(index);
    if (isQuoted && character === "\\" && index + 1 < line.length) {
      index += 1;
      word = (word ?? "") + line.charAt(index);
    } else if (character === '"') {
      isQuoted = !isQuoted;
      word ??= "";
    } else if (!isQuoted && (character === " " || character === "\t")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (isQuoted) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

/** A whole number from 0 to `most`, decimal or `0x` hexadecimal, or `undefined`. */
export function parseWhole(text: string, most: number): number | undefined {
  if (!/^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}

/** `value[/mask]` as unsigned 32-bit numbers; without a mask all bits count. `undefined` if it is neither. */
export function parseMasked(text: string): { value: number; mask: number } | undefined {
  const parts = text.split("/");
  const value = parseWhole(parts[0] ?? "", 0xffffffff);
  const mask = parts.length < 2 ? 0xffffffff : parseWhole(parts[1] ?? "", 0xffffffff);
  if (parts.length > 2 || value === undefined || mask === undefined) return undefined;
  return { value, mask };
}

/** `port`, `low:high`, `low:` or `:high` (with another `separator` where a target uses one), or `undefined`. */
export function parsePorts(text: string, separator: ":" | "-" = ":"): PortRange | undefined {
  const parts = text.split(separator);
  if (parts.length > 2 || text === separator) return undefined;
  const low = parts.length === 2 && parts[0] === "" ? 0 : parseWhole(parts[0] ?? "", 65535);
  const high = parts.length === 1 ? low : parts[1] === "" ? 65535 : parseWhole(parts[1] ?? "", 65535);
  return low === undefined || high === undefined || low > high ? undefined : { low, high };
}

/** `address`, `address/length` or `address/mask`; the address is cut to the mask. `undefined` if it is none of them. */
export function parsePrefix(text: string): { address: Ipv4; mask: Ipv4 } | undefined {
  const parts = text.split("/");
  const address = parseIpv4(parts[0] ?? "");
  if (address === undefined || parts.length > 2) return undefined;
  const length = parts[1] ?? "32";
  const bits = /^[0-9]{1,2}$/.test(length) ? Number(length) : undefined;
  const mask = bits === undefined ? parseIpv4(length) : bits <= 32 ? prefixMask(bits) : undefined;
  return mask === undefined ? undefined : { address: address & mask, mask };
}
