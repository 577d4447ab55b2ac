import { readFileSync } from "node:fs";
import type { BenchCase, Bound, Point } from "../bench_case.ts";
import { type Boot, MeasuredNode, perConnection, sumOf } from "../load.ts";

/** The text of incident 001's scenario. */
export function incidentText(): string {
  return readFileSync(new URL("../../../scenarios/nodelocaldns.yaml", import.meta.url), "utf8");
}

/** After so many boots the compiler has little left to do; of a boot's 200 ms it took 25 after 14. What it costs is in the case `run`. */
const WARM_UP_BOOTS = { packets: 6, flows: 24 };

/**
 * The node that has run last, while the next one runs. V8 throws code away once nothing is left of what it was compiled
 * for: a collection of garbage between two nodes, which reading the scenario anew brings about, had half of it compiled again.
 */
const kept = new Set<MeasuredNode>();

function incident(name: string, boot: Boot): Point {
  return {
    name,
    measure: async (scale) => {
      const hour = 3_600 * scale;
      const text = incidentText();
      const warmUp = boot.carriesFlows === true ? WARM_UP_BOOTS.flows : WARM_UP_BOOTS.packets;
      for (let replication = 1; replication <= warmUp; replication += 1) {
        // oxlint-disable-next-line no-await-in-loop -- boots of one process come one after the other
        const warm = await MeasuredNode.boot(text, { ...boot, replication });
        warm.run(12 * hour);
        kept.clear();
        kept.add(warm);
      }
      const node = await MeasuredNode.boot(text, boot);
      const { parts: hours, all } = node.runParts(Array.from({ length: 12 }, () => hour));
      return {
        rows: [
          { measure: "connections", unit: "connections/s", value: all.connections / all.cpuSeconds },
          { measure: "packets", unit: "packets/s", value: all.packets / all.cpuSeconds },
          { measure: "events", unit: "events/s", value: all.events / all.cpuSeconds },
          { measure: "size", unit: "packets/connection", value: all.packets / all.connections },
          { measure: "hours 2 and 3", unit: "us/connection", value: perConnection(sumOf(hours.slice(1, 3))) },
          { measure: "hours 11 and 12", unit: "us/connection", value: perConnection(sumOf(hours.slice(10))) },
        ],
      };
    },
  };
}

function boundsOf(point: string, connectionsPerSecond: number): readonly Bound[] {
  return [
    {
      says: `${point}, connections per CPU second`,
      figure: { point, measure: "connections" },
      atLeast: connectionsPerSecond,
    },
    {
      says: `${point}, hours 11 and 12 : hours 2 and 3`,
      figure: { point, measure: "hours 11 and 12" },
      over: { point, measure: "hours 2 and 3" },
      atMost: 1.1,
    },
  ];
}

/** Where entries of connection tracking have timers of their own: those of earlier probes end while later ones go on. */
const WITH_TIMERS = "flow path, kernel 3.10";

/** Incident 001 for 12 hours, the compiler warmed up by other boots of 12 hours. */
export const INCIDENT: BenchCase = {
  name: "incident",
  about:
    "Incident 001 (scenarios/nodelocaldns.yaml), 12 hours of one boot: every packet sent, or flows carried at once; and these on a kernel before 4.9, whose conntrack entries have timers of their own.",
  points: [
    incident("packet by packet", {}),
    incident("flow path", { carriesFlows: true }),
    incident(WITH_TIMERS, { carriesFlows: true, overrides: ["kernel=3.10.0-1160.el7.x86_64"] }),
  ],
  bounds: [
    ...boundsOf("packet by packet", 1_000_000),
    ...boundsOf("flow path", 4_000_000),
    {
      says: `${WITH_TIMERS} : packet by packet`,
      figure: { point: WITH_TIMERS, measure: "connections" },
      over: { point: "packet by packet", measure: "connections" },
      atLeast: 1.5,
    },
  ],
};
