import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { EventLoop } from "../../sim/event_loop.ts";
import { Flow } from "../../kernel/flow/flow.ts";
import type { Netns } from "../../kernel/netns.ts";
import { type Micros, SECOND } from "../../units.ts";
import type { Clients, ClientSpec, Outcome } from "../clients.ts";
import { isAtLeast, type ProbeOptions, type Version } from "../options.ts";
import { type ProbeSeries, RUN_LENGTHS } from "../replication_result.ts";
import { type Container, type ContainerWatcher, hasStartupProbe } from "./container.ts";
import { GRPC_REQUEST_BYTES, GrpcDial } from "./grpc_probe.ts";
import type { ProbeTicked, ProbeTicker } from "./probe_ticker.ts";
import { type ProbeEnds, probeOutput, type ProbeSubject } from "./probe_text.ts";

/** Bytes of the kubelet's GET with its headers. */
const REQUEST_BYTES = 110;

/** Hears of every failed probe and of what follows from it. */
export interface ProbeListener {
  /** A probe is about to connect. */
  probeStarts(prober: Prober): void;
  probed(prober: Prober, outcome: Outcome, output: string): void;
  /** A probe had its container killed, which starts again `wait` and its own start-up time later. */
  killed(prober: Prober, wait: Micros): void;
  readinessChanged(isReady: boolean, prober: Prober): void;
}

/** What a probe worker needs. */
export interface ProberOptions {
  readonly subject: ProbeSubject;
  readonly probe: ProbeOptions;
  readonly container: Container;
  /** That of its period. */
  readonly ticker: ProbeTicker;
  readonly node: Netns;
  readonly clients: Clients;
  readonly kubeletVersion: Version;
  readonly listener: ProbeListener;
  /** Whether the pod comes up while the run goes on: then it is not ready before its probe has succeeded. */
  readonly isNewPod?: boolean;
}

/**
 * One probe worker: (pod, container, kind of probe). It fires at once or at a random phase, then with every tick of its
 * period; a probe that outlasts its period makes the next one immediate. A network failure is a failure, never retried.
 * Until its startup probe has succeeded only that one asks a container; then, from 1.21 on, readiness is probed at once.
 *
 * Source: pkg/kubelet/prober/worker.go doProbe, v1.20 v1.23; pkg/kubelet/prober/prober_manager.go UpdatePodStatus, v1.23.
 * Not modelled: the extra readiness probe that other status updates of an unready pod trigger (1.21+); exec probes (they
 * open no connection and always succeed here).
 */
export class Prober implements ContainerWatcher, ProbeTicked {
  readonly subject: ProbeSubject;
  readonly name: string;
  readonly #options: ProberOptions;
  readonly #container: Container;
  readonly #clients: Clients;
  readonly #listener: ProbeListener;
  readonly #loop: EventLoop;
  readonly #spec: ClientSpec | undefined;
  readonly #handler: number;
  readonly #isStartup: boolean;
  readonly #isOfNewPod: boolean;
  readonly #ticker: ProbeTicker;
  /** Its number there. */
  readonly #number: number;
  /** Only a gRPC probe has one. */
  readonly #grpc: GrpcDial | undefined = undefined;
  /** Only a readiness probe behind a startup probe has one. */
  readonly #triggerHandler: number | undefined = undefined;
  /** When it ticks for the first time; a startup worker then ticks while it is needed only. */
  #firstTick: Micros = DOUBLE_ZERO;
  #isTicking = false;
  #probes = 0;
  #failed = 0;
  #runOfFailures = 0;
  #longestRun = 0;
  /** Runs of failures that have ended, by length. */
  readonly #runs: number[] = [];
  /** `Infinity` if none has failed. */
  #firstFailure: Micros = Infinity;
  /** The worker's own state: the last result, how often in a row, what it has published, and whether it waits for a new container. */
  #lastWasSuccess = true;
  #resultRun = 0;
  #isPublishedSuccess: boolean;
  #isOnHold = false;
  #isProbing = false;
  #hasMissedTick = false;
  #isStopped = false;

