import { type BenchCase, cpuSecondsOf } from "../bench_case.ts";
import { engine } from "../engine.ts";

const TIMES = 2;

/** The import of a real node's exports. */
export const IMPORT: BenchCase = {
  name: "import",
  about:
    "The import of a large node (250 pods, 2,000 services, 100,000 lines of conntrack), but for the reading of files.",
  points: [
    {
      name: "large node",
      measure: async () => {
        const { importScenario } = await engine();
        const { LARGE_NODE, largeNode } = await import("../../scenario/import/large_node.ts");
        const files = largeNode(LARGE_NODE);
        const read = (): void => {
          const imported = importScenario(files, {});
          if (!imported.ok) throw new Error(imported.diagnostics.map(({ message }) => message).join("; "));
        };
        const first = cpuSecondsOf(read);
        const next = cpuSecondsOf(() => {
          for (let time = 0; time < TIMES; time += 1) read();
        });
        return {
          rows: [
            { measure: "first in a process", unit: "s", value: first },
            { measure: "later", unit: "s", value: next / TIMES },
          ],
        };
      },
    },
  ],
  bounds: [],
};
