import { Machine } from "../kernel/machine.ts";
import { EventLoop } from "../sim/event_loop.ts";
import { RandomStreams } from "../sim/random.ts";
import { type Micros, MILLISECOND, milliseconds, SECOND } from "../units.ts";
import { buildNetwork } from "./build_network.ts";
import type { KernelCase } from "./case_file.ts";
import { resolveCaseKernel } from "./case_kernel.ts";
import { CaseRun } from "./case_run.ts";
import { toleranceMs } from "./difference.ts";
import type { Observation } from "./observation.ts";
import { PacketRecorder } from "./packet_recorder.ts";
import { performActions } from "./perform_actions.ts";
import { SnapshotTaker } from "./snapshot_taker.ts";

/** What a run yields, or what the case needs and the model lacks. */
export type CaseOutcome =
  { readonly ok: true; readonly observation: Observation } | { readonly ok: false; readonly reason: string };

/** A machine is up for a day at least, and for two at most, when a case begins. */
const DAY: Micros = 86_400 * SECOND;

/** Before the capture, after the first action that precedes it. */
const LEAD: Micros = 100 * MILLISECOND;

/** No experiment takes longer. */
const LONGEST: Micros = 7200 * SECOND;

/**
 * Replays a recorded experiment on the simulated kernel: builds its setup, performs its actions, and observes what a
 * person with tcpdump, ss, conntrack and ipvsadm would.
 *
 * @param options.seed decides the boot secret, the uptime and all else that differs from boot to boot.
 */
export function runCase(
  kernelCase: KernelCase,
  { seed = kernelCase.id }: { readonly seed?: string } = {},
): CaseOutcome {
  const era = resolveCaseKernel(kernelCase);
  if (typeof era === "string") return { ok: false, reason: era };
  const loop = new EventLoop();
  const random = new RandomStreams(seed, 0);
  const uptime = DAY + random.stream("conform/uptime").below(DAY);
  const origin = originOf(kernelCase);
  const recorder = kernelCase.observed.packets === undefined ? undefined : new PacketRecorder(origin);
  const machine = new Machine({ loop, era, random, uptime, ...(recorder === undefined ? {} : { trace: recorder }) });
  const network = buildNetwork(machine, kernelCase.setup);
  if (typeof network === "string") return { ok: false, reason: network };
  const run = new CaseRun({ kernelCase, machine, network, uptime, origin });
  const snapshots = new SnapshotTaker(run);
  const reason = play(run, snapshots, origin);
  if (reason !== undefined) return { ok: false, reason };
  const { results, groups, connectTimes, storm, socketStates, closeTook } = run;
  const packets = recorder?.packets ?? [];
  const listings = { snapshots: snapshots.snapshots(), groups, connectTimes };
  return { ok: true, observation: { results, packets, ...listings, storm, socketStates, closeTook } };
}

/** Runs until all actions have ended, all snapshots are taken and the capture is over. */
function play(run: CaseRun, snapshots: SnapshotTaker, origin: Micros): string | undefined {
  const { loop } = run.machine;
  performActions(run);
  snapshots.watch();
  loop.runUntil(Math.max(loop.now, origin + endOfCapture(run.kernelCase)));
  while (run.unfinished > 0 && run.problem === undefined && loop.now < LONGEST) loop.runUntil(loop.now + SECOND);
  if (run.problem !== undefined) return run.problem;
  return run.unfinished === 0 ? undefined : `its actions have not ended after ${LONGEST / SECOND} s`;
}

/** Everything starts at 0 of the run, the capture only when what precedes it is over. */
function originOf({ actions }: KernelCase): Micros {
  return LEAD + milliseconds(Math.max(0, ...actions.map(({ at_ms: atMs }) => -(atMs ?? 0))));
}

function endOfCapture(kernelCase: KernelCase): Micros {
  const end = kernelCase.observed.capture_ms?.[1] ?? 0;
  return milliseconds(end + toleranceMs(kernelCase, end));
}
