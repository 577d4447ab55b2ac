import type { KernelCase } from "./case_file.ts";
import { connectDestination, remainder } from "./law_group.ts";
import type { CaseLawOf } from "./law_schema.ts";
import type { Observation } from "./observation.ts";

/** A law on where the kernel's port cursors stand, over several lists. */
export type CursorLaw = CaseLawOf<
  "cursor_survives" | "cursor_independent" | "cursor_survives_churn" | "cursor_shared" | "global_cursor"
>;

/** What a call returns that never came to search for a port, or found none. */
const NO_SEARCH = /^(EADDRNOTAVAIL|bind |setsockopt )/;

/** @returns why the law does not hold, or `undefined` if it does. */
export function checkCursorLaw(law: CursorLaw, kernelCase: KernelCase, observation: Observation): string | undefined {
  switch (law.law) {
    case "cursor_survives":
      return checkPairs(law, [[law.before, law.after]], observation, (step) => law.values.includes(step));
    case "cursor_independent":
      return checkPairs(law, law.pairs, observation, (step) => law.values.includes(step));
    case "cursor_survives_churn":
      return checkPairs(law, law.pairs, observation, (step, count) => isSumOfSteps(step, count, law));
    case "cursor_shared":
      return checkPairs(law, law.pairs, observation, (step, count) => step === remainder(count, law.modulo));
    case "global_cursor":
      return checkGlobalCursor(law, kernelCase, observation);
  }
}

/** From the last port of one list to the first of the other lies an allowed step, but for so many jumps. */
function checkPairs(
  law: { readonly modulo: number; readonly epoch_s?: number | undefined; readonly jumps_at_most?: number | undefined },
  pairs: readonly (readonly [before: string, after: string, count?: number])[],
  observation: Observation,
  isAllowed: (step: number, count: number) => boolean,
): string | undefined {
  // Where the law names an epoch but no number of jumps, its one pair may be parted by the beginning of an epoch.
  let jumpsLeft = law.jumps_at_most ?? (law.epoch_s === undefined ? 0 : 1);
  for (const [before, after, count = 1] of pairs) {
    const from = observation.groups.get(before)?.findLast((entry) => typeof entry === "number");
    const to = observation.groups.get(after)?.find((entry) => typeof entry === "number");
    if (typeof from !== "number" || typeof to !== "number") return `"${before}" or "${after}" has no port`;
    const step = remainder(to - from, law.modulo);
    if (isAllowed(step, count)) continue;
    jumpsLeft -= 1;
    if (jumpsLeft < 0) return `from "${before}" to "${after}" the port moves by ${step}, from ${from} to ${to}`;
  }
  return undefined;
}

/** Whether so many steps, each one of the values, can add up to `step` modulo `modulo`. O(count² × values). */
function isSumOfSteps(
  step: number,
  count: number,
  { values, modulo }: { readonly values: readonly number[]; readonly modulo: number },
): boolean {
  let sums = new Set([0]);
  for (let taken = 0; taken < count; taken += 1) {
    const next = new Set<number>();
    for (const sum of sums) for (const value of values) next.add((sum + value) % modulo);
    sums = next;
  }
  return sums.has(step);
}

/**
 * All connects that searched for a port, numbered 0, 1, 2, … over the whole case: port − low − step × number is one
 * constant per destination. Explicit binds, bind(0) and failures are no searches; connects whose port was not recorded
 * count all the same.
 */
function checkGlobalCursor(
  { step, low, modulo }: CaseLawOf<"global_cursor">,
  kernelCase: KernelCase,
  observation: Observation,
): string | undefined {
  const constants = new Map<string, number>();
  let number = 0;
  for (const { destination, entry, group } of searches(kernelCase, observation)) {
    if (typeof entry === "string" && NO_SEARCH.test(entry)) continue;
    if (typeof entry === "number") {
      const constant = remainder(entry - low - step * number, modulo);
      const known = constants.get(destination) ?? constant;
      constants.set(destination, known);
      if (known !== constant) {
        return `in "${group}" port ${entry} is off the common cursor by ${remainder(constant - known, modulo)}`;
      }
    }
    number += 1;
  }
  return constants.size === 0 ? "no connect has a port" : undefined;
}

interface Search {
  readonly destination: string;
  /** What is known of its outcome. */
  readonly entry: number | string | undefined;
  readonly group: string;
}

function searches({ actions }: KernelCase, observation: Observation): Search[] {
  const found: Search[] = [];
  const places = new Map<string, number>();
  const nextEntry = (group: string | undefined): number | string | undefined => {
    if (group === undefined) return undefined;
    const place = places.get(group) ?? 0;
    places.set(group, place + 1);
    return observation.groups.get(group)?.[place];
  };
  for (const action of actions) {
    if (action.op === "connect") {
      const isSearch = action.bind === undefined || action.bind.no_port;
      for (let index = 0; index < action.count; index += 1) {
        const entry = nextEntry(action.group);
        const destination = connectDestination(action, index);
        if (isSearch) found.push({ destination, entry, group: action.group ?? "" });
      }
    } else if (action.op === "probe" || action.op === "storm") {
      const destination = `${action.src ?? ""} > ${action.dst}:${action.dport}`;
      const isSearch = action.op === "storm" || action.sport === undefined;
      for (let index = 0; index < (action.op === "probe" ? action.count : action.connects); index += 1) {
        const entry = nextEntry(action.group);
        if (isSearch) found.push({ destination, entry, group: action.group ?? "" });
      }
    } else if (action.op === "hold" && action.connect !== undefined && action.bind === undefined) {
      found.push({ destination: connectDestination({ to: [action.connect] }, 0), entry: undefined, group: "" });
    }
  }
  return found;
}
