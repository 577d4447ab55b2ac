import type { Netns } from "../kernel/netns.ts";

/** What one tool prints in one namespace at one moment. */
export interface StateText {
  /** The command, and the namespace it is run in: `node: nstat -az`. */
  readonly title: string;
  readonly text: string;
}

/** Something that writes down a part of a namespace's state as a tool prints it; `undefined` where there is nothing. */
type StateWriter = (netns: Netns) => StateText | undefined;

/** The tools, in the order in which their texts are shown. */
const WRITERS: readonly StateWriter[] = [counters];

/** The states of some namespaces as the tools print them now. */
export function statesAt(namespaces: readonly Netns[]): readonly StateText[] {
  return namespaces.flatMap((netns) => WRITERS.flatMap((write) => write(netns) ?? []));
}

/** Counters that are not 0, in the columns of `nstat`. Source: misc/nstat.c dump_kern_db, v6.1. */
function counters(netns: Netns): StateText | undefined {
  const lines = Object.entries(netns.counters)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name.padEnd(32)}${String(value).padEnd(16)} 0.0`);
  return lines.length === 0 ? undefined : { title: `${netns.name}: nstat -a`, text: ["#kernel", ...lines].join("\n") };
}
