import { Counters } from "../counters.ts";
import type { ChainTally, RuleTally } from "../netfilter/rule_tally.ts";
import type { Netns } from "../netns.ts";

const COUNTERS = new Counters();
const NAMES = Object.keys(COUNTERS).filter((name): name is keyof Counters => name in COUNTERS);

/** All that packets make rise in a namespace: its counters, then passes and rules of each tally of rules. */
export function readMeters({ counters, ruleTally }: Netns): number[] {
  const values: number[] = Object.values(counters);
  if (ruleTally !== undefined) {
    for (const { passes, rules } of talliesOf(ruleTally)) values.push(passes, rules);
  }
  return values;
}

/** Adds `times` the rises to what `readMeters` reads. */
export function addToMeters({ counters, ruleTally }: Netns, rises: readonly number[], times: number): void {
  for (const [place, name] of NAMES.entries()) {
    const rise = rises[place]!;
    if (rise !== 0) counters[name] += rise * times;
  }
  if (ruleTally === undefined || rises.length === NAMES.length) return;
  for (const [place, tally] of talliesOf(ruleTally).entries()) {
    tally.passes += rises[NAMES.length + 2 * place]! * times;
    tally.rules += rises[NAMES.length + 2 * place + 1]! * times;
  }
}

function talliesOf({ natDestination, natSource, filter }: RuleTally): readonly ChainTally[] {
  return [natDestination, natSource, filter];
}
