import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { Netns } from "../../kernel/netns.ts";
import { type Micros, SECOND } from "../../units.ts";
import type { Clients, Outcome } from "../clients.ts";
import { isAtLeast, type NodeOptions, type PodOptions, type ProbeOptions } from "../options.ts";
import {
  type CauseCounts,
  type FailedProbe,
  FAILURES_KEPT,
  type FirstTimes,
  type LifeResult,
  type ProbeSeries,
} from "../replication_result.ts";
import { noFailures } from "../workload.ts";
import type { Container } from "./container.ts";
import { KubeletEvents } from "./kubelet_events.ts";
import { probeLogLine, type ProbeType } from "./probe_text.ts";
import { Prober, type ProbeListener } from "./prober.ts";
import { ProbeTicker } from "./probe_ticker.ts";

/** Hears of every probe, successful ones too; it must not change anything. */
export interface ProbeObserver {
  /** A probe is about to connect. */
  started?(prober: Prober): void;
  /** A probe has its result. @param output what a failure says; empty for a success. */
  probed(prober: Prober, outcome: Outcome, at: Micros, output: string): void;
}

/** Hears of every change of the condition Ready. */
export type ReadinessListener = (pod: PodOptions, isReady: boolean) => void;

/** A pod of this node. */
interface NodePod {
  readonly container: Container;
  readonly probers: readonly Prober[];
  isReady: boolean;
  /** Getting ready for the first time is no flip. */
  hasBeenReady: boolean;
}

/** The kubelet's probe manager: its workers, and the sums of what they saw. */
export class Kubelet implements ProbeListener {
  readonly events: KubeletEvents;
  /** Who hears of probes, if anybody does. */
  observer: ProbeObserver | undefined = undefined;
  readonly #options: NodeOptions;
  readonly #node: Netns;
  readonly #clients: Clients;
  readonly #probers: Prober[] = [];
  /** By period. */
  readonly #tickers = new Map<Micros, ProbeTicker>();
  readonly #containers: Container[] = [];
  /** By name; a pod that is gone is not in here any more, its workers and container still count in the sums. */
  readonly #pods = new Map<string, NodePod>();
  readonly #onReadiness: ReadinessListener | undefined;
  readonly #failures: FailedProbe[] = [];
  readonly #byCause = noFailures();
  #total = 0;
  #failed = 0;
  #flips = 0;
  /** Restarts that were forgotten. */
  #restartsBefore = 0;
  #unready = 0;
  #unreadySince: Micros = DOUBLE_ZERO;
  #unreadyTime: Micros = DOUBLE_ZERO;

  constructor(options: NodeOptions, node: Netns, clients: Clients, onReadiness?: ReadinessListener) {
    this.#onReadiness = onReadiness;
    this.#options = options;
    this.events = new KubeletEvents(options.kubelet.version);
    this.#node = node;
    this.#clients = clients;
  }

  /** Takes a container with its probes; they begin with `start`. */
  add(container: Container): void {
    this.#addPod(container, false);
  }

  /** Starts a pod while the run goes on: it is not ready until its probe, or the start of its container, says so. */
  startPod(container: Container): void {
    const { probers } = this.#addPod(container, true);
    this.#passUnreadyTime();
    this.#unready += 1;
    container.startLater();
    for (const prober of probers) prober.start();
  }

