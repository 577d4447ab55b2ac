import type { TextOutput } from "./cli_io.ts";

/**
 * An output on which names and words of strangers' files cannot drive the terminal: control characters, and those that
 * turn the order of letters round, become the replacement character. Line ends, tabs and what overwrites a progress
 * line stay.
 */
export function harmlessOutput(output: TextOutput): TextOutput {
  return {
    write: (text) => output.write(harmless(text)),
    get isTerminal() {
      return output.isTerminal;
    },
    get columns() {
      return output.columns;
    },
  };
}

/** Erases the rest of a line. */
const ERASE = "\u001b[K";

/** A progress line begins with a carriage return and ends with the sequence that erases the rest of its line. */
function harmless(text: string): string {
  const start = text.startsWith("\r") ? 1 : 0;
  const end = text.endsWith(ERASE) ? text.length - ERASE.length : text.length;
  const words = text.slice(start, end).replace(/[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
  return `${text.slice(0, start)}${words}${text.slice(end)}`;
}
