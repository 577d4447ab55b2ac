import { readdirSync, readFileSync } from "node:fs";
import { type BenchCase, cpuSecondsOf } from "../bench_case.ts";
import { engine } from "../engine.ts";

const FOLDER = new URL("../../../scenarios/", import.meta.url);
const TIMES = 3;

/** All rules over a node. */
export const CHECK: BenchCase = {
  name: "check",
  about: "All rules of sim check over one scenario, its reading included: the mean of those in scenarios/.",
  points: [
    {
      name: "scenarios",
      measure: async () => {
        const { readFacts, judgeNodes, readTarget } = await engine();
        const facts = readFacts({});
        if (typeof facts === "string") throw new Error(facts);
        const names = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
        const texts = names.map((name) => readFileSync(new URL(name, FOLDER), "utf8"));
        const checkAll = (): void => {
          for (const [index, text] of texts.entries()) {
            const read = readTarget({ kind: "scenario", target: names[index]!, text }, facts, []);
            if (!read.ok) throw new Error(`${names[index]} has a problem`);
            judgeNodes(read.nodes);
          }
        };
        const first = cpuSecondsOf(checkAll);
        const next = cpuSecondsOf(() => {
          for (let time = 0; time < TIMES; time += 1) checkAll();
        });
        return {
          rows: [
            { measure: "first in a process", unit: "ms", value: (first / names.length) * 1e3 },
            { measure: "later", unit: "ms", value: (next / TIMES / names.length) * 1e3 },
          ],
        };
      },
    },
  ],
  bounds: [],
};