  constructor(options: ProberOptions) {
    const { subject, probe, node } = options;
    this.#options = options;
    this.#container = options.container;
    this.#clients = options.clients;
    this.#listener = options.listener;
    this.subject = subject;
    this.#isStartup = subject.probeType === "Startup";
    this.name = `${subject.pod} ${subject.container} ${subject.probeType.toLowerCase()}`;
    this.#loop = node.machine.loop;
    this.#ticker = options.ticker;
    this.#number = this.#ticker.add(this);
    // A pod of the start is up and ready; a startup probe has been passed.
    this.#isOfNewPod = options.isNewPod === true;
    this.#isPublishedSuccess = !this.#isOfNewPod;
    this.#spec = clientSpec(options, (_row, outcome) => this.#finished(outcome));
    this.#handler = this.#loop.handler(`kubelet/${this.name}`, () => this.tick());
    if (probe.handler.kind !== "exec") options.container.watch(this);
    if (isTriggeredByStartup(options)) {
      this.#triggerHandler = this.#loop.handler(`kubelet/${this.name}/triggered`, () => this.#askNow());
    }
    if (probe.handler.kind === "grpc" && this.#spec !== undefined) {
      const { name } = this;
      this.#grpc = new GrpcDial({ name, machine: node.machine, clients: options.clients, spec: this.#spec });
    }
  }

