import type { KernelCase } from "./case_file.ts";
import { lawGroups, portsOf } from "./law_group.ts";
import type { LawGroup } from "./law_group.ts";
import type { CaseLawOf } from "./law_schema.ts";
import type { Observation } from "./observation.ts";

/** A law that looks at the entries of one list at a time. */
export type GroupLaw = CaseLawOf<
  | "in_range"
  | "parity"
  | "distinct"
  | "uses"
  | "never_uses"
  | "spread_at_least"
  | "parity_first"
  | "sets_in_order"
  | "first_error"
  | "all_errors"
  | "all_succeed"
  | "equals"
  | "number_between"
  | "all_results"
  | "fails_exactly_on"
>;

type Blocks = readonly (number | readonly [number, number])[];

/** @returns why the law does not hold, or `undefined` if it does. */
export function checkGroupLaw(law: GroupLaw, kernelCase: KernelCase, observation: Observation): string | undefined {
  const groups = lawGroups(law, kernelCase, observation);
  if (typeof groups === "string") return groups;
  for (const group of groups) {
    const reason = checkOne(law, group, observation);
    if (reason !== undefined) return `in "${group.name}" ${reason}`;
  }
  return undefined;
}

function checkOne(law: GroupLaw, group: LawGroup, observation: Observation): string | undefined {
  switch (law.law) {
    case "all_results":
    case "fails_exactly_on":
      return checkResults(law, group, observation.groups.get(`${group.name}/results`));
    case "sets_in_order":
      return checkSets(law.sets, group);
    case "first_error":
    case "all_errors":
    case "all_succeed":
    case "equals":
    case "number_between":
      return checkEntries(law, group);
    case "in_range":
    case "parity":
    case "distinct":
    case "uses":
    case "never_uses":
    case "spread_at_least":
    case "parity_first":
      return checkPorts(law, group);
  }
}

type PortLaw = CaseLawOf<
  "in_range" | "parity" | "distinct" | "uses" | "never_uses" | "spread_at_least" | "parity_first"
>;

function checkPorts(law: PortLaw, group: LawGroup): string | undefined {
  const ports = portsOf(group);
  const numbers = ports.map(({ port }) => port);
  switch (law.law) {
    case "in_range": {
      const wrong = ports.find(({ port }) => port < law.low || port > law.high);
      return wrong && `port ${wrong.port} of connect ${wrong.connect} is outside ${law.low} to ${law.high}`;
    }
    case "parity": {
      const wrong = ports.find(({ port }) => parityOf(port) !== law.parity);
      return wrong && `port ${wrong.port} of connect ${wrong.connect} is not ${law.parity}`;
    }
    case "parity_first": {
      const wrong = ports.find(
        ({ port, connect }) => (parityOf(port) === law.parity) === connect >= law.switches_at_connect,
      );
      return (
        wrong &&
        `port ${wrong.port} of connect ${wrong.connect} has the wrong parity: ${law.parity} is to end before connect ${law.switches_at_connect}`
      );
    }
    case "distinct": {
      const wrong = ports.find(({ port }, index) => numbers.indexOf(port) !== index);
      return wrong && `port ${wrong.port} of connect ${wrong.connect} was used before`;
    }
    case "never_uses": {
      const wrong = ports.find(({ port }) => isInBlocks(port, law.ports));
      return wrong && `port ${wrong.port} of connect ${wrong.connect} is one that is never used`;
    }
    case "uses": {
      const missing = portsOfBlocks(law.ports).find((port) => !numbers.includes(port));
      return missing === undefined ? undefined : `port ${missing} does not occur`;
    }
    case "spread_at_least": {
      const spread = numbers.length === 0 ? 0 : Math.max(...numbers) - Math.min(...numbers);
      return spread >= law.value ? undefined : `the ports spread over ${spread}, not ${law.value}`;
    }
  }
}

type EntryLaw = CaseLawOf<"first_error" | "all_errors" | "all_succeed" | "equals" | "number_between">;

function checkEntries(law: EntryLaw, { entries, start }: LawGroup): string | undefined {
  switch (law.law) {
    case "first_error": {
      const first = entries.findIndex((entry) => typeof entry === "string");
      if (first < 0)
        return `every connect succeeds, but one of ${law.at_connect.join(", ")} is to be the first to fail`;
      const connect = start + first + 1;
      if (!law.at_connect.includes(connect))
        return `connect ${connect} is the first to fail, not ${law.at_connect.join(" or ")}`;
      const other = entries.findIndex((entry, index) => index >= first && entry !== law.errno);
      return other < 0 ? undefined : `connect ${start + other + 1} gives ${entries[other]}, not ${law.errno}`;
    }
    case "all_errors": {
      const other = entries.findIndex((entry) => entry !== law.errno);
      return other < 0 ? undefined : `connect ${start + other + 1} gives ${entries[other]}, not ${law.errno}`;
    }
    case "all_succeed": {
      const other = entries.findIndex((entry) => typeof entry !== "number");
      return other < 0 ? undefined : `connect ${start + other + 1} gives ${entries[other]}, not a port`;
    }
    case "equals":
      return entries.length === 1 && entries[0] === law.value
        ? undefined
        : `stands ${entries.join(", ")}, not ${law.value}`;
    case "number_between": {
      const [only] = entries;
      const isBetween = entries.length === 1 && typeof only === "number" && only >= law.low && only <= law.high;
      return isBetween ? undefined : `stands ${entries.join(", ")}, not one number from ${law.low} to ${law.high}`;
    }
  }
}

/** The first entries are the first set in any order, the next the second, and so on. */
function checkSets(sets: readonly (readonly (number | string)[])[], { entries, start }: LawGroup): string | undefined {
  let place = 0;
  for (const [index, set] of sets.entries()) {
    const left = [...set];
    for (const entry of entries.slice(place, place + set.length)) {
      const found = left.indexOf(entry);
      place += 1;
      if (found < 0) return `connect ${start + place} gives ${entry}, which set ${index + 1} does not have left`;
      left.splice(found, 1);
    }
    if (left.length > 0) return `set ${index + 1} still has ${left.join(", ")} when the list ends`;
  }
  return undefined;
}

function checkResults(
  law: CaseLawOf<"all_results" | "fails_exactly_on">,
  { entries, start }: LawGroup,
  allResults: readonly (number | string)[] | undefined,
): string | undefined {
  const results = allResults?.slice(start, start + entries.length);
  if (results?.length !== entries.length) return "the results are missing";
  for (const [index, result] of results.entries()) {
    const port = entries[index] ?? "";
    const isToFail = law.law === "fails_exactly_on" && typeof port === "number" && isInBlocks(port, law.ports);
    const wanted = law.law === "all_results" ? law.result : isToFail ? law.failure : law.success;
    if (result !== wanted)
      return `connect ${start + index + 1} from port ${port} ends with "${result}", not "${wanted}"`;
  }
  return undefined;
}

function parityOf(port: number): "even" | "odd" {
  return port % 2 === 0 ? "even" : "odd";
}

function isInBlocks(port: number, blocks: Blocks): boolean {
  return blocks.some((block) => (typeof block === "number" ? port === block : port >= block[0] && port <= block[1]));
}

function portsOfBlocks(blocks: Blocks): number[] {
  return blocks.flatMap((block) => {
    if (typeof block === "number") return [block];
    return Array.from({ length: block[1] - block[0] + 1 }, (_, index) => block[0] + index);
  });
}
