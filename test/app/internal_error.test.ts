import { describe, expect, it } from "vitest";
import { internalErrorText } from "../../src/app/cli/internal_error.ts";

const systemError = (code: string, message = code): Error => Object.assign(new Error(message), { code });

describe("internalErrorText", () => {
  it("shows a bug with its stack", () => {
    const error = Object.assign(new Error("no such port"), { stack: "Error: no such port\n    at walk" });
    expect(internalErrorText(error)).toBe(
      "sim: internal error, please report it with what follows\nError: no such port\n    at walk",
    );
    expect(internalErrorText("a word")).toBe("sim: internal error, please report it with what follows\na word");
  });

  it("says what the machine has too little of, and how to mend it", () => {
    expect(internalErrorText(systemError("ERR_WORKER_OUT_OF_MEMORY"))).toBe(
      "sim: out of memory: a thread came to the limit of its heap; raise it, such as NODE_OPTIONS=--max-old-space-size=8192 (MiB), or simulate less: a shorter --duration, fewer pods",
    );
    expect(internalErrorText(new RangeError("Array buffer allocation failed"))).toBe(
      "sim: out of memory: the machine gives no room for the tables of another boot; run fewer at once with --jobs, or end what else runs",
    );
    expect(internalErrorText(systemError("ERR_WORKER_INIT_FAILED", "EAGAIN"))).toBe(
      "sim: no thread can be started: EAGAIN; raise the limits of this user (ulimit -u, ulimit -n)",
    );
    expect(internalErrorText(systemError("EMFILE"))).toBe("sim: too many files are open; raise the limit (ulimit -n)");
  });
});