  /**
   * Schedules the first probe: at a random phase of its period, since the kubelet has just started; from 1.21 on a pod
   * that comes later is probed at once. A startup worker waits for a container that has to pass.
   */
  start(): void {
    if (this.#spec === undefined) return;
    this.#firstTick = this.#loop.now;
    const isAtOnce = this.#options.isNewPod === true && isAtLeast(this.#options.kubeletVersion, [1, 21, 0]);
    if (!isAtOnce) {
      const phase = this.#options.node.machine.random.stream(`kubelet/${this.name}/phase`);
      this.#firstTick += phase.below(this.#ticker.period);
    }
    if (this.#isStartup) return;
    if (isAtOnce) this.tick();
    else this.#loop.at(this.#firstTick, this.#handler, 0);
  }

  /** The pod is gone: no more probes. */
  stop(): void {
    this.#isStopped = true;
  }

  /** What it asks, and how often. */
  get probe(): ProbeOptions {
    return this.#options.probe;
  }

  /** What its connections do; `undefined` for an exec probe. */
  get spec(): ClientSpec | undefined {
    return this.#spec;
  }

  /** What the worker has lived through. */
  series(): ProbeSeries {
    return { name: this.name, probes: this.#probes, failed: this.#failed, longestRunOfFailures: this.#longestRun };
  }

  /** Runs of failures by length, as in `LifeResult`; the one that goes on is among them. */
  runs(): readonly number[] {
    const runs = [...this.#runs];
    addRun(runs, this.#runOfFailures);
    return runs;
  }

  /** Counts from here on; what the worker has published and seen in a row stays. */
  forget(): void {
    this.#probes = 0;
    this.#failed = 0;
    this.#runOfFailures = 0;
    this.#longestRun = 0;
    this.#runs.length = 0;
    this.#firstFailure = Infinity;
  }

  /** When a probe failed for the first time, if one did. */
  get firstFailure(): Micros | null {
    return this.#failed === 0 ? null : this.#firstFailure;
  }

  /** Whose probe it is. */
  get container(): Container {
    return this.#options.container;
  }

  containerStopped(): void {
    this.#isOnHold = true;
    if (this.subject.probeType === "Readiness") this.#publish(false);
  }

  /** Results in a row go on over a restart: a readiness probe that succeeded before it is published at its first success. */
  containerStarted(): void {
    this.#isOnHold = false;
    if (!this.#isStartup || this.#isTicking || this.#options.container.isStarted) return;
    this.#isTicking = true;
    const ticks = Math.max(0, Math.ceil((this.#loop.now - this.#firstTick) / this.#ticker.period));
    this.#loop.at(this.#firstTick + ticks * this.#ticker.period, this.#handler, 0);
  }

  startupPassed(): void {
    if (this.#triggerHandler === undefined || this.#isPublishedSuccess) return;
    this.#loop.at(this.#loop.now, this.#triggerHandler, 0);
  }

  /** Its ticker has ticked. */
  tick(): void {
    if (this.#isStopped) return;
    if (this.#isStartup && this.#container.isStarted) {
      this.#isTicking = false;
      return;
    }
    this.#ticker.arm(this.#number);
    this.#askNow();
  }

  #askNow(): void {
    if (this.#isProbing) this.#hasMissedTick = true;
    else this.#probe();
  }

  #probe(): void {
    const container = this.#container;
    if (this.#isOnHold || this.#isStopped || !container.isRunning) return;
    if (this.#isStartup === container.isStarted) return;
    // A container that runs when the run begins has been up for long.
    if ((this.#isOfNewPod || container.restarts > 0) && this.#isTooYoung()) return;
    this.#isProbing = true;
    this.#listener.probeStarts(this);
    if (this.#grpc === undefined) this.#clients.open(this.#spec!);
    else this.#grpc.begin();
  }

  #isTooYoung(): boolean {
    const age = Math.floor((this.#loop.now - this.#container.startedAt) / SECOND);
    return age < this.#options.probe.initialDelaySeconds;
  }

  #finished(outcome: Outcome): void {
    if (this.#grpc === undefined) this.#end(outcome);
    else this.#grpc.finish(outcome, (last) => this.#end(last));
  }

  #end(outcome: Outcome): void {
    this.#isProbing = false;
    this.#count(outcome);
    this.#judge(outcome.isSuccess);
    if (!this.#hasMissedTick) return;
    this.#hasMissedTick = false;
    this.#probe();
  }

  #count(outcome: Outcome): void {
    this.#probes += 1;
    if (outcome.isSuccess) {
      if (this.#runOfFailures > 0) addRun(this.#runs, this.#runOfFailures);
      this.#runOfFailures = 0;
    } else {
      this.#failed += 1;
      this.#firstFailure = Math.min(this.#firstFailure, this.#loop.now);
      this.#runOfFailures += 1;
      this.#longestRun = Math.max(this.#longestRun, this.#runOfFailures);
    }
    this.#listener.probed(this, outcome, outcome.isSuccess ? "" : this.#outputOf(outcome));
  }

  #outputOf(outcome: Outcome): string {
    const { probe, kubeletVersion } = this.#options;
    return probeOutput(probe, this.#ends(), outcome, kubeletVersion);
  }

  #ends(): ProbeEnds {
    const { address } = this.subject;
    return { source: this.#options.node.routes.lookup(address).preferredSource, address };
  }

  /** Publishes a result once it has come often enough in a row. */
  #judge(isSuccess: boolean): void {
    if (isSuccess === this.#lastWasSuccess) this.#resultRun += 1;
    else this.#resultRun = 1;
    this.#lastWasSuccess = isSuccess;
    // One success more changes nothing.
    if (isSuccess && this.#isPublishedSuccess && !this.#isStartup) return;
    const { probe, container } = this.#options;
    if (this.#resultRun < (isSuccess ? probe.successThreshold : probe.failureThreshold)) return;
    if (this.subject.probeType === "Readiness") this.#publish(isSuccess);
    else if (isSuccess) {
      if (this.#isStartup) container.passStartup();
    } else if (!this.#isOnHold && !this.#isStopped) {
      this.#resultRun = 0;
      this.#options.listener.killed(this, container.restart());
    }
  }

  #publish(isSuccess: boolean): void {
    if (this.#isStopped || isSuccess === this.#isPublishedSuccess) return;
    this.#isPublishedSuccess = isSuccess;
    this.#options.listener.readinessChanged(isSuccess, this);
  }
}

/** Whether the kubelet asks at once when the startup probe has succeeded. */
function isTriggeredByStartup({ subject, probe, container, kubeletVersion }: ProberOptions): boolean {
  if (subject.probeType !== "Readiness" || probe.handler.kind === "exec") return false;
  return hasStartupProbe(container.options) && isAtLeast(kubeletVersion, [1, 21, 0]);
}

/** Counts a run of failures under its length; a run of none is none. */
function addRun(runs: number[], length: number): void {
  if (length === 0) return;
  const index = Math.min(length, RUN_LENGTHS) - 1;
  while (runs.length <= index) runs.push(0);
  runs[index]! += 1;
}

/** What the worker's connections do: HTTP probes send a request over a new one each time. `undefined` for an exec probe. */
function clientSpec(options: ProberOptions, finished: ClientSpec["finished"]): ClientSpec | undefined {
  const { probe, subject, node } = options;
  const { handler } = probe;
  if (handler.kind === "exec") return undefined;
  const isHttp = handler.kind === "httpGet";
  const isGrpc = handler.kind === "grpc";
  const requestBytes = isHttp ? REQUEST_BYTES : isGrpc ? GRPC_REQUEST_BYTES : 0;
  return {
    netns: node,
    address: subject.address,
    port: handler.port,
    requestBytes,
    // A gRPC client goes on after it has dialled, and on a startup probe's success the readiness worker connects at once.
    ...(isGrpc || subject.probeType === "Startup" ? {} : { flow: new Flow(requestBytes) }),
    closes: isHttp ? "race" : "client",
    timeout: probe.timeoutSeconds * SECOND,
    finished,
  };
}
