import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { TextOutput } from "./cli_io.ts";

/** One of the two outputs of the process; it says `error` when it cannot be written to. */
export type OutputStream = NodeJS.WriteStream & { readonly fd: number };

/**
 * An output of the process. Files are written to directly and to the end: where a disk is nearly full, or a limit is near,
 * the system takes only the first part of a text, and Node's own stream of a file would leave it at that.
 */
export function standardOutput(stream: OutputStream): TextOutput {
  // Node's type of the two streams says that both are terminals; whether they are, the descriptor tells.
  const isTerminal = isatty(stream.fd);
  return {
    write: isTerminal || !isFile(stream.fd) ? (text) => void stream.write(text) : fileWriter(stream),
    isTerminal,
    get columns() {
      // A terminal that does not know its width says 0.
      return isTerminal && stream.columns > 0 ? stream.columns : undefined;
    },
  };
}

/** Writes texts to a file until it takes no more; what comes after the first failure is dropped, so that there is no gap. */
function fileWriter(stream: OutputStream): (text: string) => void {
  let hasFailed = false;
  return (text) => {
    if (hasFailed) return;
    try {
      writeAll(stream.fd, Buffer.from(text));
    } catch (error) {
      hasFailed = true;
      stream.emit("error", error);
    }
  };
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
