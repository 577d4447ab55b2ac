import { readFactor } from "../../study/factor.ts";
import type { Factor } from "../../study/factor.ts";
import { MOST_POINTS, SWEEP_DESIGNS } from "../../study/sweep_design.ts";
import type { SweepDesign } from "../../study/sweep_design.ts";
import { readRunOptions, RUN_OPTIONS } from "./run_options.ts";
import type { RunOptions } from "./run_options.ts";
import { singleValuesProblem, textOf, textsOf } from "./option_values.ts";

/** What the user asks of `sim sweep`, read and checked. */
export interface SweepOptions {
  /** What `sim run` takes as well; `out` is the sweep's folder. */
  readonly run: RunOptions;
  readonly factors: readonly Factor[];
  /** The texts of `--vary`, to write the command again. */
  readonly vary: readonly string[];
  readonly design: SweepDesign;
  readonly points: number | undefined;
  /** `auto`: for each point the cheapest sound estimator; `flow`: every point is simulated; `packet`: every packet is. */
  readonly estimator: Estimator;
  readonly isResume: boolean;
  /** The text of `--shard`, which may ask the environment. */
  readonly shard: string | undefined;
  /** The folder for the files of other engines; then nothing is simulated. */
  readonly engineFiles: string | undefined;
  readonly shards: number;
  readonly image: string | undefined;
}

/** What `--estimator` takes. */
const ESTIMATORS = ["auto", "flow", "packet"] as const;
type Estimator = (typeof ESTIMATORS)[number];

const { replication: _replication, until: _until, ...SHARED_OPTIONS } = RUN_OPTIONS;

/** The options of `sim sweep` as yargs takes them. */
export const SWEEP_OPTIONS = {
  vary: {
    type: "string",
    array: true,
    nargs: 1,
    group: "Points:",
    describe: "PATH=A,B,C or PATH=LOW..HIGH/STEPS; may be given again",
  },
  design: {
    type: "string",
    requiresArg: true,
    group: "Points:",
    choices: SWEEP_DESIGNS,
    describe: "How points are chosen [default: grid]",
  },
  points: { type: "string", requiresArg: true, group: "Points:", describe: "How many, for a design that is no grid" },
  ...SHARED_OPTIONS,
  estimator: {
    type: "string",
    requiresArg: true,
    group: "Run:",
    choices: ESTIMATORS,
    describe:
      "auto (with --precision): the exact value where it is sound, else flow; flow simulates all; packet sends every packet",
  },
  resume: { type: "boolean", group: "Run:", describe: "Go on with what --out holds; finished points stay" },
  shard: {
    type: "string",
    requiresArg: true,
    group: "More machines:",
    describe: "I/N: this part only; slurm and k8s/N take I from the environment",
  },
  "engine-files": {
    type: "string",
    requiresArg: true,
    group: "More machines:",
    describe: "Write files for Kubernetes, Slurm and GNU parallel to this folder, run nothing",
  },
  shards: {
    type: "string",
    requiresArg: true,
    group: "More machines:",
    describe: "Shards in these files [default: 8]",
  },
  image: {
    type: "string",
    requiresArg: true,
    group: "More machines:",
    describe: "Container image with portfall in it",
  },
} as const;

/** Shards of the engine files if nobody says how many. */
const DEFAULT_SHARDS = 8;

/**
 * Reads the values that yargs collected for `sim sweep`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readSweepOptions(values: Readonly<Record<string, unknown>>): SweepOptions | string {
  const single = Object.keys(SWEEP_OPTIONS).filter((name) => name !== "vary" && name !== "set");
  const problem = singleValuesProblem(values, single);
  if (problem !== undefined) return problem;
  const run = readRunOptions(values);
  if (typeof run === "string") return run;
  const vary = textsOf(values["vary"]);
  const factors: Factor[] = [];
  for (const text of vary) {
    const factor = readFactor(text);
    if (typeof factor === "string") return factor;
    factors.push(factor);
  }
  const points = readCount(values, "points", MOST_POINTS);
  if (typeof points === "string") return points;
  const shards = readCount(values, "shards", 10_000);
  if (typeof shards === "string") return shards;
  const engineFiles = textOf(values["engine-files"]);
  const asked = ESTIMATORS.find((name) => name === values["estimator"]);
  if (asked === "auto" && run.stopping === undefined)
    return "Cannot use --estimator auto alone: say with --precision how well each point is to be known";
  const estimator = asked ?? (run.stopping === undefined ? "flow" : "auto");
  // Documents depend on it wherever there is a choice.
  const settings = run.stopping === undefined && estimator === "flow" ? run.settings : { ...run.settings, estimator };
  const options: SweepOptions = {
    run: { ...run, settings },
    factors,
    vary,
    design: SWEEP_DESIGNS.find((name) => name === values["design"]) ?? "grid",
    points,
    estimator,
    isResume: values["resume"] === true,
    shard: textOf(values["shard"]),
    engineFiles,
    shards: shards ?? DEFAULT_SHARDS,
    image: textOf(values["image"]),
  };
  return conflictIn(options, shards !== undefined) ?? options;
}

/** A sentence about options that do not go together. */
function conflictIn(options: SweepOptions, hasShards: boolean): string | undefined {
  const { run, isResume, shard, engineFiles, image } = options;
  if (engineFiles !== undefined) {
    const own = shard === undefined ? (run.out === undefined ? undefined : "--out") : "--shard";
    return own === undefined ? undefined : `Cannot use ${own} with --engine-files: the files name them themselves`;
  }
  if (hasShards) return "Cannot use --shards alone: it is for --engine-files; a part of the sweep is --shard I/N";
  if (image !== undefined) return "Cannot use --image alone: it is for --engine-files";
  if (run.out !== undefined) return undefined;
  if (isResume) return "Cannot resume without --out: name the folder that holds the finished points";
  return shard === undefined ? undefined : "Cannot run a shard without --out: name the folder that keeps its points";
}

function readCount(values: Readonly<Record<string, unknown>>, name: string, most: number): number | string | undefined {
  const text = textOf(values[name]);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^[0-9]{1,7}$/.test(text) && count >= 1 && count <= most) return count;
  return `Cannot use --${name} ${JSON.stringify(text)}: it must be a whole number from 1 to ${most}`;
}
