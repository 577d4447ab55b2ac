import { shellWord } from "../../report/shell_command.ts";
import type { EngineSweep } from "./engine_files.ts";

/**
 * A batch script of Slurm that runs a sweep as a job array, one task for each shard. A task that is requeued goes on with
 * the points it has finished.
 */
export function slurmScript({ name, file, words, shards }: EngineSweep): string {
  return `#!/bin/bash
# A sweep of portfall as a job array. The nodes share the folder from which it is submitted. Then:
#   job=$(sbatch --parsable slurm.sh)
#   sbatch --dependency=afterok:$job --wrap 'npx --no sim merge ${name}/shard-* --out ${name}/merged'
# SIM names the command if it is not npx --no sim, OUT the folder for the shards.
#SBATCH --job-name=${name}
#SBATCH --array=1-${shards}
#SBATCH --ntasks=1
#SBATCH --requeue
set -eu
\${SIM:-npx --no sim} sweep ${shellWord(file)} \\
  ${words.map(shellWord).join(" ")} \\
  --shard slurm --out "\${OUT:-${name}}/shard-$SLURM_ARRAY_TASK_ID" --resume --quiet \\
  --jobs "\${SLURM_CPUS_PER_TASK:-1}"
`;
}
