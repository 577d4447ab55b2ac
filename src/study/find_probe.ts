import type { Outcome } from "../cluster/clients.ts";
import type { ProbeObserver } from "../cluster/kubelet/kubelet.ts";
import type { Prober } from "../cluster/kubelet/prober.ts";
import { probeLogLine, type ProbeSubject } from "../cluster/kubelet/probe_text.ts";
import type { ProbeOptions, Version } from "../cluster/options.ts";
import type { FailureCause } from "../cluster/replication_result.ts";
import type { EventLoop } from "../sim/event_loop.ts";
import type { Micros, Port } from "../units.ts";

/** Which probe is wanted: the first that fails, or the n-th to begin, from 1. */
export type WantedProbe = "first-failure" | number;

/** A probe of one replication. */
export interface FoundProbe {
  readonly replication: number;
  /** Its place among all probes of the replication in the order in which they began, from 1. */
  readonly number: number;
  /** `namespace/pod container probeType`. */
  readonly series: string;
  readonly subject: ProbeSubject;
  readonly probe: ProbeOptions;
  readonly startedAt: Micros;
  readonly endedAt: Micros;
  /** 0 if connect() found no port. */
  readonly localPort: Port;
  readonly isSuccess: boolean;
  readonly cause: FailureCause;
  /** What the kubelet logs and the Event says; empty for a success. */
  readonly output: string;
  readonly logLine: string | undefined;
}

/** Follows the probes of one replication until it has met the wanted one. */
export class ProbeFinder implements ProbeObserver {
  readonly #loop: EventLoop;
  readonly #replication: number;
  readonly #wanted: WantedProbe;
  readonly #version: Version;
  readonly #underWay = new Map<string, { readonly number: number; readonly startedAt: Micros }>();
  #started = 0;
  #found: FoundProbe | undefined;

  constructor(loop: EventLoop, replication: number, wanted: WantedProbe, version: Version) {
    this.#loop = loop;
    this.#version = version;
    this.#replication = replication;
    this.#wanted = wanted;
  }

  /** Probes that have begun. */
  get count(): number {
    return this.#started;
  }

  get found(): FoundProbe | undefined {
    return this.#found;
  }

  started(prober: Prober): void {
    this.#started += 1;
    this.#underWay.set(prober.name, { number: this.#started, startedAt: this.#loop.now });
  }

  probed(prober: Prober, outcome: Outcome, at: Micros, output: string): void {
    const probe = this.#underWay.get(prober.name);
    this.#underWay.delete(prober.name);
    if (probe === undefined) return;
    if (this.#wanted === "first-failure" ? outcome.isSuccess : probe.number !== this.#wanted) return;
    // Of failures the one that began first counts, even if a later one has ended before it.
    if (this.#found !== undefined && this.#found.number <= probe.number) return;
    const { isSuccess, cause, localPort } = outcome;
    this.#found = {
      replication: this.#replication,
      ...probe,
      series: prober.name,
      subject: prober.subject,
      probe: prober.probe,
      endedAt: at,
      localPort,
      isSuccess,
      cause,
      output,
      logLine: isSuccess ? undefined : probeLogLine(prober.subject, output, at, this.#version),
    };
  }

  /** Whether the search is over: the wanted probe has ended, and for failures none that began before it is under way. */
  get isDone(): boolean {
    const found = this.#found;
    if (found === undefined) return false;
    if (this.#wanted !== "first-failure") return true;
    return [...this.#underWay.values()].every(({ number }) => number > found.number);
  }
}
