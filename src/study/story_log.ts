import type { Cluster } from "../cluster/cluster.ts";
import type { FlowEvent } from "../cluster/flow_recorder.ts";
import { claimFailureLine } from "../cluster/kube_proxy_text.ts";
import type { Version } from "../cluster/options.ts";
import { KernelLog } from "../kernel/kernel_log.ts";
import type { Micros } from "../units.ts";
import type { FoundConnection } from "./find_connection.ts";

/** A line that somebody wrote into a log. */
export interface LogLine {
  readonly kind: "log";
  readonly time: Micros;
  /** Whose log: `kernel`, `kube-proxy`, or `nginx` for the access log of a pod's server. */
  readonly log: "kernel" | "kube-proxy" | "nginx";
  /** The node, or the pod. */
  readonly of: string;
  readonly text: string;
}

/** The logs of a cluster's nodes from the start of the run on. */
export class StoryLogs {
  readonly #cluster: Cluster;
  readonly #kernelLogs: readonly KernelLog[];

  /** Gives each kernel a log; call it before the cluster starts. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    // A table that is full all day writes ten lines every five seconds, and the end of the day counts.
    this.#kernelLogs = cluster.nodes.map(({ node: { machine } }) => {
      const log = new KernelLog(machine, Infinity);
      machine.log = log;
      return log;
    });
  }

  /**
   * What the logs say of a connection, in order of time: what the kernel writes when it drops a packet of it, or wrote last
   * before, since it says so no more than ten times in five seconds; what kube-proxy writes about its source port, or wrote
   * last; and what the server does that it has reached.
   */
  linesOf(connection: FoundConnection, events: readonly FlowEvent[], kubeProxy: Version): readonly LogLine[] {
    const lines = [...this.#kernelLines(events), ...this.#claimLines(connection, kubeProxy)];
    const { probe, endedAt } = connection;
    if (probe?.accessLine !== undefined)
      lines.push({ kind: "log", time: endedAt, log: "nginx", of: probe.subject.pod, text: probe.accessLine });
    return lines.toSorted((a, b) => a.time - b.time);
  }

  /** Only a full conntrack table makes the kernel write anything here. */
  #kernelLines(events: readonly FlowEvent[]): readonly LogLine[] {
    return this.#cluster.nodes.flatMap(({ node: { netns } }, index): LogLine[] => {
      const log = this.#kernelLogs[index]!;
      const drops = events.flatMap((event) => {
        if (event.kind === "packet") return [];
        const { name, verdict, netns: place, time } = event.decision;
        return name === "conntrack" && verdict === "DROP" && place === netns.name ? [time] : [];
      });
      if (drops.length === 0) return [];
      const now = log.lines.filter(({ at }) => drops.includes(at));
      const lines = now.length > 0 ? now : log.lines.filter(({ at }) => at < drops[0]!).slice(-1);
      return lines.map((line) => ({
        kind: "log",
        time: line.at,
        log: "kernel",
        of: netns.name,
        text: log.lineText(line),
      }));
    });
  }

  #claimLines({ client, localPorts, startedAt, endedAt }: FoundConnection, version: Version): readonly LogLine[] {
    const node = this.#cluster.nodes.find(({ node: { netns } }) => netns.name === client)?.node;
    const failures = node?.kubeProxy.claimFailures.filter(({ at, port }) => localPorts.includes(port) && at <= endedAt);
    const now = failures?.filter(({ at }) => at >= startedAt) ?? [];
    const lines = now.length > 0 ? now : (failures?.slice(-1) ?? []);
    return lines.map((failure) => ({
      kind: "log",
      time: failure.at,
      log: "kube-proxy",
      of: client,
      text: claimFailureLine(failure, version),
    }));
  }
}
