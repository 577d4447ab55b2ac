import { describe, expect, it } from "vitest";
import { runReplication } from "../../src/cluster/replication.ts";
import { seriesFigures } from "../../src/study/series_figures.ts";
import { SECOND } from "../../src/units.ts";
import { smallNode } from "../cluster/small_node.ts";

describe("seriesFigures", () => {
  const boot = runReplication(smallNode("", ["duration=10s"]), 0);
  const read = (portsInUse: readonly number[], most = 2) => ({
    ...boot,
    gauges: {
      every: 5 * SECOND,
      portsInUse,
      timeWaits: [0, 0],
      conntrack: [
        { mean: 1, least: 1, most: 1 },
        { mean: 2, least: 1, most },
      ],
      capacity: { ports: 100, timeWaits: 200, conntrack: 300 },
    },
  });

  it("joins boots moment by moment", () => {
    expect(seriesFigures([read([10, 20]), read([20, 50], 9)])).toMatchObject({
      everySeconds: 5,
      portsInUse: { mean: [15, 35], min: [10, 20], max: [20, 50], capacity: 100 },
      timeWait: { capacity: 200 },
      conntrack: { mean: [1, 2], min: [1, 1], max: [1, 9], capacity: 300 },
    });
  });

  it("says nothing where a boot has no readings", () => {
    expect(seriesFigures([read([1, 2]), boot])).toBeUndefined();
  });
});
