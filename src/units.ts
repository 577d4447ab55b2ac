/**
 * Numbers with a unit. A plain number may become any of them; one of them never becomes another, so a port cannot be
 * passed where microseconds are wanted. They cost nothing at run time.
 */
type Unit<Name extends string> = number & { readonly unit?: Name };

/** A moment or a duration: a whole number of microseconds, held exactly in a double (up to 285 years). */
export type Micros = Unit<"Micros">;

/** A TCP or UDP port, 0 to 65535. */
export type Port = Unit<"Port">;

/** An IPv4 address as a signed 32-bit integer in host order: `10.0.0.1` is `0x0a000001`, `169.254.20.10` is negative. */
export type Ipv4 = Unit<"Ipv4">;

/** Microseconds in one second. */
export const SECOND: Micros = 1_000_000;

/** Microseconds in one millisecond. */
export const MILLISECOND: Micros = 1_000;

/** Seconds, possibly with a fraction, as whole microseconds (rounded to the nearest). */
export function seconds(value: number): Micros {
  return Math.round(value * 1_000_000);
}

/** Milliseconds, possibly with a fraction, as whole microseconds (rounded to the nearest). */
export function milliseconds(value: number): Micros {
  return Math.round(value * 1_000);
}

/**
 * Reads a dotted quad.
 *
 * @returns the address, or `undefined` if `text` is not four decimal numbers from 0 to 255 without leading zeros.
 */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const byte = Number(part);
    if (byte > 255) return undefined;
    address = (address << 8) | byte;
  }
  return address | 0;
}

/** The address as a dotted quad. */
export function formatIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** `address:port`, as `ss` and `ipvsadm -n` print it. */
export function formatEndpoint(address: Ipv4, port: Port): string {
  return `${formatIpv4(address)}:${port}`;
}

/** The mask of a prefix: 25 gives `255.255.255.128`. `prefixLength` is 0 to 32. */
export function prefixMask(prefixLength: number): Ipv4 {
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
}
