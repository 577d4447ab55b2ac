import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { Machine } from "../../kernel/machine.ts";
import { emptyTally } from "../../kernel/netfilter/rule_tally.ts";
import type { Netns } from "../../kernel/netns.ts";
import type { RandomStream } from "../../sim/random.ts";
import { type Ipv4, type Micros, type Port, SECOND } from "../../units.ts";
import type { NodeOptions, Version } from "../options.ts";
import type { KubeProxyResult } from "../replication_result.ts";
import { type DataPlaneWork, dataPlaneWork } from "./data_plane_cost.ts";
import { TERMINATION_CHECK_INTERVAL } from "./graceful_termination.ts";
import { IpvsProxier } from "./ipvs_proxier.ts";
import { type KubeProxyEra, kubeProxyEra } from "./kube_proxy_eras.ts";
import { KubeProxyLog } from "./kube_proxy_log.ts";
import type { ClaimFailure } from "./kube_proxy_text.ts";
import { nodePortAddresses } from "./node_port_addresses.ts";
import { NodePortClaims } from "./node_port_claims.ts";
import { ProgrammedRules } from "./programmed_rules.ts";
import type { ProxiedService, Proxier } from "./proxier.ts";
import { limitedNodePortAddresses, proxierOfMode } from "./proxier_of_mode.ts";

/** Source: pkg/proxy/apis/config/v1alpha1/defaults.go SetDefaults_KubeProxyConfiguration, v1.23. */
const SYNC_PERIOD: Micros = 30 * SECOND;

/**
 * Timeouts of conntrack that each process writes, in seconds.
 *
 * Source: pkg/proxy/apis/config/v1alpha1/defaults.go SetDefaults_KubeProxyConfiguration, v1.30.3.
 */
const CONNTRACK_TIMEOUTS = [
  ["net.netfilter.nf_conntrack_tcp_timeout_established", 86_400],
  ["net.netfilter.nf_conntrack_tcp_timeout_close_wait", 3_600],
] as const;

/** From the end of a process to the start of the next one; assumed. */
const RESTART_TIME: Micros = SECOND;
/** From there until services and endpoints have been listed: any time up to this one, all alike; assumed. */
const CACHE_SYNC_TIME_MOST: Micros = 2 * SECOND;

/**
 * kube-proxy: processes one after the other. Each programs the node when endpoints change and every 30 s, and in the
 * versions that did holds each NodePort with a listening socket. What is in the kernel outlives the process; sockets
 * and lists do not.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, v1.12.2 v1.23.4; pkg/proxy/iptables/proxier.go syncProxyRules,
 * v1.23.4; pkg/util/async/bounded_frequency_runner.go Loop, v1.23; cmd/kube-proxy/app/server_linux.go setupConntrack,
 * v1.30.3.
 * Not modelled: session affinity, external traffic policy Local, health check ports, SCTP; --ipvs-min-sync-period, which
 * is 0 by default, and --iptables-min-sync-period, 1 s by default: a change is programmed at once; nf_conntrack_max,
 * which it sets to 32,768 per core and to 131,072 at least: here it is what the scenario says, else the kernel's default,
 * which is that of eight cores where there is enough memory.
 */
export class KubeProxy {
  /** With the version of the present process. */
  #options: NodeOptions;
  readonly #node: Netns;
  readonly #machine: Machine;
  readonly #claims: NodePortClaims;
  readonly #phases: RandomStream;
  readonly #log = new KubeProxyLog();
  readonly #rules = new ProgrammedRules();
  /** The argument of each is the number of the generation, so that those of an ended one do nothing. */
  readonly #syncHandler: number;
  readonly #terminationHandler: number;
  readonly #startHandler: number;
  #services: readonly ProxiedService[];
  #era: KubeProxyEra;
  #proxier: Proxier;
  #generation = 0;
  #hasCaches = false;
  /** When the next periodic sync is due; earlier events are of periods that a sync has cut short. */
  #nextSync: Micros = DOUBLE_ZERO;
  #syncs = 0;
  #hangs = 0;
  #hungSince: Micros = -1;
  #hung: Micros = 0;

  constructor(options: NodeOptions, services: readonly ProxiedService[], node: Netns) {
    this.#options = options;
    this.#services = services;
    this.#node = node;
    this.#machine = node.machine;
    node.ruleTally ??= emptyTally();
    this.#claims = new NodePortClaims(node);
    this.#phases = this.#machine.random.stream("kube-proxy/phases");
    this.#era = kubeProxyEra(options.kubeProxy.version);
    this.#proxier = this.#newProxier();
    const { loop } = this.#machine;
    this.#syncHandler = loop.handler("kube-proxy/sync", (generation) => this.#periodicSync(generation));
    this.#terminationHandler = loop.handler("kube-proxy/termination", (generation) => this.#terminate(generation));
    this.#startHandler = loop.handler("kube-proxy/starts", (generation) => this.#begin(generation));
  }

  get era(): KubeProxyEra {
    return this.#era;
  }

  /**
   * Programs the node, claims the NodePorts, and syncs every 30 s from then on. The first process has been up for a
   * while: its look at leaving servers comes at a random moment of the minute.
   */
  start(): void {
    this.#setUpConntrack();
    this.#proxier.start();
    this.#startTermination(this.#phases.below(TERMINATION_CHECK_INTERVAL));
    this.#nextSync = this.#machine.loop.now;
    this.#periodicSync(this.#generation);
  }

