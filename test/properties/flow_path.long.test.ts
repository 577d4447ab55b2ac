import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scenarioOf } from "../scenario/small_scenario.ts";
import { bothWays } from "./both_ways.ts";
import { agentsInStep, callersOfServices, randomScenario } from "./random_scenario.ts";

// Goal and method: as in flow_path.test.ts, with three hundred nodes for two to five minutes each, a hundred on which the
// same connections always meet, and two hundred whose agents call services.

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

  it("does so on 200 nodes whose agents call services", () => {
    let carried = 0;
    fc.assert(
      fc.property(callersOfServices, (text) => {
        const { packets, flows, carried: count } = bothWays(scenarioOf(text));
        carried += count;
        expect(flows).toEqual(packets);
      }),
      { numRuns: 200 },
    );
    expect(carried).toBeGreaterThan(0);
  });
});
