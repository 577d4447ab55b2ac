import { describe, expect, it } from "vitest";
import { readShard } from "../../src/app/cli/shard_option.ts";

const SLURM = { SLURM_ARRAY_TASK_ID: "12", SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_COUNT: "4" };

describe("readShard", () => {
  it("numbers shards from 1", () => {
    expect(readShard("1/3", {})).toEqual({ index: 1, count: 3 });
    expect(readShard("3/3", {})).toEqual({ index: 3, count: 3 });
  });

  it("asks Slurm for the task's place in its array, wherever that begins", () => {
    expect(readShard("slurm", SLURM)).toEqual({ index: 3, count: 4 });
  });

  it("asks Kubernetes for the completion index, which counts from 0", () => {
    expect(readShard("k8s/5", { JOB_COMPLETION_INDEX: "0" })).toEqual({ index: 1, count: 5 });
  });

  it("looks at no environment unasked", () => {
    expect(readShard("1/2", { ...SLURM, JOB_COMPLETION_INDEX: "1" })).toEqual({ index: 1, count: 2 });
  });

  it.each([
    ["3", {}, 'Cannot use --shard "3": write I/N such as 1/3, slurm, or k8s/N'],
    ["0/3", {}, "Cannot use --shard 0/3: shards are numbered from 1/N to N/N, and N is at most 10000"],
    ["4/3", {}, "Cannot use --shard 4/3: shards are numbered from 1/N to N/N, and N is at most 10000"],
    [
      "slurm",
      {},
      "Cannot use --shard slurm: SLURM_ARRAY_TASK_ID is not in the environment; it is for a job array (sbatch --array=1-N)",
    ],
    [
      "slurm",
      { ...SLURM, SLURM_ARRAY_TASK_ID: "30" },
      "Cannot use --shard slurm, which is 21/4 here: shards are numbered from 1/N to N/N, and N is at most 10000",
    ],
    [
      "k8s/5",
      { JOB_COMPLETION_INDEX: "x" },
      'Cannot use --shard k8s/5: JOB_COMPLETION_INDEX is "x", no whole number; it is for an Indexed Job of Kubernetes',
    ],
  ])("refuses %j", (text, environment, message) => {
    expect(readShard(text, environment)).toBe(message);
  });
});
