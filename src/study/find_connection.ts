import { probeAccessLine } from "../cluster/access_log.ts";
import type { ClientSpec, Outcome } from "../cluster/clients.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { type KubeletEvent, unhealthyEvent } from "../cluster/kubelet/kubelet_events.ts";
import { probeLogLine, type ProbeSubject } from "../cluster/kubelet/probe_text.ts";
import type { Prober } from "../cluster/kubelet/prober.ts";
import type { Node } from "../cluster/node.ts";
import type { ProbeOptions, Version } from "../cluster/options.ts";
import type { Site } from "../cluster/workload.ts";
import type { Ipv4, Micros, Port } from "../units.ts";
import { ConnectionSearch, type FoundEnd, type WantedNumber } from "./connection_search.ts";

/** The connection that is to be explained: one of all probes, or one of a workload. */
export interface WantedConnection {
  readonly number: WantedNumber;
  /** The workload's name; absent for probes. */
  readonly workload?: string;
}

/** What a probe's end is written down as. */
export interface ProbeTexts {
  readonly subject: ProbeSubject;
  readonly options: ProbeOptions;
  /** What the kubelet writes; `undefined` for a success, and so is the Event. */
  readonly logLine: string | undefined;
  readonly event: KubeletEvent | undefined;
  /** What a server that is nginx writes; `undefined` if no HTTP request reached it. */
  readonly accessLine: string | undefined;
}

/** A connection of one replication. */
export interface FoundConnection extends FoundEnd {
  readonly replication: number;
  /** The namespace of the node, or of the network, that it begins on, and the one that connects, which is the same for probes. */
  readonly node: string;
  readonly client: string;
  readonly address: Ipv4;
  readonly port: Port;
  readonly timeout: Micros;
  /** The workload that it is one of; of a probe what is written down about it. */
  readonly workload: string | undefined;
  readonly probe: ProbeTexts | undefined;
}

/** Follows the connections of one replication until it has met the wanted one. */
export interface ConnectionFinder {
  /** Connections that have begun. */
  readonly count: number;
  readonly found: FoundConnection | undefined;
  readonly isDone: boolean;
}

/** Follows a cluster that has not been started yet. */
export function findIn(
  cluster: Cluster,
  wanted: WantedConnection,
  run: { readonly replication: number; readonly version: Version },
): ConnectionFinder {
  return wanted.workload === undefined
    ? new ProbeFinder(cluster, wanted.number, run)
    : new WorkloadFinder(cluster, wanted.workload, { number: wanted.number, replication: run.replication });
}

/** The workloads of a cluster by name, each once. */
export function workloadNames(cluster: Cluster): readonly string[] {
  return [...new Set(cluster.sites().flatMap(({ workloads }) => workloads.map(({ counts }) => counts.name)))];
}

class ProbeFinder implements ConnectionFinder {
  readonly #search: ConnectionSearch<ClientSpec>;
  readonly #replication: number;
  readonly #version: Version;
  #found: FoundConnection | undefined;

  constructor(
    cluster: Cluster,
    number: WantedNumber,
    { replication, version }: { readonly replication: number; readonly version: Version },
  ) {
    this.#search = new ConnectionSearch(number);
    this.#replication = replication;
    this.#version = version;
    for (const { node } of cluster.nodes) this.#follow(node);
  }

  get count(): number {
    return this.#search.count;
  }

  get found(): FoundConnection | undefined {
    return this.#found;
  }

  get isDone(): boolean {
    return this.#search.isDone;
  }

  #follow(node: Node): void {
    node.kubelet.observer = {
      started: ({ spec }) => {
        if (spec !== undefined) this.#search.begin(spec, node.machine.loop.now);
      },
      probed: (prober, outcome, at, output) => this.#probed(node, prober, { outcome, at, output }),
    };
    node.clients.observer = {
      opens: () => {},
      connects: (_row, spec, source) => this.#search.hasSource(spec, source),
      finished: (_row, spec, outcome) => this.#search.hadOutcome(spec, outcome),
    };
  }

  #probed(
    node: Node,
    { subject, probe, spec }: Prober,
    { outcome, at, output }: { readonly outcome: Outcome; readonly at: Micros; readonly output: string },
  ): void {
    if (spec === undefined) return;
    const end = this.#search.end(spec, outcome, at);
    if (end === undefined) return;
    const hasFailed = !outcome.isSuccess;
    const client = end.source ?? node.probeSource();
    this.#found = {
      ...end,
      ...placeOf(node, spec),
      replication: this.#replication,
      workload: undefined,
      probe: {
        subject,
        options: probe,
        logLine: hasFailed ? probeLogLine(subject, output, at, this.#version) : undefined,
        event: hasFailed ? unhealthyEvent(subject, output, at) : undefined,
        accessLine: probeAccessLine(probe, { client, at, outcome }, this.#version),
      },
    };
  }
}

class WorkloadFinder implements ConnectionFinder {
  readonly #search: ConnectionSearch<string>;
  readonly #name: string;
  readonly #replication: number;
  #found: FoundConnection | undefined;

  constructor(
    cluster: Cluster,
    name: string,
    { number, replication }: { readonly number: WantedNumber; readonly replication: number },
  ) {
    this.#search = new ConnectionSearch(number);
    this.#name = name;
    this.#replication = replication;
    for (const [index, site] of cluster.sites().entries()) {
      const specs = new Set(site.workloads.filter(({ counts }) => counts.name === name).map(({ spec }) => spec));
      if (specs.size > 0) this.#follow(site, specs, index);
    }
  }

  get count(): number {
    return this.#search.count;
  }

  get found(): FoundConnection | undefined {
    return this.#found;
  }

  get isDone(): boolean {
    return this.#search.isDone;
  }

  #follow(site: Site, specs: ReadonlySet<ClientSpec>, index: number): void {
    const { loop } = site.netns.machine;
    site.clients.observer = {
      opens: (row, spec) => {
        if (specs.has(spec)) this.#search.begin(`${index}/${row}`, loop.now);
      },
      connects: (row, _spec, source) => this.#search.hasSource(`${index}/${row}`, source),
      finished: (row, spec, outcome) => {
        const key = `${index}/${row}`;
        this.#search.hadOutcome(key, outcome);
        const end = specs.has(spec) ? this.#search.end(key, outcome, loop.now) : undefined;
        if (end === undefined) return;
        const own = { replication: this.#replication, workload: this.#name, probe: undefined };
        this.#found = { ...end, ...placeOf(site, spec), ...own };
      },
    };
  }
}

/** Where a client's connections begin and where they go. */
function placeOf(site: Site, { netns, address, port, timeout }: ClientSpec) {
  return { node: site.netns.name, client: netns.name, address, port, timeout };
}
