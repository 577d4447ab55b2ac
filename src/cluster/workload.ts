import { ConnectTimes } from "./connect_times.ts";
import type { CauseCounts, WorkloadResult } from "./replication_result.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Clients, ClientSpec, Outcome } from "./clients.ts";

/** Zero of every cause. */
export function noFailures(): CauseCounts {
  return {
    "nodeport-collision": 0,
    "port-exhaustion": 0,
    "conntrack-full": 0,
    "connection-refused": 0,
    "slow-server": 0,
    "connect-timeout": 0,
    "host-unreachable": 0,
    other: 0,
  };
}

/** Something on a node that connects again and again: an agent, or a self-check. */
export interface Workload {
  readonly counts: WorkloadCounts;
  /** What each of its connections does. */
  readonly spec: ClientSpec;
}

/** A place that connections begin at: a node, or the network outside several nodes. */
export interface Site {
  /** Of the machine itself, not of a pod. */
  readonly netns: Netns;
  readonly clients: Clients;
  /** All that connects again and again, except for probes. */
  readonly workloads: readonly Workload[];
}

/** Counts what became of a workload's connections. */
export class WorkloadCounts {
  readonly name: string;
  readonly byCause = noFailures();
  #times = new ConnectTimes();
  connects = 0;
  failed = 0;

  constructor(name: string) {
    this.name = name;
  }

  count(outcome: Outcome): void {
    this.connects += 1;
    if (outcome.connectTime >= 0) this.#times.add(outcome.connectTime);
    if (outcome.isSuccess) return;
    this.failed += 1;
    this.byCause[outcome.cause] += 1;
  }

  /** Counts from here on. */
  forget(): void {
    this.connects = 0;
    this.failed = 0;
    Object.assign(this.byCause, noFailures());
    this.#times = new ConnectTimes();
  }

  result(): WorkloadResult {
    const { name, connects, failed, byCause } = this;
    return { name, connects, failed, byCause, connectTimes: this.#times.result() };
  }
}
