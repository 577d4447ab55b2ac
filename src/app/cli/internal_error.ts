import { codeOf, whyOf } from "./system_error.ts";

/** What the user sees of a run that broke: how to mend it if the machine has too little; else that it is a bug, and the stack. */
export function internalErrorText(error: unknown): string {
  const lack = lackText(error);
  if (lack !== undefined) return `sim: ${lack}`;
  const detail = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return `sim: internal error, please report it with what follows\n${detail}`;
}

/** What the machine, or a limit of this user, has too little of. */
function lackText(error: unknown): string | undefined {
  if (codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY") {
    return "out of memory: a thread came to the limit of its heap; raise it, such as NODE_OPTIONS=--max-old-space-size=8192 (MiB), or simulate less: a shorter --duration, fewer pods";
  }
  if (!(error instanceof Error)) return undefined;
  if (codeOf(error) === "ERR_WORKER_INIT_FAILED") {
    return `no thread can be started: ${error.message}; raise the limits of this user (ulimit -u, ulimit -n)`;
  }
  if (["EMFILE", "ENFILE"].includes(codeOf(error) ?? "")) return whyOf(error);
  // A worker hands on the message alone; it is V8's.
  if (!error.message.startsWith("Array buffer allocation failed")) return undefined;
  return "out of memory: the machine gives no room for the tables of another boot; run fewer at once with --jobs, or end what else runs";
}
