import { SECOND } from "../units.ts";
import type { KernelCase } from "./case_file.ts";
import type { Observation } from "./observation.ts";

/** One list of a run, as laws read it. */
export interface LawGroup {
  readonly name: string;
  /** One per connect. */
  readonly entries: readonly (number | string)[];
  /** Where each connect went, and from which address it was bound: steps count between equal ones. */
  readonly destinations: readonly string[];
  /** The position of the first entry in the whole list, from 0. */
  readonly start: number;
}

/** The entry of a list that is a port. */
export interface LawPort {
  readonly port: number;
  readonly destination: string;
  /** Its position in the whole list, from 1. */
  readonly connect: number;
}

/** From one port to the next of the same destination. */
export interface LawStep {
  readonly from: LawPort;
  readonly to: LawPort;
  /** (next − previous) mod modulo, 0 or more. */
  readonly step: number;
}

/** What a law on lists says of where it holds. */
interface OnGroup {
  readonly group: string;
  readonly entries?: readonly [number, number] | undefined;
  readonly within_one_second: boolean;
}

/**
 * The lists that a law speaks of, cut to its `entries`. A list during which a second began is left out where the law
 * supposes that none does.
 *
 * @returns a text if a list is missing or has another length than the recorded one.
 */
export function lawGroups(law: OnGroup, kernelCase: KernelCase, observation: Observation): LawGroup[] | string {
  const destinations = destinationsOf(kernelCase);
  const names = law.group === "*" ? [...destinations.keys()] : [law.group];
  const groups: LawGroup[] = [];
  for (const name of names) {
    const all = observation.groups.get(name);
    if (all === undefined) return `the run has no list "${name}"`;
    const recordedLength = kernelCase.observed.groups[name]?.length;
    if (recordedLength !== undefined && recordedLength !== all.length) {
      return `the list "${name}" has ${all.length} entries, recorded are ${recordedLength}`;
    }
    if (law.within_one_second && beginsSecond(observation, name)) continue;
    const [from, to] = law.entries ?? [1, all.length];
    const goals = destinations.get(name) ?? [];
    groups.push({
      name,
      entries: all.slice(from - 1, to),
      destinations: all.slice(from - 1, to).map((_, index) => goals[from - 1 + index] ?? goals.at(-1) ?? ""),
      start: from - 1,
    });
  }
  return groups;
}

/** The entries that are ports. */
export function portsOf({ entries, destinations, start }: LawGroup): LawPort[] {
  return entries.flatMap((port, index) =>
    typeof port === "number" ? [{ port, destination: destinations[index] ?? "", connect: start + index + 1 }] : [],
  );
}

/** The steps between successive ports of the same destination. */
export function stepsOf(group: LawGroup, modulo: number): LawStep[] {
  const latest = new Map<string, LawPort>();
  const steps: LawStep[] = [];
  for (const to of portsOf(group)) {
    const from = latest.get(to.destination);
    if (from !== undefined) steps.push({ from, to, step: remainder(to.port - from.port, modulo) });
    latest.set(to.destination, to);
  }
  return steps;
}

/** `value` mod `modulo`, from 0 to `modulo` − 1 also for negative values. */
export function remainder(value: number, modulo: number): number {
  return ((value % modulo) + modulo) % modulo;
}

/** Lists of ports by name, and for each of their connects where it goes and what it is bound to. */
function destinationsOf({ actions }: KernelCase): Map<string, string[]> {
  const destinations = new Map<string, string[]>();
  for (const action of actions) {
    if (action.op !== "connect" && action.op !== "probe" && action.op !== "storm") continue;
    if (action.group === undefined) continue;
    const list = destinations.get(action.group) ?? [];
    destinations.set(action.group, list);
    if (action.op === "connect") {
      for (let index = 0; index < action.count; index += 1) list.push(connectDestination(action, index));
    } else {
      const count = action.op === "probe" ? action.count : 1;
      for (let index = 0; index < count; index += 1) list.push(`${action.src ?? ""} > ${action.dst}:${action.dport}`);
    }
  }
  return destinations;
}

/** Where the connect with this index (from 0) of a `connect` action goes, and the address it is bound to. */
export function connectDestination(
  action: {
    readonly to: readonly (readonly [string, number])[];
    readonly bind?: { readonly address: string } | undefined;
  },
  index: number,
): string {
  const [address, port] = action.to[index % action.to.length] ?? ["", 0];
  return `${action.bind?.address ?? ""} > ${address}:${port}`;
}

function beginsSecond(observation: Observation, name: string): boolean {
  const times = observation.connectTimes.get(name) ?? [];
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  return Math.floor(first / SECOND) !== Math.floor(last / SECOND);
}
