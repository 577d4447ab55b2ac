import { stringify } from "yaml";
import { formatCount, plural } from "../../report/number_text.ts";
import { shellWord } from "../../report/shell_command.ts";
import type { SweepPlan } from "../../study/sweep_plan.ts";
import type { CliIo } from "../cli/cli_io.ts";
import { EXIT_CODE } from "../cli/exit_code.ts";
import type { SweepOptions } from "../cli/sweep_options.ts";
import { write } from "../cli/sweep_folder.ts";
import { kubernetesMerge, kubernetesSweep } from "./kubernetes_job.ts";
import { parallelScript } from "./parallel_script.ts";
import { slurmScript } from "./slurm_script.ts";

/** A sweep as engines on other machines run it. */
export interface EngineSweep {
  /** A name that is this sweep's own: lower-case letters, digits and dashes. */
  readonly name: string;
  /** The scenario's path as the user named it, and its text. */
  readonly file: string;
  readonly scenario: string;
  /** The words behind `sim sweep SCENARIO` that say what the sweep is. */
  readonly words: readonly string[];
  /** From 1; no shard is without a point. */
  readonly shards: number;
  readonly points: number;
  readonly image: string;
}

/** What `--engine-files` writes. */
export interface EngineFilesRequest {
  readonly options: SweepOptions;
  readonly plan: SweepPlan;
  readonly scenario: string;
  readonly folder: string;
}

/**
 * The most bytes of a ConfigMap's data.
 * Source: pkg/apis/core/types.go MaxSecretSize, Kubernetes v1.30.
 */
const CONFIG_MAP_BYTES = 1024 * 1024;

/**
 * Writes the files with which engines that people have run a sweep, and says how to use them. Nothing is simulated.
 *
 * @returns the exit code.
 * @throws CannotWrite
 */
export async function writeEngineFiles(request: EngineFilesRequest, io: CliIo): Promise<number> {
  const { folder } = request;
  const sweep = engineSweep(request, io.version);
  const names = ["gnu-parallel.sh", "slurm.sh"];
  await write(`${folder}/gnu-parallel.sh`, parallelScript(sweep), io);
  await write(`${folder}/slurm.sh`, slurmScript(sweep), io);
  if (new TextEncoder().encode(sweep.scenario).length > CONFIG_MAP_BYTES) {
    io.stderr.write("sim: no files for Kubernetes: the scenario is larger than a ConfigMap may be (1 MiB)\n");
  } else {
    names.push("kubernetes-sweep.yaml", "kubernetes-merge.yaml");
    await write(`${folder}/kubernetes-sweep.yaml`, yamlText(sweepHead(sweep), kubernetesSweep(sweep)), io);
    await write(`${folder}/kubernetes-merge.yaml`, yamlText(MERGE_HEAD, kubernetesMerge(sweep)), io);
  }
  const what = `${plural(formatCount(sweep.points), "point")} in ${plural(formatCount(sweep.shards), "shard")}`;
  io.stderr.write(
    `wrote ${names.join(", ")} to ${shellWord(folder)}: ${what}; each says in its first lines how to use it\n`,
  );
  return EXIT_CODE.done;
}

/** The sweep of a request, its shards no more than its points. */
function engineSweep({ options, plan, scenario }: EngineFilesRequest, version: string): EngineSweep {
  const { manifest, points } = plan;
  const settings = Object.entries(options.run.settings).flatMap(([name, value]) => [`--${name}`, value]);
  const words = [
    ...options.vary.flatMap((text) => ["--vary", text]),
    ...(options.design === "grid" ? [] : ["--design", options.design, "--points", String(options.points)]),
    ...options.run.overrides.flatMap((override) => ["--set", override]),
    ...settings,
  ];
  return {
    name: `portfall-${manifest.sweep.replace(/^.*:/, "").slice(0, 8)}`,
    file: options.run.scenario,
    scenario,
    words,
    shards: Math.min(options.shards, points.length),
    points: points.length,
    image: options.image ?? `portfall:${version}`,
  };
}

function sweepHead({ name }: EngineSweep): string {
  return `# A sweep of portfall as an Indexed Job: one pod for each shard, all of which write to one shared volume.
# It needs Kubernetes 1.29 or later, an image whose command \`sim\` is portfall, and a storage class that serves
# ReadWriteMany. Then:
#   kubectl apply -f kubernetes-sweep.yaml
#   kubectl wait --for=condition=complete --timeout=24h job/${name}
#   kubectl apply -f kubernetes-merge.yaml
`;
}

const MERGE_HEAD = `# Joins the shards of the sweep, once all of them are done, into the folder merged of the volume.
`;

function yamlText(head: string, objects: readonly object[]): string {
  return (
    head + objects.map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`).join("")
  );
}
