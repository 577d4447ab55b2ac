import { assert } from "../sim/assert.ts";
import { type Ipv4, parseIpv4 } from "../units.ts";

/** The address that a checked case names. */
export function readAddress(text: string): Ipv4 {
  const address = parseIpv4(text);
  assert(address !== undefined, `"${text}" of a checked case is an address`);
  return address;
}

/** Address and length of a prefix that a checked case names; `default` is 0.0.0.0/0. */
export function readPrefix(text: string): { readonly address: Ipv4; readonly length: number } {
  if (text === "default") return { address: 0, length: 0 };
  const [address = "", length = ""] = text.split("/");
  return { address: readAddress(address), length: Number(length) };
}
