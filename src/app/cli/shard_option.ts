import type { Shard } from "../../study/sweep_document.ts";

/** The most shards of one sweep. */
export const MOST_SHARDS = 10_000;

/**
 * Reads `--shard I/N` (I from 1), `slurm` or `k8s/N`. The last two take I from what Slurm and a Kubernetes Indexed Job
 * put into the environment; nothing of it is looked at unasked.
 *
 * @returns the shard, or a sentence about what is wrong.
 */
export function readShard(text: string, environment: Readonly<Record<string, string | undefined>>): Shard | string {
  const plain = /^([0-9]{1,6})\/([0-9]{1,6})$/.exec(text);
  if (plain !== null) return checkedShard(text, Number(plain[1]), Number(plain[2]));
  if (text === "slurm") return slurmShard(environment);
  const kubernetes = /^k8s\/([0-9]{1,6})$/.exec(text);
  if (kubernetes !== null) {
    const index = numberIn(environment, "JOB_COMPLETION_INDEX");
    if (typeof index === "string")
      return `Cannot use --shard ${text}: ${index}; it is for an Indexed Job of Kubernetes`;
    return checkedShard(text, index + 1, Number(kubernetes[1]));
  }
  return `Cannot use --shard ${JSON.stringify(text)}: write I/N such as 1/3, slurm, or k8s/N`;
}

function slurmShard(environment: Readonly<Record<string, string | undefined>>): Shard | string {
  const id = numberIn(environment, "SLURM_ARRAY_TASK_ID");
  const first = numberIn(environment, "SLURM_ARRAY_TASK_MIN");
  const count = numberIn(environment, "SLURM_ARRAY_TASK_COUNT");
  for (const one of [id, first, count]) {
    if (typeof one === "string") return `Cannot use --shard slurm: ${one}; it is for a job array (sbatch --array=1-N)`;
  }
  return checkedShard("slurm", Number(id) - Number(first) + 1, Number(count));
}

function checkedShard(text: string, index: number, count: number): Shard | string {
  if (count >= 1 && count <= MOST_SHARDS && index >= 1 && index <= count) return { index, count };
  const from = text === `${index}/${count}` ? "" : `, which is ${index}/${count} here`;
  return `Cannot use --shard ${text}${from}: shards are numbered from 1/N to N/N, and N is at most ${MOST_SHARDS}`;
}

/** A whole number of the environment, or a clause about why there is none. */
function numberIn(environment: Readonly<Record<string, string | undefined>>, name: string): number | string {
  const text = environment[name];
  if (text === undefined) return `${name} is not in the environment`;
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : `${name} is ${JSON.stringify(text)}, no whole number`;
}
