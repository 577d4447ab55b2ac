import type { CauseCounts, WorkloadResult } from "./replication_result.ts";
import type { Outcome } from "./clients.ts";

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

/** Counts what became of a workload's connections. */
export class WorkloadCounts {
  readonly name: string;
  readonly byCause = noFailures();
  connects = 0;
  failed = 0;

  constructor(name: string) {
    this.name = name;
  }

  count(outcome: Outcome): void {
    this.connects += 1;
    if (outcome.isSuccess) return;
    this.failed += 1;
    this.byCause[outcome.cause] += 1;
  }

  /** Counts from here on. */
  forget(): void {
    this.connects = 0;
    this.failed = 0;
    Object.assign(this.byCause, noFailures());
  }

  result(): WorkloadResult {
    return { name: this.name, connects: this.connects, failed: this.failed, byCause: this.byCause };
  }
}
