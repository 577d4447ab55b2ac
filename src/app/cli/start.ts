import { tuneCompiler } from "./compiler.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { Interrupts } from "./interrupts.ts";
import { nodeIo } from "./node_io.ts";
import { runCli } from "./run_cli.ts";
import { codeOf, whyOf } from "./system_error.ts";
import { keepYoungHeapSmall } from "./young_heap.ts";

/** Runs the command that the words of this process ask for, and sets its exit code. */
export async function start(): Promise<void> {
  tuneCompiler();
  keepYoungHeapSmall();
  // A reader that leaves early, such as `head`, is no failure. Any other failure to write is, and must not end in success.
  let outputFailed = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    outputFailed = true;
    process.exitCode = EXIT_CODE.wrongInput;
    const why = codeOf(error) === undefined ? error.message : whyOf(error);
    process.stderr.write(`sim: Cannot write to the standard output: ${why}; what stands there is not whole\n`);
  });
  process.stderr.on("error", () => {
    // Nobody is left to tell.
  });
  if (!hasFolder()) {
    process.stderr.write("sim: Cannot run here: the current directory is no more; change to another one\n");
    process.exitCode = EXIT_CODE.wrongInput;
    return;
  }
  const words = process.argv.slice(2);
  const interrupts = new Interrupts(words[0]);
  const io = nodeIo(new AbortController().signal);
  const exitCode = await runCli(words, {
    ...io,
    get signal() {
      return interrupts.signal;
    },
  });
  // Not process.exit(): output to a pipe may still be under way.
  if (!outputFailed) process.exitCode = exitCode;
}

/** Whether the folder in which the program was started is still there. */
function hasFolder(): boolean {
  try {
    process.cwd();
    return true;
  } catch {
    return false;
  }
}
