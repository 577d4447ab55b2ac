#!/usr/bin/env node
import { writeSync } from "node:fs";
import { EXIT_CODE } from "./exit_code.ts";

// Node's own codes would say that an expectation failed, or nothing that scripts know.
process.on("uncaughtException", (error) => endBroken(error instanceof Error ? (error.stack ?? error.message) : ""));
process.on("exit", (code) => {
  if (code === NEVER_SETTLED) endBroken("the command did not come to its end");
});

/** Node's exit code when nothing is left that could end the wait of a module. */
const NEVER_SETTLED = 13;

/** Ends with the exit code of a bug, of the program or of its installation. */
function endBroken(detail: string): never {
  try {
    writeSync(process.stderr.fd, `sim: internal error, please report it with what follows\n${detail}\n`);
  } catch {
    // Nobody is left to tell.
  }
  return process.exit(EXIT_CODE.internalError);
}

// Loaded here, so that a part of the program that is missing counts as a bug too.
const { start } = await import("./start.ts");
await start();
