import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuSecondsOf } from "../bench_case.ts";
import { engine } from "../engine.ts";

/** How the hold model went; argument and time of the last event tell whether two programs did the same. */
export interface HoldRun {
  readonly events: number;
  readonly cpuSeconds: number;
  readonly lastArgument: number;
  readonly lastTime: number;
}

/** The size of a hold model: events that are pending, events before the clock starts, and events timed (roughly). */
export interface HoldSize {
  readonly pending: number;
  readonly warmUp: number;
  readonly events: number;
}

const INCREMENTS = 65_536;
const MEAN = 1e6;

/** Exponential increments in whole microseconds; both programs go round in them. */
async function drawIncrements(): Promise<Float64Array> {
  const { RandomStream } = await engine();
  const random = new RandomStream("hold");
  return Float64Array.from({ length: INCREMENTS }, () => Math.floor(-Math.log(1 - random.uniform()) * MEAN));
}

/** The ends of warm-up and of what is timed, as moments of the model's clock. */
function endsOf({ pending, warmUp, events }: HoldSize): readonly [warm: number, end: number] {
  const perEvent = MEAN / pending;
  return [Math.round(warmUp * perEvent), Math.round((warmUp + events) * perEvent)];
}

/** The hold model on the engine's event loop: each event schedules its successor. */
export async function holdOnEventLoop(size: HoldSize): Promise<HoldRun> {
  const { EventLoop } = await engine();
  const increments = await drawIncrements();
  const [warm, end] = endsOf(size);
  const loop = new EventLoop();
  let drawn = 0;
  let lastArgument = 0;
  let lastTime = 0;
  const handler = loop.handler("hold", (argument) => {
    lastArgument = argument;
    lastTime = loop.now;
    loop.after(increments[drawn & (INCREMENTS - 1)]!, handler, argument);
    drawn += 1;
  });
  for (let argument = 0; argument < size.pending; argument += 1) {
    loop.after(increments[drawn & (INCREMENTS - 1)]!, handler, argument);
    drawn += 1;
  }
  loop.runUntil(warm);
  const { fired } = loop;
  const cpuSeconds = cpuSecondsOf(() => loop.runUntil(end));
  return { events: loop.fired - fired, cpuSeconds, lastArgument, lastTime };
}

/** The same on a binary heap in C; `undefined` where there is no C compiler, which is `cc` or what `CC` names. */
export async function holdOnHeapInC(size: HoldSize): Promise<HoldRun | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "portfall-hold-"));
  try {
    const program = join(folder, "hold_heap");
    const source = join(import.meta.dirname, "hold_heap.c");
    const compiler = spawnSync(process.env["CC"] ?? "cc", ["-O2", "-o", program, source], { encoding: "utf8" });
    if (compiler.error !== undefined) return undefined;
    if (compiler.status !== 0) throw new Error(`cc: ${compiler.stderr}`);
    const input = Buffer.from((await drawIncrements()).buffer);
    const asked = [size.pending, ...endsOf(size)].map(String);
    const { status, stdout } = spawnSync(program, asked, { input, encoding: "utf8" });
    if (status !== 0) throw new Error(`hold_heap ended with ${status}`);
    const [events = NaN, nanoseconds = NaN, lastArgument = NaN, lastTime = NaN] = stdout.split(" ").map(Number);
    return { events, cpuSeconds: nanoseconds / 1e9, lastArgument, lastTime };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
