import { SECOND } from "../units.ts";
import type { KernelCase } from "./case_file.ts";
import { lawGroups, remainder, stepsOf } from "./law_group.ts";
import type { LawGroup, LawStep } from "./law_group.ts";
import type { CaseLawOf } from "./law_schema.ts";
import type { Observation } from "./observation.ts";

/** A law on the steps between successive ports of one destination. */
export type StepLaw = CaseLawOf<"steps_in" | "steps_equal" | "steps_vary" | "step_mean" | "jumps_only_at_epoch">;

/** @returns why the law does not hold, or `undefined` if it does. */
export function checkStepLaw(law: StepLaw, kernelCase: KernelCase, observation: Observation): string | undefined {
  const groups = lawGroups(law, kernelCase, observation);
  if (typeof groups === "string") return groups;
  for (const group of groups) {
    const reason = checkOne(law, group, kernelCase, observation);
    if (reason !== undefined) return `in "${group.name}" ${reason}`;
  }
  return undefined;
}

function checkOne(law: StepLaw, group: LawGroup, kernelCase: KernelCase, observation: Observation): string | undefined {
  const steps = stepsOf(group, law.modulo);
  switch (law.law) {
    case "steps_in":
      return checkStepsIn(law, steps);
    case "steps_equal": {
      const wrong = steps.find(({ step }) => step !== remainder(law.value, law.modulo));
      return wrong && `${tell(wrong)}, not ${law.value}`;
    }
    case "steps_vary": {
      const different = new Set(steps.map(({ step }) => step)).size;
      return different >= law.at_least ? undefined : `only ${different} different steps occur, not ${law.at_least}`;
    }
    case "step_mean": {
      const counted = withoutJumps(steps, group.name, kernelCase);
      const mean = counted.reduce((sum, { step }) => sum + step, 0) / counted.length;
      const isWithin = mean >= law.low && mean <= law.high;
      return isWithin ? undefined : `the mean step is ${mean}, not ${law.low} to ${law.high}`;
    }
    case "jumps_only_at_epoch":
      return checkEpochs(law, steps, observation.connectTimes.get(group.name));
  }
}

/**
 * Every step is one of the values, but for as many jumps as the recording had room for: when an epoch begins, every
 * destination jumps once.
 */
function checkStepsIn(law: CaseLawOf<"steps_in">, steps: readonly LawStep[]): string | undefined {
  const jumps = new Map<string, number>();
  for (const step of steps) {
    if (law.values.includes(step.step) || crossesBlock(law, step)) continue;
    const count = (jumps.get(step.to.destination) ?? 0) + 1;
    jumps.set(step.to.destination, count);
    if (count > (law.jumps_at_most ?? 0)) return `${tell(step)}, which is none of ${law.values.join(", ")}`;
  }
  return undefined;
}

/**
 * Whether the walk came to a reserved block within a step and went on behind it, at most as far as a step may still go;
 * one port more, since the first port of the right parity may be the second behind the block.
 */
function crossesBlock({ skips, values, modulo }: CaseLawOf<"steps_in">, { from, step }: LawStep): boolean {
  const longest = Math.max(...values);
  return skips.some(([first, last]) => {
    const toBlock = remainder(first - from.port, modulo);
    const walked = step - (last - first + 1);
    return toBlock <= longest && walked >= toBlock && walked <= longest + 1;
  });
}

/** What `steps_in` of the same list calls a step; where no such law stands, all. */
function withoutJumps(steps: readonly LawStep[], group: string, { laws }: KernelCase): readonly LawStep[] {
  const law = laws.find((one): one is CaseLawOf<"steps_in"> => one.law === "steps_in" && one.group === group);
  if (law === undefined) return steps;
  return steps.filter((step) => law.values.includes(step.step) || crossesBlock(law, step));
}

/**
 * There is one phase such that each jump has a moment phase + k × period between its two connects and, but for one, each
 * such moment has a jump. If any phase will do, one will that is the moment of a connect after a jump.
 */
function checkEpochs(
  { values, period_s: periodSeconds }: CaseLawOf<"jumps_only_at_epoch">,
  steps: readonly LawStep[],
  times: readonly number[] | undefined,
): string | undefined {
  if (times === undefined) return "the times of the connects are not known";
  const spans = steps.map(({ from, to, step }) => ({
    start: times[from.connect - 1] ?? 0,
    end: times[to.connect - 1] ?? 0,
    isJump: !values.includes(step),
  }));
  const period = periodSeconds * SECOND;
  const jumps = spans.filter(({ isJump }) => isJump);
  const [first, last] = [Math.min(...spans.map(({ start }) => start)), Math.max(...spans.map(({ end }) => end))];
  const phases = jumps.length === 0 ? [first] : jumps.map(({ end }) => end);
  let reason: string | undefined = "there are no steps";
  for (const phase of phases) {
    reason = undefined;
    const latest = (moment: number): number => phase + Math.floor((moment - phase) / period) * period;
    const stray = jumps.find(({ start, end }) => latest(end) <= start);
    if (stray !== undefined) {
      reason = `jumps are not ${periodSeconds} s apart: one at ${stray.end / SECOND} s is out of step`;
      continue;
    }
    let quiet = 0;
    for (let moment = latest(first) + period; moment <= last; moment += period) {
      if (!jumps.some(({ start, end }) => moment > start && moment <= end)) quiet += 1;
    }
    if (quiet <= 1) return undefined;
    reason = `${quiet} beginnings of an epoch have no jump`;
  }
  return reason;
}

function tell({ from, to, step }: LawStep): string {
  return `connect ${to.connect} steps by ${step} from ${from.port} to ${to.port}`;
}
