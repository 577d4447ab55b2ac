import { Cluster } from "../../src/cluster/cluster.ts";
import { OverlapError } from "../../src/kernel/flow/overlapping_connections.ts";
import { runReplication } from "../../src/cluster/replication.ts";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { tableView } from "./table_view.ts";

/** A scenario's first boot, packet by packet or with the flow path. */
export interface OneWay {
  readonly result: ReplicationResult;
  /** All tables and counters in the middle of the run and at its end. */
  readonly tables: readonly (readonly string[])[];
}

/** Runs a scenario packet by packet and with the flow path: both must be the same. */
export function bothWays(scenario: Scenario): {
  readonly packets: OneWay;
  readonly flows: OneWay;
  readonly carried: number;
  /** How many of them overlapped with others. */
  readonly overlapped: number;
} {
  const flows = tablesOf(scenario, true);
  return {
    packets: {
      result: runReplication(scenario, 0, { isPacketByPacket: true }),
      tables: tablesOf(scenario, false).tables,
    },
    flows: { result: runReplication(scenario, 0), tables: flows.tables },
    carried: flows.carried,
    overlapped: flows.overlapped,
  };
}

function tablesOf(
  scenario: Scenario,
  carriesFlows: boolean,
): { tables: string[][]; carried: number; overlapped: number } {
  const loop = new EventLoop();
  const cluster = new Cluster(scenario, loop, new RandomStreams(scenario.seed, 0));
  if (carriesFlows) cluster.carryFlows();
  cluster.start();
  const tables: string[][] = [];
  for (const time of [scenario.duration / 2, scenario.duration]) {
    try {
      loop.runUntil(Math.floor(time));
    } catch (error) {
      // As runReplication does, which the results come from.
      if (error instanceof OverlapError) return tablesOf(scenario, false);
      throw error;
    }
    cluster.settle();
    tables.push([...tableView(cluster)]);
  }
  const flowPath = cluster.machines()[0]?.group.flowPath;
  return { tables, carried: flowPath?.carried ?? 0, overlapped: flowPath?.overlapped ?? 0 };
}
