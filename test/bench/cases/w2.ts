import { assert } from "../../../src/sim/assert.ts";
import type { BenchCase, Point } from "../bench_case.ts";
import { type Boot, loadScenario, MeasuredNode, perConnection } from "../load.ts";

/** A way in which the engine serves connections, by the name that other programs know it by. */
interface Peer {
  readonly name: string;
  /** What chooses it when a node boots. */
  readonly boot: Boot;
}

const PEERS: readonly Peer[] = [
  { name: "portfall packet", boot: {} },
  { name: "portfall flow", boot: { carriesFlows: true } },
];

const RATE = 250;
const CONNECTIONS = 100_000;
/** Seconds before the clock starts: the TIME_WAITs stand after 62; after 2,147 times no longer fit V8's small integers, and it compiles once more. */
const WARM_UP = 3_000;
/** A TIME_WAIT lasts 60 s and, on the timer wheel of this kernel, up to 2 s longer. */
const STANDING = { least: 14_600, most: 16_000 };

function w2({ name: peer, boot }: Peer): Point {
  return {
    name: peer,
    measure: async (scale) => {
      const node = await MeasuredNode.boot(loadScenario({ rate: RATE, destinations: 4 }), boot);
      node.run(80 + WARM_UP * scale);
      const standing = node.timeWaits;
      assert(
        standing >= STANDING.least && standing <= STANDING.most,
        `15,000 TIME_WAITs stand before the clock starts, not ${standing}`,
      );
      const work = node.run((CONNECTIONS * scale) / RATE);
      const rss_kb = Math.round(process.memoryUsage.rss() / 1024);
      const { connections: ops, cpuSeconds: cpu, packets } = work;
      return {
        rows: [
          { measure: "connection", unit: "us/connection", value: perConnection(work) },
          { measure: "connections", unit: "connections/s", value: ops / cpu },
          { measure: "packets", unit: "packets/s", value: packets / cpu },
          { measure: "events", unit: "events/s", value: work.events / cpu },
          { measure: "size", unit: "packets/connection", value: packets / ops },
          { measure: "TIME_WAITs", unit: "entries", value: standing },
        ],
        line: { w: "W2", peer, n: CONNECTIONS * scale, ops, cpu, packets, rss_kb },
      };
    },
  };
}

/** Short connections beside many TIME_WAITs, as other programs are measured with. */
export const W2: BenchCase = {
  name: "w2",
  about:
    "Short TCP connections: 250/s (Poisson) of 10 packets to 4 ports, 15,000 TIME_WAITs standing, with conntrack and IPVS.",
  points: PEERS.map(w2),
  bounds: [],
};
