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

/** Between two answers about progress, in milliseconds: each wakes the main thread, and costs as much as 500 connections. */
const BETWEEN_SLICES = 50;

function reply(message: WorkerReply): void {
  port?.postMessage(message);
}

port?.on("message", ({ scenario, replication, ...extent }: ReplicationTask) => {
  let lastTold = performance.now();
  let untold: WorkerReply | undefined = undefined;
  const tell = (simulated: Micros, failed: number): void => {
    const now = performance.now();
    const slice = { kind: "slice", simulated, failed } as const;
    if (now - lastTold < BETWEEN_SLICES) {
      untold = slice;
      return;
    }
    lastTold = now;
    untold = undefined;
    reply(slice);
  };
  try {
    const result = runReplication(scenario, replication, { ...extent, onSlice: tell });
    if (untold !== undefined) reply(untold);
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
