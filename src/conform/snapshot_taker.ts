import { type Micros, milliseconds, SECOND } from "../units.ts";
import type { CaseRun } from "./case_run.ts";
import { toleranceMs } from "./difference.ts";
import type { ObservedIpvsStats, ObservedMoment, ObservedSnapshot } from "./observation.ts";
import { listConntrack, listIpvsConnections, listIpvsServices, listIpvsStats, listSockets } from "./snapshots.ts";

/** The finest slice of the run: a packet takes longer from one interface to the next. */
const SLICE_LEAST: Micros = 5;
const SLICES_MOST = 40_000;

/** Rows of all listings of a case together; of the recorded ones none comes near. */
const ROWS_MOST = 500_000;

/** A listing is taken this often even if nothing happens, since timers run down. */
const LOOKS = 40;

/**
 * What `ipvsadm --stats` shows is brought up to date every 2 s, at a phase that no recording tells.
 * Source: net/netfilter/ipvs/ip_vs_est.c estimation_timer, v6.1.
 */
const ESTIMATOR_PERIOD: Micros = 2 * SECOND;

interface Window {
  readonly from: Micros;
  readonly to: Micros;
}

/**
 * Takes all listings at several moments around each snapshot of a case, between two slices of the run: whenever
 * something has happened, and now and then. The traffic counts of any moment of the last 2 s may be shown.
 */
export class SnapshotTaker {
  readonly #run: CaseRun;
  readonly #windows: readonly Window[];
  readonly #taken: ObservedMoment[][];
  #rows = 0;
  #olderStats: { readonly at: Micros; readonly stats: readonly ObservedIpvsStats[] }[] = [];

  constructor(run: CaseRun) {
    this.#run = run;
    const { kernelCase, origin } = run;
    this.#windows = kernelCase.observed.snapshots.map(({ at_ms: atMs, end_ms: endMs }) => {
      const slack = toleranceMs(kernelCase, atMs);
      return {
        from: Math.max(0, origin + milliseconds(atMs - slack)),
        to: origin + milliseconds(endMs + slack),
      };
    });
    this.#taken = this.#windows.map(() => []);
  }

  /** Runs through all windows, one after the other, and looks. */
  watch(): void {
    const { loop } = this.#run.machine;
    for (const window of this.#windows.toSorted((a, b) => a.from - b.from)) {
      if (loop.now < window.from - ESTIMATOR_PERIOD) loop.runUntil(window.from - ESTIMATOR_PERIOD);
      while (loop.now < window.from) {
        this.#noteStats();
        loop.runUntil(Math.min(window.from, loop.now + ESTIMATOR_PERIOD / LOOKS));
      }
      this.#watchWindow(window);
    }
  }

  /** What was taken, one for each snapshot of the case. */
  snapshots(): ObservedSnapshot[] {
    return this.#taken.map((moments) => ({ moments }));
  }

  #watchWindow({ from, to }: Window): void {
    const { loop } = this.#run.machine;
    const slice = Math.max(SLICE_LEAST, Math.ceil((to - from) / SLICES_MOST));
    const lookEvery = Math.ceil((to - from) / LOOKS);
    let [lookedAt, firedThen] = [-Infinity, -1];
    while (loop.now <= to && this.#run.problem === undefined) {
      if (loop.fired !== firedThen || loop.now - lookedAt >= lookEvery) {
        this.#take();
        [lookedAt, firedThen] = [loop.now, loop.fired];
      }
      // In the slices before this moment nothing would be seen.
      const due = Math.min(loop.next, lookedAt + lookEvery, to + 1);
      loop.runUntil(loop.now + slice * Math.max(1, Math.ceil((due - loop.now) / slice)));
    }
  }

  /** Takes the listings now, for all snapshots that this moment is near to. */
  #take(): void {
    const { now } = this.#run;
    const moment = this.#moment();
    for (const [index, { from, to }] of this.#windows.entries()) {
      if (now < from || now > to) continue;
      const taken = this.#taken[index]!;
      if (taken.length === 0) {
        for (const { stats } of this.#olderStats) taken.push({ ...moment, ipvsStats: stats });
      }
      taken.push(moment);
    }
    this.#rows += rowsOf(moment);
    if (this.#rows > ROWS_MOST) this.#run.refuse(`its snapshots list more than ${ROWS_MOST} rows`);
    this.#noteStats();
  }

  #noteStats(): void {
    const { now, network } = this.#run;
    const node = network.namespaces.get("node");
    if (node?.ipvs === undefined) return;
    this.#olderStats = this.#olderStats.filter(({ at }) => at >= now - ESTIMATOR_PERIOD);
    this.#olderStats.push({ at: now, stats: listIpvsStats(node) });
  }

  #moment(): ObservedMoment {
    const { machine, network, sinceOrigin } = this.#run;
    const node = network.namespaces.get("node");
    const sockets = [...network.namespaces].map(([name, netns]) => [name, listSockets(machine.tcp, netns)] as const);
    return {
      at: sinceOrigin,
      ss: new Map(sockets),
      conntrack: node === undefined ? [] : listConntrack(node),
      ipvsConnections: node === undefined ? [] : listIpvsConnections(node),
      ipvs: node === undefined ? [] : listIpvsServices(node),
      ipvsStats: node === undefined ? [] : listIpvsStats(node),
    };
  }
}

/** What a moment takes to be listed and kept, in rows. */
function rowsOf({ ss, conntrack, ipvsConnections, ipvs, ipvsStats }: ObservedMoment): number {
  const sockets = [...ss.values()].reduce((sum, { length }) => sum + length, 0);
  return 1 + sockets + conntrack.length + ipvsConnections.length + ipvs.length + ipvsStats.length;
}
