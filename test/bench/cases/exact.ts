import { assert } from "../../../src/sim/assert.ts";
import { type BenchCase, cpuSecondsOf } from "../bench_case.ts";
import { engine } from "../engine.ts";

const WALKS = ["3.10", "4.6-5.11", "5.12-5.17", "5.18+"] as const;
const TIMES = 5;

/** The exact value by enumeration. */
export const EXACT: BenchCase = {
  name: "exact",
  about: "The exact probability by enumeration of all starts: range 1024-65000, 200 NodePorts, 140 destinations.",
  points: WALKS.map((walk) => ({
    name: walk,
    isFullOnly: walk !== "4.6-5.11",
    measure: async () => {
      const { exactProbability } = await engine();
      const nodePorts = Array.from({ length: 200 }, (_, index) => 20_000 + 100 * index + (index % 7));
      const enumerate = (): void => {
        const exact = exactProbability({
          walk,
          range: [1024, 65_000],
          isReserved: () => false,
          isHeld: () => false,
          nodePorts,
          probesPerEpochAtMostOne: true,
          randomConnectsPerPeriod: 27,
          destinations: 140,
        });
        assert("probability" in exact, "there is an exact value");
      };
      const first = cpuSecondsOf(enumerate);
      const next = cpuSecondsOf(() => {
        for (let time = 0; time < TIMES; time += 1) enumerate();
      });
      return {
        rows: [
          { measure: "first in a process", unit: "ms", value: first * 1e3 },
          { measure: "later", unit: "ms", value: (next / TIMES) * 1e3 },
        ],
      };
    },
  })),
  bounds: [],
};
