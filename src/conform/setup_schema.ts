import { z } from "zod";
import { parseIpv4 } from "../units.ts";

// Before working on this file read the description of kernel-case/1, section 2 (`setup`).
// Objects are strict; `readCase` turns a field that the description does not name into a remark instead of a problem.

/** A dotted quad. */
export const addressSchema = z.string().refine((text) => parseIpv4(text) !== undefined, "is not an IPv4 address");

/** `address/length`, length 0 to 32. */
const prefixSchema = z.string().refine((text) => {
  const [address = "", length = "", ...rest] = text.split("/");
  return rest.length === 0 && parseIpv4(address) !== undefined && /^([0-9]|[12][0-9]|3[0-2])$/.test(length);
}, "is not an IPv4 prefix");

/** A port, 0 to 65535. */
export const portSchema = z.int().min(0).max(65535);

/** A number of things or bytes. */
export const countSchema = z.int().min(0);

/** The longest time that a case may take, in milliseconds: eleven days. */
export const LONGEST_MS = 1_000_000_000;

/** A moment of a case, in milliseconds; negative before its capture. */
export const momentSchema = z.number().min(-LONGEST_MS).max(LONGEST_MS);

/** The most seconds that ipvsadm takes as a timeout: 31 days. */
const PERSISTENCE_MOST_S = 31 * 24 * 60 * 60;

/** The weight of a real server, as far as ipvsadm takes one: weighted schedulers count through it. */
const weightSchema = z.int().min(0).max(65_535);

/** A sysctl's value as written to its file. */
export const sysctlsSchema = z.record(z.string(), z.union([z.string(), z.number()]));

const linkSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(["loopback", "dummy", "veth", "bridge"]),
  addresses: z.array(prefixSchema).default([]),
  /** The other end of a veth: namespace and interface. */
  peer: z.tuple([z.string(), z.string()]).optional(),
  /** A bridge's veths in this namespace, in the order in which they were attached. */
  ports: z.array(z.string()).optional(),
  /** The port whose MAC address the bridge had in the recording. */
  mac_of: z.string().optional(),
});

const routeSchema = z.strictObject({
  dst: z.union([prefixSchema, z.literal("default")]),
  via: addressSchema.optional(),
  dev: z.string().optional(),
  type: z.enum(["blackhole", "unreachable"]).optional(),
});

const realServerSchema = z.strictObject({ address: addressSchema, port: portSchema, weight: weightSchema });

/** One virtual service, or one per pair of `ports` and `addresses`. */
export const serviceSchema = z
  .strictObject({
    protocol: z.enum(["tcp", "udp"]),
    address: addressSchema.optional(),
    port: portSchema.optional(),
    addresses: z.array(addressSchema).max(100).optional(),
    ports: z.array(portSchema).max(5000).optional(),
    scheduler: z.string(),
    persistent_timeout_s: z.number().min(0).max(PERSISTENCE_MOST_S).default(0),
    real_servers: z.array(realServerSchema).default([]),
  })
  .refine(
    ({ address, addresses, port, ports }) =>
      (address === undefined) !== (addresses === undefined) && (port === undefined) !== (ports === undefined),
    "needs either address and port or addresses and ports",
  );

/** A TCP server: what it does with a connection, and its accept queue. */
export const listenerFields = {
  address: addressSchema,
  port: portSchema,
  close: z.enum(["client-first", "server-first", "never-answers", "by action"]),
  backlog: countSchema.optional(),
};

const namespaceSchema = z.strictObject({
  links: z.array(linkSchema),
  routes: z.array(routeSchema).default([]),
  sysctls: sysctlsSchema.default({}),
  iptables: z.array(z.string()).default([]),
  /** A ruleset for `nft -f`, as one text or as lines. */
  nft: z.union([z.string(), z.array(z.string())]).optional(),
  ipvs: z.array(serviceSchema).default([]),
  listeners: z.array(z.strictObject(listenerFields)).default([]),
});

/** Namespaces by name, and the sysctls that exist once per kernel. */
export const setupSchema = z.strictObject({
  namespaces: z.record(z.string(), namespaceSchema),
  global_sysctls: sysctlsSchema.default({}),
});

/** One interface of a namespace. */
export type CaseLink = z.infer<typeof linkSchema>;
/** One route besides those of the addresses. */
export type CaseRoute = z.infer<typeof routeSchema>;
/** One entry of `ipvs`. */
export type CaseService = z.infer<typeof serviceSchema>;
/** One network namespace of the setup. */
export type CaseNamespace = z.infer<typeof namespaceSchema>;
/** What exists before the first action. */
export type CaseSetup = z.infer<typeof setupSchema>;
/** One TCP server. */
export type CaseListener = CaseNamespace["listeners"][number];
