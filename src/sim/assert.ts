/**
 * Stops the run when an invariant is broken. It is always on.
 *
 * @throws Error that says what must hold; the caller that owns the run adds seed, time, event and the replay command.
 */
export function assert(condition: boolean, whatMustHold: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${whatMustHold}`);
}
