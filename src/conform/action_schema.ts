import { z } from "zod";
import {
  addressSchema,
  countSchema,
  listenerFields,
  LONGEST_MS,
  momentSchema,
  portSchema,
  serviceSchema,
  sysctlsSchema,
} from "./setup_schema.ts";

// Before working on this file read the description of kernel-case/1, section 4 (`actions`).

const duration = z.number().min(0).max(LONGEST_MS);
/** How often an action does the same thing. */
const times = z.int().min(0).max(100_000);
const bytes = z.int().min(0).max(100_000_000);
const destination = z.tuple([addressSchema, portSchema]);

/** What any action may say of when it happens and what it starts. */
const timing = {
  /** Since the start of the capture; negative for what was done before. Absent: when the action before has ended. */
  at_ms: momentSchema.optional(),
  at_ms_uncertain: z.tuple([momentSchema, momentSchema]).optional(),
  /** Marks the beginning that an `until_success` counts its seconds from. */
  mark_start: z.union([z.boolean(), z.string()]).optional(),
  /** The name of the socket in `socket_states` whose states are watched after its close. */
  watch: z.string().optional(),
};

const bindSchema = z.strictObject({
  address: addressSchema,
  port: portSchema,
  /** IP_BIND_ADDRESS_NO_PORT: connect() chooses the port. */
  no_port: z.boolean().default(false),
  so_reuseaddr: z.boolean().default(false),
});

const portRangeText = z.string().refine(
  (text) =>
    /^\s*[0-9]{1,5}\s+[0-9]{1,5}\s*$/.test(text) &&
    text
      .trim()
      .split(/\s+/)
      .every((port) => Number(port) <= 65535),
  "is not two ports, such as 40000 40999",
);

const closeWay = z.enum(["fin", "rst", "keep"]);
/** SO_LINGER, of which the description does not fix the shape: seconds, [onoff, seconds] or an object of both. */
const linger = z.union([z.number(), z.array(z.number()), z.record(z.string(), z.number())]);

const probeSchema = z.strictObject({
  op: z.literal("probe"),
  ...timing,
  called_at_ms: momentSchema.optional(),
  netns: z.string(),
  src: addressSchema.optional(),
  sport: portSchema.optional(),
  dst: addressSchema,
  dport: portSchema,
  timeout_ms: duration,
  so_reuseaddr: z.boolean().default(false),
  /** 0 = stop when connected. */
  request_bytes: bytes.default(0),
  close: closeWay,
  linger: linger.optional(),
  count: times.default(1),
  group: z.string().optional(),
});

const connectSchema = z.strictObject({
  op: z.literal("connect"),
  ...timing,
  netns: z.string(),
  to: z.array(destination).min(1),
  count: times.default(1),
  close: closeWay,
  bind: bindSchema.optional(),
  /** IP_LOCAL_PORT_RANGE: `low high` or both numbers. */
  local_port_range: z.union([portRangeText, z.tuple([portSchema, portSchema])]).optional(),
  linger: linger.optional(),
  gap_ms: duration.optional(),
  gap_after_error_ms: duration.optional(),
  /** 0 = start it and do not wait. */
  timeout_ms: duration.optional(),
  on_timeout: z.enum(["close", "keep"]).optional(),
  group: z.string().optional(),
  /** Repeat until one succeeds; the name of the list that holds the seconds it took. */
  until_success: z.string().optional(),
});

const holdSchema = z.strictObject({
  op: z.literal("hold"),
  ...timing,
  id: z.string(),
  netns: z.string(),
  protocol: z.enum(["tcp", "udp"]).default("tcp"),
  bind: z.strictObject({ address: addressSchema, port: portSchema }).optional(),
  so_reuseaddr: z.boolean().default(false),
  so_reuseport: z.boolean().default(false),
  listen: z.boolean().default(false),
  connect: destination.optional(),
});

const stormSchema = z.strictObject({
  op: z.literal("storm"),
  ...timing,
  netns: z.string(),
  src: addressSchema.optional(),
  dst: addressSchema,
  dport: portSchema,
  connects: times,
  in_flight: countSchema,
  start_every_ms: duration,
  timeout_ms: duration,
  close: closeWay,
  group: z.string().optional(),
});

const smallActions = [
  z.strictObject({
    op: z.literal("send"),
    ...timing,
    /** The index of the action that made the socket. */
    action: countSchema,
    request_bytes: bytes,
    timeout_ms: duration,
  }),
  z.strictObject({
    op: z.literal("close"),
    ...timing,
    action: countSchema.optional(),
    side: z.enum(["client", "server"]).default("client"),
    id: z.string().optional(),
  }),
  z.strictObject({ op: z.literal("release"), ...timing }),
  z.strictObject({ op: z.literal("listen"), ...timing, netns: z.string(), ...listenerFields }),
  z.strictObject({ op: z.literal("sysctl"), ...timing, netns: z.string().optional(), set: sysctlsSchema }),
  z.strictObject({ op: z.literal("wait"), ...timing, ms: duration }),
  z.strictObject({ op: z.literal("new_namespaces"), ...timing }),
  z.strictObject({
    op: z.literal("count_sockets"),
    ...timing,
    netns: z.string(),
    state: z.string(),
    group: z.string(),
  }),
  z.strictObject({ op: z.literal("ipvs_add"), ...timing, netns: z.string(), services: z.array(serviceSchema) }),
  z.strictObject({ op: z.literal("ipvs_clear"), ...timing, netns: z.string() }),
  z.strictObject({
    op: z.literal("ipvs_delete_service"),
    ...timing,
    netns: z.string(),
    protocol: z.enum(["tcp", "udp"]).default("tcp"),
    address: addressSchema.optional(),
    port: portSchema.optional(),
    /** The services to delete, by protocol, address and port, where there are several. */
    services: z
      .array(z.looseObject({ protocol: z.enum(["tcp", "udp"]), address: addressSchema, port: portSchema }))
      .optional(),
  }),
] as const;

/** One action: the operation tells which fields it has. */
export const actionSchema = z.discriminatedUnion("op", [
  probeSchema,
  connectSchema,
  holdSchema,
  stormSchema,
  ...smallActions,
]);

/** One thing that is done, with the defaults filled in. */
export type CaseAction = z.infer<typeof actionSchema>;
/** An action of one operation. */
export type CaseActionOf<Op extends CaseAction["op"]> = Extract<CaseAction, { op: Op }>;
