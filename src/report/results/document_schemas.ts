import { z } from "zod";
import { SWEEP_DESIGNS } from "../../study/sweep_design.ts";
import type { PointDocument, SweepManifest } from "../../study/sweep_document.ts";
import { ENGINE_COUNTS, FIGURES, intervalSchema, RUN_PARTS, runSchema, text } from "./run_schema.ts";
import type { ResultDocument } from "./result.ts";

const texts = z.record(text, text);
const port = z.int().min(0).max(65_535);
const values = texts;

const factor = z.union([
  z.looseObject({ kind: z.literal("values"), path: text, values: z.array(text) }),
  z.looseObject({
    kind: z.literal("range"),
    path: text,
    low: z.number(),
    high: z.number(),
    unit: text,
    decimals: z.number(),
  }),
]);

/** What `sweep/1` and `sweep-manifest/1` have alike. */
const ASKED = {
  sweep: text,
  engine: z.looseObject({ version: text, build: text }),
  scenario: z.looseObject({ file: text, digest: text, about: text }),
  design: z.looseObject({ kind: z.enum(SWEEP_DESIGNS), seed: text }),
  vary: z.array(factor),
  overrides: z.array(text),
  settings: texts,
};

const pilot = z.looseObject({
  replications: z.int(),
  durationSeconds: z.number(),
  probes: z.int(),
  failed: z.int(),
  expected: z.number(),
  designEffect: z.number(),
  pValue: z.number(),
  falseAlarm: z.number(),
  isContradicted: z.boolean(),
});

const POINT = {
  point: z.int().positive(),
  estimator: z.looseObject({
    name: z.enum(["exact", "flow", "packet"]),
    why: text,
    pilot: z.exactOptional(pilot),
  }),
  values,
  ...FIGURES,
  ...RUN_PARTS,
  engine: z.looseObject({ ...ENGINE_COUNTS, version: text }),
};

const sweepSchema = z.looseObject({
  format: z.literal("sweep/1"),
  ...ASKED,
  shard: z.exactOptional(z.looseObject({ index: z.int().positive(), count: z.int().positive() })),
  points: z.array(z.looseObject(POINT)),
});

/** The document `sweep-manifest/1`. */
export const manifestSchema: z.ZodType<SweepManifest> = z.looseObject({
  format: z.literal("sweep-manifest/1"),
  ...ASKED,
  points: z.array(z.looseObject({ point: z.int().positive(), values })),
});

/** The document `sweep-point/1`. */
export const pointSchema: z.ZodType<PointDocument> = z.looseObject({
  format: z.literal("sweep-point/1"),
  sweep: text,
  ...POINT,
});

const MECHANISM_NAMES = [
  "portWalk",
  "cursor",
  "portRange",
  "nodePorts",
  "reachable",
  "reserved",
  "held",
  "otherParity",
  "adjacent",
  "inARow",
  "startsOfOneNodePort",
  "connectsPerEpoch",
  "livenessThreshold",
] as const;

const mechanism = z.looseObject({
  portWalk: text,
  cursor: z.enum(["machine", "destination", "destination-and-epoch"]),
  portRange: z.tuple([port, port]),
  nodePorts: z.number(),
  reachable: z.number(),
  reserved: z.number(),
  held: z.number(),
  otherParity: z.number(),
  adjacent: z.number(),
  inARow: z.number(),
  startsOfOneNodePort: z.number(),
  connectsPerEpoch: z.number(),
  livenessThreshold: z.number().nullable(),
});

const side = z.looseObject({
  ...FIGURES,
  name: text,
  engine: z.looseObject(ENGINE_COUNTS),
  file: text,
  digest: text,
  about: text,
  mechanism,
});

const diffSchema = z.looseObject({
  format: z.literal("diff/1"),
  settings: z.looseObject({
    seed: text,
    replications: z.int().positive(),
    durationSeconds: z.number(),
    margin: z.number(),
    overrides: texts,
  }),
  verdict: z.enum(["better", "worse", "no-difference", "undecided"]),
  decidedBy: text,
  figures: z.array(
    z.looseObject({
      figure: text,
      a: z.number(),
      b: z.number(),
      difference: z.number(),
      interval: intervalSchema,
      margin: z.number(),
      varianceReduction: z.number().nullable(),
      change: z.enum(["lower", "higher", "no-difference", "undecided"]),
    }),
  ),
  isSameHistory: z.boolean(),
  changed: z.array(z.enum(MECHANISM_NAMES)),
  a: side,
  b: side,
  engine: z.looseObject({ version: text, cpuSeconds: z.number(), wallSeconds: z.number() }),
});

const blocks = z.array(z.tuple([port, port]));

const portsSchema = z.looseObject({
  format: z.literal("ports/1"),
  kernel: text,
  portWalk: text,
  range: z.tuple([port, port]),
  settings: z.looseObject({
    seed: text,
    reserved: blocks,
    listen: blocks,
    destinations: z.int().positive(),
    gapSeconds: z.number(),
    close: z.enum(["rst", "fin", "keep"]),
    cursor: z.exactOptional(z.number()),
    hash: z.exactOptional(text),
    noise: z.exactOptional(z.array(z.number())),
    stepWidth: z.exactOptional(z.number()),
    socketRange: z.exactOptional(z.tuple([port, port])),
  }),
  connects: z.array(
    z.looseObject({
      at: z.number(),
      destination: z.int().nonnegative(),
      port: z.exactOptional(port),
      error: z.exactOptional(text),
      candidates: z.int().nonnegative(),
      epoch: z.exactOptional(z.number()),
    }),
  ),
});

/** The schema of each format of which charts and reports are made. */
export const RESULT_SCHEMAS: { readonly [Format in ResultDocument["format"]]: z.ZodType<ResultDocument> } = {
  "run/1": runSchema,
  "sweep/1": sweepSchema,
  "diff/1": diffSchema,
  "ports/1": portsSchema,
};
