import type { BenchCase } from "../bench_case.ts";
import { MeasuredNode, perConnection, sumOf } from "../load.ts";
import { incidentText } from "./incident.ts";

/** Eight hours are timed in all, so that each point is as precise as the others. */
const HOURS = 8;

/** How long a node runs. */
export const TIME: BenchCase = {
  name: "time",
  about: "A connection of incident 001 over 8 hours of node time, in boots of 1, 2, 4 or 8 hours each.",
  points: [1, 2, 4, 8].map((hours) => ({
    name: `boots of ${hours} h`,
    isFullOnly: hours !== 1 && hours !== 8,
    measure: async (scale) => {
      const text = incidentText();
      const boots = HOURS / hours;
      (await MeasuredNode.boot(text)).run(HOURS * 1_800 * scale);
      const works = [];
      for (let boot = 1; boot <= boots; boot += 1) {
        works.push((await MeasuredNode.boot(text, { replication: boot })).run(hours * 3_600 * scale));
      }
      return { rows: [{ measure: "connection", unit: "us/connection", value: perConnection(sumOf(works)) }] };
    },
  })),
  bounds: [
    {
      says: "boots of 8 h : boots of 1 h",
      figure: { point: "boots of 8 h", measure: "connection" },
      over: { point: "boots of 1 h", measure: "connection" },
      atMost: 1.15,
    },
  ],
};