  /** Endpoints have changed: a new list of services, in which those that are the same are the same objects. */
  servicesChanged(services: readonly ProxiedService[]): void {
    this.#services = services;
    if (this.#hasCaches) this.#sync();
  }

  /** Ends the process and starts another, of this version if one is given. */
  restart(version?: Version): void {
    this.#passHungTime();
    this.#hungSince = -1;
    this.#claims.drop();
    this.#generation += 1;
    this.#hasCaches = false;
    if (version !== undefined) {
      this.#era = kubeProxyEra(version);
      this.#options = { ...this.#options, kubeProxy: { ...this.#options.kubeProxy, version } };
    }
    this.#machine.loop.after(RESTART_TIME, this.#startHandler, this.#generation);
  }

  /** The addresses on which NodePorts are served. */
  nodePortAddresses(): readonly Ipv4[] {
    return this.#limitedAddresses() ?? nodePortAddresses(this.#node, this.#options.kubeProxy, this.#era);
  }

  /** NodePorts whose socket is open now. */
  heldPorts(): readonly Port[] {
    return this.#claims.held();
  }

  /** Claims of NodePorts that failed, at most the first 1,000; `claimFailureLine` has kube-proxy's words for each. */
  get claimFailures(): readonly ClaimFailure[] {
    return this.#claims.failures;
  }

  /** What it has done so far. */
  result(): KubeProxyResult {
    this.#passHungTime();
    return {
      syncs: this.#syncs,
      restarts: this.#generation,
      hangs: this.#hangs,
      hungNodes: this.#hangs > 0 ? 1 : 0,
      hung: this.#hung,
      staleServers: this.#ipvs?.staleServers(this.#services) ?? 0,
      logLines: this.#log.count,
      log: this.#log.lines,
    };
  }

  /** What the rules of this mode have done and hold, and what a sync of them takes. */
  dataPlane(): DataPlaneWork {
    return dataPlaneWork(this.#services, {
      kubeProxy: this.#options.kubeProxy,
      nodePortAddresses: this.nodePortAddresses(),
      limitedAddresses: this.#limitedAddresses(),
      tally: this.#node.ruleTally ?? emptyTally(),
      sourceNatPorts: this.#node.sourceNatPorts,
    });
  }

  /** Of the proxiers only that of IPVS mode has loops that hang, leaving servers and syncs that take long. */
  get #ipvs(): IpvsProxier | undefined {
    return this.#proxier instanceof IpvsProxier ? this.#proxier : undefined;
  }

  /** A network of length 0 among those of `--nodeport-addresses` is all of them. */
  #claimedAddresses(): readonly Ipv4[] | undefined {
    const networks = this.#options.kubeProxy.nodePortAddresses;
    if (networks === undefined || networks.some(({ prefixLength }) => prefixLength === 0)) return undefined;
    return this.nodePortAddresses();
  }

  #limitedAddresses(): readonly Ipv4[] | undefined {
    return limitedNodePortAddresses(this.#options, this.#node, this.#era);
  }

  #newProxier(): Proxier {
    return proxierOfMode(this.#options, this.#node, { era: this.#era, log: this.#log, rules: this.#rules });
  }

  /** Values that the operator has set in the scenario win: they stand for what is written after the proxy's start. */
  #setUpConntrack(): void {
    const { sysctls } = this.#node;
    const given = new Set(this.#options.sysctls.map(([name]) => name));
    for (const [name, seconds] of CONNTRACK_TIMEOUTS) {
      const isLeft = this.#era.onlyRaisesTimeouts && sysctls.number(name) > seconds;
      if (!isLeft && !given.has(name)) sysctls.set(name, `${seconds}`);
    }
  }

  /** A later process starts; its first sync waits until services and endpoints have been listed. */
  #begin(generation: number): void {
    if (generation !== this.#generation) return;
    this.#setUpConntrack();
    this.#proxier = this.#newProxier();
    this.#proxier.start();
    this.#startTermination(TERMINATION_CHECK_INTERVAL);
    const { loop } = this.#machine;
    this.#nextSync = loop.now + this.#phases.below(CACHE_SYNC_TIME_MOST);
    loop.at(this.#nextSync, this.#syncHandler, generation);
  }

  #startTermination(delay: Micros): void {
    if (this.#ipvs?.hasTerminationLoop !== true) return;
    this.#machine.loop.after(delay, this.#terminationHandler, this.#generation);
  }

  #periodicSync(generation: number): void {
    if (generation !== this.#generation || this.#machine.loop.now !== this.#nextSync) return;
    this.#hasCaches = true;
    this.#sync();
  }

  /** A port that is in use is tried again at the next sync, and its virtual servers stand all the same. */
  #sync(): void {
    if (this.#isHung) return;
    this.#syncs += 1;
    this.#proxier.sync(this.#services);
    if (this.#era.claimsNodePorts) this.#claims.sync(this.#services, this.#claimedAddresses());
    this.#noticeHang();
    const { loop } = this.#machine;
    this.#nextSync = loop.now + (this.#ipvs?.drawSyncTime() ?? 0) + SYNC_PERIOD;
    loop.at(this.#nextSync, this.#syncHandler, this.#generation);
  }

  #terminate(generation: number): void {
    if (generation !== this.#generation) return;
    const time = this.#ipvs?.terminate() ?? 0;
    this.#noticeHang();
    if (this.#ipvs?.stuck === "termination") return;
    this.#machine.loop.after(TERMINATION_CHECK_INTERVAL + time, this.#terminationHandler, generation);
  }

  get #isHung(): boolean {
    return this.#hungSince >= 0;
  }

  #noticeHang(): void {
    if (this.#isHung || this.#ipvs?.stuck !== "sync") return;
    this.#hangs += 1;
    this.#hungSince = this.#machine.loop.now;
  }

  #passHungTime(): void {
    if (!this.#isHung) return;
    const now = this.#machine.loop.now;
    this.#hung += now - this.#hungSince;
    this.#hungSince = now;
  }
}
