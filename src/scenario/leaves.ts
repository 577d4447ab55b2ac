import { z } from "zod";
import {
  readAddress,
  readClusterIp,
  readDuration,
  readInterfaceAddress,
  readPortSpan,
  readProtocolPort,
  readRate,
  readTarget,
  readVersion,
  type Read,
} from "./values.ts";

/** How a single value of a scenario is taken from YAML. */
export interface Leaf {
  /** Whether its source text counts, never a YAML number: `5.10` is 5.10. */
  readonly isText: boolean;
  /** What a diagnostic says was expected. */
  readonly expected: string;
}

/** The leaves of the schema; what is not in here is a map, a list or a choice. */
export const leaves = z.registry<Leaf>();

/** A text in any form, at most 1,000 characters. */
export function text(description: string, expected: string) {
  return z.string().min(1).max(1000).meta({ description }).register(leaves, { isText: true, expected });
}

/** A text that may be empty: a sysctl's value, at most 65,536 characters. */
export function possiblyEmptyText(description: string, expected: string) {
  return z.string().max(65_536).meta({ description }).register(leaves, { isText: true, expected });
}

/** A whole number from `low` to `high`. */
export function whole(description: string, low: number, high: number) {
  const expected = `a whole number from ${low} to ${high}`;
  return z.int().min(low).max(high).meta({ description }).register(leaves, { isText: false, expected });
}

/** Any finite number. */
export function finite(description: string) {
  return z.number().meta({ description }).register(leaves, { isText: false, expected: "a number" });
}

/** A number from 0 to 1. */
export function share(description: string) {
  return z
    .number()
    .min(0)
    .max(1)
    .meta({ description })
    .register(leaves, { isText: false, expected: "a number from 0 to 1" });
}

/** `true` or `false`. */
export function truth(description: string) {
  return z.boolean().meta({ description }).register(leaves, { isText: false, expected: "true or false" });
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(description: string, words: Words) {
  const expected = words.length === 1 ? words[0] : `one of ${words.join(", ")}`;
  return z.enum(words).meta({ description }).register(leaves, { isText: true, expected });
}

/** A TCP or UDP port, 1 to 65535. */
export function port(description: string) {
  return whole(description, 1, 65_535);
}

/** A stretch of time, in microseconds once read. */
export function duration(description: string) {
  return parsed(description, "a duration such as 24h, 90m, 1h30m, 30s or 500us", readDuration);
}

/** How often something happens, in events a second once read. */
export function rate(description: string) {
  return parsed(description, "a rate such as 2.7/s, 60/m or 100/h", readRate);
}

/** A release of Kubernetes or CoreDNS. */
export function version(description: string) {
  return parsed(description, "a release such as 1.23.10", readVersion);
}

/** An IPv4 address. */
export function address(description: string) {
  return parsed(description, "an IPv4 address such as 10.23.77.140", readAddress);
}

/** A ClusterIP or `None`, which reads as `null`. */
export function clusterIp(description: string) {
  return parsed(description, "an IPv4 address such as 10.23.254.52, or None", readClusterIp);
}

/** An IPv4 address with its prefix. */
export function interfaceAddress(description: string) {
  return parsed(description, "an IPv4 address with its prefix, such as 10.10.85.105/24", readInterfaceAddress);
}

/** An IPv4 address, or the name of a pod or a service, with a port. */
export function target(description: string) {
  return parsed(
    description,
    "an IPv4 address with a port, such as 10.10.85.10:10050, or a pod or service, such as default/web:80",
    readTarget,
  );
}

/** A port with its protocol. */
export function protocolPort(description: string) {
  return parsed(description, "a port with its protocol, such as 8472/UDP", readProtocolPort);
}

/** Low and high port. */
export function portSpan(description: string) {
  return parsed(description, "low and high port, such as 30000-32767", readPortSpan);
}

function parsed<T>(description: string, expected: string, read: (text: string) => Read<T>) {
  return z
    .string()
    .max(1000)
    .transform((input, context): T => {
      const result = read(input);
      if (result.ok) return result.value;
      context.issues.push({
        code: "custom",
        message: result.why,
        input,
        ...(result.toMend === undefined ? {} : { params: { toMend: result.toMend } }),
      });
      return z.NEVER;
    })
    .meta({ description })
    .register(leaves, { isText: true, expected });
}
