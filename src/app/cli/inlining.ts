import { setFlagsFromString } from "node:v8";

/** Bytes of bytecode that go into one function: what carries whole connections is short, a packet's way is not. */
const BYTES = { flow: 3_000, packet: 5_200 } as const;

/**
 * Lets V8's optimizing compiler put more into one function than it would by itself: functions of up to 60 bytes of bytecode
 * always (27 by default), others up to 3,000 bytes in all, or 5,200 where every packet is sent (920 by default). Most of
 * the engine is short functions, such as those that read a table, and this saves a tenth of the time per connection
 * (`npm run bench`); still more costs a short run more to compile than it saves. It holds for the worker threads, too, and
 * is to be set before they and the engine have run; it changes no result.
 */
export function inlineMore(what: keyof typeof BYTES = "flow"): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${BYTES[what]}`);
  setFlagsFromString("--max-inlined-bytecode-size-small=60");
  setFlagsFromString("--max-inlined-bytecode-size-absolute=20000");
}
