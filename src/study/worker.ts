import { parentPort } from "node:worker_threads";
import { placeIn, type ReplayPlace, runReplication } from "../cluster/replication.ts";
import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Micros } from "../units.ts";
import type { ReplicationTask } from "./replication_pool.ts";

/** What a worker answers: progress now and then, then a result or a broken invariant. */
export type WorkerReply =
  | { readonly kind: "slice"; readonly simulated: Micros; readonly failed: number }
  | { readonly kind: "result"; readonly result: ReplicationResult }
  | { readonly kind: "error"; readonly message: string; readonly stack: string; readonly place: Partial<ReplayPlace> };

const port = parentPort;

function reply(message: WorkerReply): void {
  port?.postMessage(message);
}

port?.on("message", ({ scenario, replication, ...extent }: ReplicationTask) => {
  try {
    const result = runReplication(scenario, replication, {
      ...extent,
      onSlice: (simulated, failed) => reply({ kind: "slice", simulated, failed }),
    });
    reply({ kind: "result", result });
  } catch (error) {
    const isError = error instanceof Error;
    reply({
      kind: "error",
      message: isError ? error.message : String(error),
      stack: (isError && error.stack) || "",
      place: { ...placeIn(error), replication },
    });
  }
});
