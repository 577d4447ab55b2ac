import type { TraceSink } from "../../../src/kernel/trace.ts";
import { type BenchCase, type Bound, cpuSecondsOf, type Point } from "../bench_case.ts";
import { engine } from "../engine.ts";
import { type Boot, MeasuredNode, perConnection } from "../load.ts";
import { incidentText } from "./incident.ts";

const SECONDS = 2 * 3_600;

/** A sink that hears of packets and, if asked to, of decisions, and does nothing with them. */
function idleSink(hears: "packets" | "decisions"): TraceSink {
  const packets: TraceSink = { packet: () => {} };
  if (hears === "packets") return packets;
  return { ...packets, decisions: { wants: () => true, begin: () => {}, end: () => {} } };
}

function watched(name: string, boot: () => Boot): Point {
  return {
    name,
    measure: async (scale) => {
      const text = incidentText();
      (await MeasuredNode.boot(text, boot())).run(SECONDS * scale);
      const node = await MeasuredNode.boot(text, { ...boot(), replication: 1 });
      node.run(120 * scale);
      const work = node.run(SECONDS * scale);
      return { rows: [{ measure: "connection", unit: "us/connection", value: perConnection(work) }] };
    },
  };
}

/** As charts over time ask for them: a reading of all gauges a minute. */
const gauges: Point = {
  name: "gauges",
  measure: async (scale) => {
    const { Gauges } = await engine();
    const text = incidentText();
    (await MeasuredNode.boot(text)).run(SECONDS * scale);
    const node = await MeasuredNode.boot(text, { replication: 1 });
    node.run(120 * scale);
    const readings = 120;
    const watcher = new Gauges(node.cluster, { start: 0, end: readings, readings });
    let connections = 0;
    const cpuSeconds = cpuSecondsOf(() => {
      for (let reading = 1; reading <= readings; reading += 1) {
        connections += node.run((SECONDS / readings) * scale).connections;
        watcher.read(reading);
      }
    });
    return { rows: [{ measure: "connection", unit: "us/connection", value: (cpuSeconds / connections) * 1e6 }] };
  },
};

const toNobody = (name: string, atMost?: number): Bound => ({
  says: `${name} : nobody watches`,
  figure: { point: name, measure: "connection" },
  over: { point: "nobody watches", measure: "connection" },
  ...(atMost === undefined ? {} : { atMost }),
});

/** What it costs to watch a run. */
export const OBSERVERS: BenchCase = {
  name: "observers",
  about: "A connection of incident 001 while nobody watches, and while somebody does (who does nothing with it).",
  points: [
    watched("nobody watches", () => ({})),
    gauges,
    watched("events", () => ({ hasEventFingerprint: true })),
    watched("packets", () => ({ trace: idleSink("packets") })),
    watched("decisions", () => ({ trace: idleSink("decisions") })),
  ],
  bounds: [toNobody("gauges", 1.1), toNobody("events", 2), toNobody("packets", 2), toNobody("decisions")],
};
