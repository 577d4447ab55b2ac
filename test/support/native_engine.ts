import { tsImport } from "tsx/esm/api";
import type * as Replication from "../../src/cluster/replication.ts";

/**
 * The engine as Node itself loads it: it runs a scenario twice as fast as through vitest's loader, which turns each call
 * from file to file into a look-up. For tests that simulate for long and replace nothing inside.
 */
export const { runReplication }: typeof Replication = await tsImport(
  "../../src/cluster/replication.ts",
  import.meta.url,
);
