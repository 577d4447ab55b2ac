import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scenarioOf } from "../scenario/small_scenario.ts";
import { bothWays } from "./both_ways.ts";
import { agentsInStep, randomScenario } from "./random_scenario.ts";

// Goal and method: as in flow_path.test.ts, with three hundred nodes for two to five minutes each, and a hundred on which
// the same connections always meet.

describe("The flow path", () => {
  it("gives the same results and tables as packet by packet on 300 random nodes", () => {
    fc.assert(
      fc.property(randomScenario, (text) => {
        const { packets, flows } = bothWays(scenarioOf(text));
        expect(flows).toEqual(packets);
      }),
      { numRuns: 300 },
    );
  });

  it("does so on 100 nodes full of agents that connect in step", () => {
    fc.assert(
      fc.property(agentsInStep, (text) => {
        const { packets, flows } = bothWays(scenarioOf(text));
        expect(flows).toEqual(packets);
      }),
      { numRuns: 100 },
    );
  });
});
