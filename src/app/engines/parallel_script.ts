import { shellWord } from "../../report/shell_command.ts";
import type { EngineSweep } from "./engine_files.ts";

/**
 * A script with one line for GNU parallel that runs a sweep's shards here or on other machines, and then merges them.
 * Run again, it does only what is missing.
 */
export function parallelScript({ name, file, words, shards }: EngineSweep): string {
  const command = ["sweep", ...[file, ...words].map(shellWord), "--shard", `{}/${shards}`].join(" ");
  return `#!/bin/bash
# A sweep of portfall by GNU parallel. Here:
#   bash gnu-parallel.sh
# On other machines that share this folder, as many shards at once as stands before each name:
#   bash gnu-parallel.sh --sshlogin 4/node1,8/node2 --workdir .
# SIM names the command if it is not npx --no sim, OUT the folder for the shards.
set -eu
SIM="\${SIM:-npx --no sim}"
OUT="\${OUT:-${name}}"
mkdir -p "$OUT"
seq ${shards} | parallel --will-cite --joblog "$OUT/parallel.log" --resume-failed --retries 3 "$@" \\
  "$SIM "${shellWord(command)}" --out '$OUT'/shard-{} --resume --quiet --jobs 1"
$SIM merge "$OUT"/shard-* --out "$OUT/merged"
`;
}
