import { setFlagsFromString } from "node:v8";

/**
 * Keeps the room for objects that this thread has just made as small as it is at the start, 1 MB. V8 would let it grow to
 * 16 MB while modules load and a scenario is read, and then hold on to it for as long as threads simulate and this one
 * waits for them. To be called before much has been loaded. Threads that start later are not concerned: V8 takes no factor below
 * 2 as it makes a heap, and puts it back to that.
 */
export function keepYoungHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
