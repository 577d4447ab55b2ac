import { z } from "zod";
import { ICMP_FIELDS, PACKET_FIELDS, readPacketRow } from "./recorded_packet.ts";
import type { RecordedPacket } from "./recorded_packet.ts";
import { addressSchema, countSchema, portSchema } from "./setup_schema.ts";

// Before working on this file read the description of kernel-case/1, section 5 (`observed`).
// What a recording holds beyond the description harms nobody, so its objects are loose.

/** The longest recording, in milliseconds: two hours, as long as a run may take. */
const RECORDING_MS_MOST = 7_200_000;
const moment = z.number().min(-RECORDING_MS_MOST).max(RECORDING_MS_MOST);
const span = z.tuple([moment, moment]);

/** Listings of one case, and how long the tools may take for them, in milliseconds: all of it is looked at closely. */
const SNAPSHOTS_MOST = 100;
const SNAPSHOT_MS_MOST = 60_000;

const resultSchema = z.looseObject({
  /** The index of the action. */
  action: countSchema,
  result: z.string(),
  at_ms: moment.optional(),
  connected_at_ms: moment.optional(),
  closed_at_ms: moment.optional(),
  local_port: portSchema.optional(),
});

const socketSchema = z.looseObject({
  state: z.string(),
  local: z.string(),
  peer: z.string(),
  timer: z.string().optional(),
  left_s: z.number().optional(),
  retransmits: countSchema.optional(),
});

const conntrackSchema = z.looseObject({
  state: z.string(),
  left_s: z.number(),
  original: z.string(),
  reply: z.string(),
  flags: z.array(z.string()).default([]),
});

const ipvsConnectionSchema = z.looseObject({
  protocol: z.string(),
  state: z.string(),
  client: z.string(),
  virtual: z.string(),
  real: z.string(),
  left_s: z.number(),
});

const ipvsServiceSchema = z.looseObject({
  protocol: z.string(),
  address: addressSchema,
  port: portSchema,
  scheduler: z.string(),
  /** In the kernel's order. */
  real_servers: z.array(
    z.looseObject({ real: z.string(), weight: countSchema, active: countSchema, inactive: countSchema }),
  ),
});

const trafficFields = {
  connections: countSchema,
  in_packets: countSchema,
  out_packets: countSchema,
  in_bytes: countSchema,
  out_bytes: countSchema,
};

const ipvsStatsSchema = z.looseObject({
  protocol: z.string(),
  virtual: z.string(),
  ...trafficFields,
  real_servers: z.array(z.looseObject({ real: z.string(), ...trafficFields })),
});

const snapshotFields = z.looseObject({
  at_ms: moment,
  end_ms: moment,
  ss: z.record(z.string(), z.array(socketSchema)).optional(),
  conntrack: z.array(conntrackSchema).optional(),
  ipvs_connections: z.array(ipvsConnectionSchema).optional(),
  ipvs: z.array(ipvsServiceSchema).optional(),
  ipvs_stats: z.array(ipvsStatsSchema).optional(),
  tools: z.record(z.string(), z.array(z.string())).optional(),
});

const snapshotSchema = snapshotFields.refine(
  ({ at_ms: start, end_ms: end }) => start <= end && end - start <= SNAPSHOT_MS_MOST,
  `ends before it begins, or more than ${SNAPSHOT_MS_MOST} ms later`,
);

const recordingFields = z.looseObject({
  results: z.array(resultSchema).default([]),
  packet_fields: z.array(z.string()).optional(),
  icmp_fields: z.array(z.string()).optional(),
  packets: z.array(z.array(z.union([z.string(), z.number(), z.null()]))).optional(),
  capture_ms: span.optional(),
  time_tolerance: z
    .looseObject({ ms: z.number().min(0).max(SNAPSHOT_MS_MOST), ratio: z.number().min(0).max(1) })
    .optional(),
  chosen_ports: z.array(z.looseObject({ address: addressSchema, port: portSchema })).default([]),
  snapshots: z.array(snapshotSchema).max(SNAPSHOTS_MOST).default([]),
  groups: z.record(z.string(), z.array(z.union([z.string(), z.number()]))).default({}),
  times_s: z.record(z.string(), z.array(z.number())).default({}),
  storm: z.record(z.string(), z.union([z.number(), z.record(z.string(), z.number())])).optional(),
  socket_state_fields: z.array(z.string()).optional(),
  socket_states: z.record(z.string(), z.array(z.array(z.union([z.string(), z.number(), z.null()])))).default({}),
  close_took_s: z.record(z.string(), z.number()).default({}),
  kernel_log: z.array(z.string()).default([]),
});

/** What the kernel did. The rows of `packets` become objects, by the names of their columns; absent if none were recorded. */
export const recordingSchema = recordingFields.transform((observed, context) => {
  const { packets: rows, packet_fields = PACKET_FIELDS, icmp_fields = ICMP_FIELDS, ...rest } = observed;
  const packets: RecordedPacket[] = [];
  rows?.forEach((row, index) => {
    const packet = readPacketRow(row, packet_fields, icmp_fields);
    if (typeof packet !== "string") packets.push(packet);
    else context.addIssue({ code: "custom", message: `cannot be read: ${packet}`, path: ["packets", index] });
  });
  return { ...rest, packets: rows === undefined ? undefined : packets };
});

/** Two or three events of one connection that fall on the same instant. */
export const raceSchema = z.looseObject({
  near_ms: z.number(),
  /** The namespace in which they meet. */
  where: z.string(),
  /** `source > destination`. */
  connection: z.string(),
  between: z.array(z.string()),
  /** Of a recording that does not tell, either order is the recorded one. */
  first_in_recording: z.string().optional(),
  syn_acks_in_recording: countSchema.optional(),
});

/** The result of one `probe` or `send`. */
export type CaseResult = z.infer<typeof resultSchema>;
/** Listings taken while the case ran. */
export type CaseSnapshot = z.infer<typeof snapshotSchema>;
/** One socket of `ss`. */
export type CaseSocket = z.infer<typeof socketSchema>;
/** One line of `conntrack -L`. */
export type CaseConntrackEntry = z.infer<typeof conntrackSchema>;
/** One line of `ipvsadm -Lnc`. */
export type CaseIpvsConnection = z.infer<typeof ipvsConnectionSchema>;
/** One virtual service with its real servers. */
export type CaseIpvsService = z.infer<typeof ipvsServiceSchema>;
/** The traffic of one virtual service. */
export type CaseIpvsStats = z.infer<typeof ipvsStatsSchema>;
/** An entry of `races`. */
export type CaseRace = z.infer<typeof raceSchema>;
