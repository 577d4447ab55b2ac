import type { Netns } from "../kernel/netns.ts";
import { showConntrack } from "../kernel/show/conntrack_text.ts";
import { showIpvsConnections } from "../kernel/show/ipvs_connection_text.ts";
import { showIpvs } from "../kernel/show/ipvs_text.ts";
import { showNstat } from "../kernel/show/nstat_text.ts";
import { showSs } from "../kernel/show/ss_text.ts";

/** What one tool prints in one namespace at one moment. */
export interface StateText {
  /** The namespace and the command that is run in it: `node: ss -tan`. */
  readonly title: string;
  readonly text: string;
}

/** A tool that prints a part of a namespace's state; `undefined` where the namespace has no such part. */
interface StateWriter {
  readonly command: string;
  readonly show: (netns: Netns) => string | undefined;
}

/** The tools, in the order in which their texts are shown. */
const WRITERS: readonly StateWriter[] = [
  { command: "ss -tan", show: (netns) => showSs(netns) },
  { command: "conntrack -L", show: (netns) => (netns.conntrack === undefined ? undefined : showConntrack(netns)) },
  { command: "ipvsadm -Ln", show: (netns) => (netns.ipvs === undefined ? undefined : showIpvs(netns)) },
  { command: "ipvsadm -Lnc", show: (netns) => (netns.ipvs === undefined ? undefined : showIpvsConnections(netns)) },
  { command: "nstat -az", show: ({ counters }) => showNstat(counters) },
];

/** The states of some namespaces as the tools print them now. */
export function statesAt(namespaces: readonly Netns[]): readonly StateText[] {
  return namespaces.flatMap((netns) =>
    WRITERS.flatMap(({ command, show }): StateText[] => {
      const text = show(netns);
      return text === undefined ? [] : [{ title: `${netns.name}: ${command}`, text }];
    }),
  );
}
