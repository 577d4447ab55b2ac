import { SECOND } from "../units.ts";
import type { KernelCase } from "./case_file.ts";
import { checkCursorLaw } from "./cursor_laws.ts";
import { checkGroupLaw } from "./group_laws.ts";
import type { CaseLaw, CaseLawOf } from "./law_schema.ts";
import type { Observation } from "./observation.ts";
import { checkStepLaw } from "./step_laws.ts";

/**
 * Checks one law of a case on a run. A law holds for every boot secret, so it says nothing about which ports were
 * recorded. Where the law supposes that no second of the kernel's clock begins, and one did, it says nothing at all.
 *
 * @returns why the law does not hold, or `undefined` if it does.
 */
export function checkLaw(law: CaseLaw, kernelCase: KernelCase, observation: Observation): string | undefined {
  const reason = findReason(law, kernelCase, observation);
  return reason === undefined ? undefined : `${law.law}: ${reason}`;
}

function findReason(law: CaseLaw, kernelCase: KernelCase, observation: Observation): string | undefined {
  switch (law.law) {
    case "steps_in":
    case "steps_equal":
    case "steps_vary":
    case "step_mean":
    case "jumps_only_at_epoch":
      return checkStepLaw(law, kernelCase, observation);
    case "cursor_survives":
    case "cursor_independent":
    case "cursor_survives_churn":
    case "cursor_shared":
    case "global_cursor":
      return checkCursorLaw(law, kernelCase, observation);
    case "states_pass":
      return checkStates(law, observation);
    case "close_returns_within_s": {
      const took = observation.closeTook.get(law.of);
      if (took === undefined) return `the run does not tell how long the close of "${law.of}" took`;
      return took / SECOND <= law.value
        ? undefined
        : `the close of "${law.of}" took ${took / SECOND} s, not ${law.value}`;
    }
    case "failures_within":
      return checkCount("failures", law.low, law.high, observation);
    case "counts_equal":
      return checkCount(law.of, law.value, law.value, observation);
    case "counts_within":
      return checkCount(law.of, law.low, law.high, observation);
    default:
      return checkGroupLaw(law, kernelCase, observation);
  }
}

function checkCount(name: string, low: number, high: number, { storm }: Observation): string | undefined {
  const count = storm.get(name);
  if (count === undefined) return `the run does not count ${name}`;
  return count >= low && count <= high
    ? undefined
    : `${name} is ${count}, not ${low === high ? low : `${low} to ${high}`}`;
}

/** The states one after the other, equal ones in a row being one. */
function checkStates(law: CaseLawOf<"states_pass">, { socketStates }: Observation): string | undefined {
  const rows = socketStates.get(law.of);
  if (rows === undefined) return `the run does not watch the socket "${law.of}"`;
  const passed = rows.map(({ state }) => state).filter((state, index, all) => index === 0 || state !== all[index - 1]);
  const mayComeFirst = law.first_may_be === undefined ? [] : [law.first_may_be].flat();
  const [first = null] = passed;
  const isLonger = passed.length === law.states.length + 1 && mayComeFirst.includes(first);
  const path = isLonger ? passed.slice(1) : passed;
  const isSame = path.length === law.states.length && path.every((state, index) => state === law.states[index]);
  if (!isSame) return `the socket "${law.of}" passes through ${statesText(passed)}, not ${statesText(law.states)}`;
  if (law.last_left_s === undefined) return undefined;
  const last = rows.findLastIndex(({ state }, index) => state !== rows[index - 1]?.state);
  return checkLastTimer(law.last_left_s, rows[last]?.left);
}

function statesText(states: readonly (string | null)[]): string {
  return states.map((state) => state ?? "no socket").join(", ");
}

/** A single number allows what a timer of `ss` allows: max(0.1 s, 6 %). */
function checkLastTimer(wanted: number | readonly [number, number], left: number | undefined): string | undefined {
  const slack = typeof wanted === "number" ? Math.max(0.1, 0.06 * wanted) : 0;
  const [low, high] = typeof wanted === "number" ? [wanted - slack, wanted + slack] : wanted;
  if (left === undefined) return "the last state has no timer";
  return left / SECOND >= low && left / SECOND <= high
    ? undefined
    : `the timer of the last state has ${left / SECOND} s left, not ${low} to ${high}`;
}
