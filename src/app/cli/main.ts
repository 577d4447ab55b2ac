#!/usr/bin/env node
import { EXIT_CODE } from "./exit_code.ts";
import { inlineMore } from "./inlining.ts";
import { nodeIo } from "./node_io.ts";
import { runCli } from "./run_cli.ts";

inlineMore();
const interrupted = new AbortController();
// The first interrupt asks the run to stop; a second one, if that takes too long, ends the program as usual.
process.once("SIGINT", () => interrupted.abort());

// A reader that leaves early, such as `head`, is no failure. Any other failure to write is, and must not end in success.
let outputFailed = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  outputFailed = true;
  process.exitCode = EXIT_CODE.wrongInput;
  process.stderr.write(`sim: Cannot write to the standard output: ${error.code ?? error.message}\n`);
});
process.stderr.on("error", () => {
  // Nobody is left to tell.
});

const exitCode = await runCli(process.argv.slice(2), nodeIo(interrupted.signal));
// Not process.exit(): output to a pipe may still be under way.
if (!outputFailed) process.exitCode = exitCode;
