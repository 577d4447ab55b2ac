/** What the user sees of a bug: that it is one, and the stack for whoever mends it. */
export function internalErrorText(error: unknown): string {
  const detail = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return `sim: internal error, please report it with what follows\n${detail}`;
}