  /**
   * A pod is being deleted, and its container still runs: from 1.21 on it is asked for readiness only.
   *
   * Source: pkg/kubelet/prober/worker.go doProbe, v1.20 v1.21.
   */
  terminatePod(name: string): void {
    if (!isAtLeast(this.#options.kubelet.version, [1, 21, 0])) return;
    for (const prober of this.#pods.get(name)?.probers ?? [])
      if (prober.subject.probeType !== "Readiness") prober.stop();
  }

  /** Ends a pod at once: container, probes, and the time it counts as unready. */
  endPod(name: string): void {
    const pod = this.#pods.get(name);
    if (pod === undefined) return;
    this.#passUnreadyTime();
    if (!pod.isReady) this.#unready -= 1;
    for (const prober of pod.probers) prober.stop();
    pod.container.end();
    this.#pods.delete(name);
  }

  /** Starts containers and probe workers. */
  start(): void {
    for (const container of this.#containers) container.start();
    for (const prober of this.#probers) prober.start();
  }

  probeStarts(prober: Prober): void {
    this.observer?.started?.(prober);
  }

  probed(prober: Prober, outcome: Outcome, output: string): void {
    const at = this.#node.machine.loop.now;
    this.#total += 1;
    this.observer?.probed(prober, outcome, at, output);
    if (outcome.isSuccess) return;
    this.#failed += 1;
    this.#byCause[outcome.cause] += 1;
    this.events.unhealthy(prober.subject, output, at);
    if (this.#failures.length >= FAILURES_KEPT) return;
    this.#failures.push({
      at,
      series: prober.name,
      localPort: outcome.localPort,
      cause: outcome.cause,
      logLine: probeLogLine(prober.subject, output, at, this.#options.kubelet.version),
    });
  }

  killed(prober: Prober, wait: Micros): void {
    this.events.killing(prober.subject, wait, this.#node.machine.loop.now);
  }

  readinessChanged(isReady: boolean, prober: Prober): void {
    if (this.#pods.get(prober.subject.pod)?.hasBeenReady === true) this.#flips += 1;
    this.#setReady(prober.subject.pod, isReady);
  }

  get totals(): { readonly total: number; readonly failed: number; readonly byCause: CauseCounts } {
    return { total: this.#total, failed: this.#failed, byCause: this.#byCause };
  }

  get failures(): readonly FailedProbe[] {
    return this.#failures;
  }

  /** Flips of readiness, and pod-time spent unready so far. */
  readiness(): { readonly flips: number; readonly unready: Micros } {
    this.#passUnreadyTime();
    return { flips: this.#flips, unready: this.#unreadyTime };
  }

  series(): readonly ProbeSeries[] {
    return this.#probers.map((prober) => prober.series());
  }

  /** Runs of failures, and the first failure and restart of each probed pod and of the node. */
  life(): LifeResult {
    const runs: number[] = [];
    const pods = new Map<Container, FirstTimes>();
    for (const prober of this.#probers) {
      if (prober.series().probes === 0) continue;
      for (const [index, count] of prober.runs().entries()) runs[index] = (runs[index] ?? 0) + count;
      const { container, firstFailure } = prober;
      const failure = earlier(pods.get(container)?.failure ?? null, firstFailure);
      pods.set(container, { failure, restart: container.firstRestart });
    }
    const times = [...pods.values()];
    const node: FirstTimes = {
      failure: times.reduce<Micros | null>((first, { failure }) => earlier(first, failure), null),
      restart: times.reduce<Micros | null>((first, { restart }) => earlier(first, restart), null),
    };
    return { runs, pods: times, nodes: [node] };
  }

  restarts(): number {
    return this.#containers.reduce((sum, container) => sum + container.restarts, 0) - this.#restartsBefore;
  }

  /** Counts from here on; containers, workers and Events go on as they are. */
  forget(): void {
    this.#passUnreadyTime();
    this.#unreadyTime = 0;
    this.#total = 0;
    this.#failed = 0;
    this.#flips = 0;
    Object.assign(this.#byCause, noFailures());
    this.#failures.length = 0;
    this.#restartsBefore += this.restarts();
    for (const prober of this.#probers) prober.forget();
    for (const container of this.#containers) container.forget();
  }

  #setReady(name: string, isReady: boolean): void {
    const pod = this.#pods.get(name);
    if (pod === undefined || pod.isReady === isReady) return;
    this.#passUnreadyTime();
    this.#unready += isReady ? -1 : 1;
    pod.isReady = isReady;
    pod.hasBeenReady = true;
    this.#onReadiness?.(pod.container.options, isReady);
  }

  #addPod(container: Container, isNewPod: boolean): NodePod {
    const { name, readinessProbe, livenessProbe, startupProbe } = container.options;
    this.#containers.push(container);
    const before = this.#probers.length;
    this.#addProber(container, "Startup", { probe: startupProbe, isNewPod });
    this.#addProber(container, "Readiness", { probe: readinessProbe, isNewPod });
    this.#addProber(container, "Liveness", { probe: livenessProbe, isNewPod });
    const pod = { container, probers: this.#probers.slice(before), isReady: !isNewPod, hasBeenReady: !isNewPod };
    this.#pods.set(name, pod);
    // Without a readiness probe, and with one that always succeeds, a pod is ready while its container runs.
    if (readinessProbe === undefined || readinessProbe.handler.kind === "exec") {
      container.watch({
        containerStopped: () => this.#setReady(name, false),
        containerStarted: () => this.#setReady(name, container.isStarted),
        startupPassed: () => this.#setReady(name, true),
      });
    }
    return pod;
  }

  #passUnreadyTime(): void {
    const now = this.#node.machine.loop.now;
    this.#unreadyTime += this.#unready * (now - this.#unreadySince);
    this.#unreadySince = now;
  }

  #addProber(
    container: Container,
    probeType: ProbeType,
    { probe, isNewPod }: { readonly probe: ProbeOptions | undefined; readonly isNewPod: boolean },
  ): void {
    if (probe === undefined) return;
    const { name, workload, address } = container.options;
    const prober = new Prober({
      subject: { pod: name, container: workload.split("/").at(-1) ?? workload, probeType, address },
      probe,
      container,
      ticker: this.#tickerOf(probe.periodSeconds * SECOND),
      node: this.#node,
      clients: this.#clients,
      kubeletVersion: this.#options.kubelet.version,
      listener: this,
      isNewPod,
    });
    this.#probers.push(prober);
  }

  #tickerOf(period: Micros): ProbeTicker {
    let ticker = this.#tickers.get(period);
    if (ticker === undefined) {
      ticker = new ProbeTicker(this.#node.machine.loop, period);
      this.#tickers.set(period, ticker);
    }
    return ticker;
  }
}

function earlier(one: Micros | null, other: Micros | null): Micros | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
