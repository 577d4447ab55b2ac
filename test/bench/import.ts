/**
 * Goal: CPU seconds to import a large node: 250 pods, 2,000 services, 100,000 lines of conntrack.
 * Method: rounds over the same bytes; the median, the first (which a person waits for) and the best. Reading the files is
 * not part of it. `tsx test/bench/import.ts 10` takes another number of rounds; with `--out DIR` it writes the files.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importScenario } from "../../src/scenario/import/import_scenario.ts";
import { LARGE_NODE, largeNode } from "../scenario/import/large_node.ts";

const [first = "5", out] = process.argv.slice(2);
const files = largeNode(LARGE_NODE);

if (first === "--out" && out !== undefined) {
  mkdirSync(out, { recursive: true });
  for (const { path, bytes } of files) writeFileSync(join(out, path), bytes);
} else {
  const seconds: number[] = [];
  let length = 0;
  for (let round = 0; round < Number(first); round += 1) {
    const before = process.cpuUsage();
    const imported = importScenario(files, {});
    const { user, system } = process.cpuUsage(before);
    if (!imported.ok) throw new Error(imported.diagnostics.map(({ message }) => message).join("; "));
    length = imported.text.length;
    seconds.push((user + system) / 1e6);
  }
  const sorted = seconds.toSorted((a, b) => a - b);
  const result = {
    bench: "import of a large node",
    ...LARGE_NODE,
    inputBytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0),
    scenarioCharacters: length,
    cpuSeconds: { first: seconds[0], median: sorted[Math.floor(sorted.length / 2)], best: sorted[0] },
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}
