import { z } from "zod";

// Before working on this file read the description of kernel-case/1, section 7 (`laws`).

const port = z.int().min(0).max(65535);
const position = z.int().min(1);
const entry = z.union([z.string(), z.number()]);

/** Ports and blocks of ports [a, b]. */
const portBlocks = z.array(z.union([port, z.tuple([port, port])]));

/** What any law on a list may say of where it holds. */
const onGroup = {
  /** A list of `observed.groups`, or `*` for every list of ports. */
  group: z.string(),
  /** The law holds from the a-th to the b-th connect (from 1). */
  entries: z.tuple([position, position]).optional(),
  /** The law supposes that no second of the kernel's clock begins between the group's connects. */
  within_one_second: z.boolean().default(false),
  why: z.string().optional(),
};

const steps = { modulo: z.int().min(1) };
const jumps = { epoch_s: z.number().positive().optional(), jumps_at_most: z.int().min(0).optional() };
const values = z.array(z.number()).min(1);
const pair = z.tuple([z.string(), z.string()]);
const countedPair = z.tuple([z.string(), z.string(), z.int()]);
const parity = z.enum(["even", "odd"]);

const portLaws = [
  z.strictObject({ law: z.literal("in_range"), ...onGroup, low: port, high: port }),
  z.strictObject({ law: z.literal("parity"), ...onGroup, parity }),
  z.strictObject({ law: z.literal("distinct"), ...onGroup }),
  z.strictObject({ law: z.literal("uses"), ...onGroup, ports: portBlocks }),
  z.strictObject({ law: z.literal("never_uses"), ...onGroup, ports: portBlocks }),
  z.strictObject({ law: z.literal("spread_at_least"), ...onGroup, value: z.number() }),
  z.strictObject({ law: z.literal("parity_first"), ...onGroup, parity, switches_at_connect: position }),
  z.strictObject({ law: z.literal("sets_in_order"), ...onGroup, sets: z.array(z.array(entry)) }),
] as const;

const stepLaws = [
  z.strictObject({
    law: z.literal("steps_in"),
    ...onGroup,
    ...steps,
    ...jumps,
    values,
    skips: z.array(z.tuple([port, port])).default([]),
    low: port.optional(),
  }),
  z.strictObject({ law: z.literal("steps_equal"), ...onGroup, ...steps, value: z.number() }),
  z.strictObject({ law: z.literal("steps_vary"), ...onGroup, ...steps, at_least: z.int() }),
  z.strictObject({ law: z.literal("step_mean"), ...onGroup, ...steps, low: z.number(), high: z.number() }),
  z.strictObject({
    law: z.literal("jumps_only_at_epoch"),
    ...onGroup,
    ...steps,
    values,
    period_s: z.number().positive(),
  }),
] as const;

const resultLaws = [
  z.strictObject({
    law: z.literal("first_error"),
    ...onGroup,
    at_connect: z.array(position).min(1),
    errno: z.string(),
  }),
  z.strictObject({ law: z.literal("all_errors"), ...onGroup, errno: z.string() }),
  z.strictObject({ law: z.literal("all_succeed"), ...onGroup }),
  z.strictObject({ law: z.literal("equals"), ...onGroup, value: entry }),
  z.strictObject({ law: z.literal("number_between"), ...onGroup, low: z.number(), high: z.number() }),
  z.strictObject({ law: z.literal("all_results"), ...onGroup, result: z.string() }),
  z.strictObject({
    law: z.literal("fails_exactly_on"),
    ...onGroup,
    ports: portBlocks,
    failure: z.string(),
    success: z.string(),
  }),
] as const;

const why = { why: z.string().optional() };

const cursorLaws = [
  z.strictObject({
    law: z.literal("cursor_survives"),
    ...steps,
    ...jumps,
    ...why,
    before: z.string(),
    after: z.string(),
    values,
  }),
  z.strictObject({ law: z.literal("cursor_independent"), ...steps, ...jumps, ...why, pairs: z.array(pair), values }),
  z.strictObject({
    law: z.literal("cursor_survives_churn"),
    ...steps,
    ...jumps,
    ...why,
    pairs: z.array(countedPair),
    values,
  }),
  z.strictObject({ law: z.literal("cursor_shared"), ...steps, ...why, pairs: z.array(countedPair) }),
  z.strictObject({ law: z.literal("global_cursor"), ...steps, ...why, step: z.int(), low: port }),
] as const;

const otherLaws = [
  z.strictObject({
    law: z.literal("states_pass"),
    ...why,
    of: z.string(),
    states: z.array(z.union([z.string(), z.null()])),
    /** One more state that may come first, or several of which one may. */
    first_may_be: z.union([z.string(), z.null(), z.array(z.string())]).optional(),
    /** Seconds on the timer of the last state, or their bounds. */
    last_left_s: z.union([z.number(), z.tuple([z.number(), z.number()])]).optional(),
  }),
  z.strictObject({ law: z.literal("close_returns_within_s"), ...why, of: z.string(), value: z.number() }),
  z.strictObject({ law: z.literal("failures_within"), ...why, low: z.number(), high: z.number() }),
  z.strictObject({ law: z.literal("counts_equal"), ...why, of: z.string(), value: z.number() }),
  z.strictObject({ law: z.literal("counts_within"), ...why, of: z.string(), low: z.number(), high: z.number() }),
] as const;

/** One law: its name tells which fields it has. */
export const lawSchema = z.discriminatedUnion("law", [
  ...portLaws,
  ...stepLaws,
  ...resultLaws,
  ...cursorLaws,
  ...otherLaws,
]);

/** Something that is true of the recording and of every faithful simulation, with the defaults filled in. */
export type CaseLaw = z.infer<typeof lawSchema>;
/** A law of one name. */
export type CaseLawOf<Name extends CaseLaw["law"]> = Extract<CaseLaw, { law: Name }>;
