import { setFlagsFromString } from "node:v8";

/** Bytes of bytecode that go into one function: what carries whole connections is short, a packet's way is not. */
const BYTES = { flow: 2_200, packet: 5_200 } as const;

/** Bytes of bytecode that a function runs before V8 asks whether to optimize it. */
const BYTES_BEFORE_ASKING = 264_000;

/**
 * Sets V8's optimizing compiler for a simulation: long loops over many short functions. It holds for the worker threads,
 * too, and is to be set before they and the engine have run; it changes no result.
 *
 * - It may put more into one function than it would by itself: functions of up to 60 bytes of bytecode always (27 by
 *   default), others up to 2,200 bytes in all, or 5,200 where every packet is sent (920 by default). Most of the engine is
 *   short functions, such as those that read a table, and this saves a tenth of the time per connection (`npm run
 *   bench`); still more costs a short run more to compile than it saves.
 * - It does not copy the first round of a loop to before it: these loops end after a few rounds. That saves 5 % of the
 *   cycles of a run of eight days, and costs a long study 2 to 7 % more instructions per carried connection.
 * - Node 20's begins four times as late as by itself: half of a run of some seconds is compiling, and what is compiled
 *   before all has been seen is thrown away again. It saves 12 % of a run of ten minutes of node time, 3 % of one of four days.
 *   Later ones compile in between with Maglev, and do not know the flag.
 */
export function tuneCompiler(what: keyof typeof BYTES = "flow"): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${BYTES[what]}`);
  setFlagsFromString("--max-inlined-bytecode-size-small=60");
  setFlagsFromString("--max-inlined-bytecode-size-absolute=20000");
  setFlagsFromString("--no-turbo-loop-peeling");
  if (process.versions.v8.startsWith("11.")) setFlagsFromString(`--interrupt-budget=${BYTES_BEFORE_ASKING}`);
}
