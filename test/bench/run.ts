/**
 * Goal: connections per CPU second, packet by packet, for incident 001, beside the cost of a bare event, so that a slow
 * or busy machine shows as such.
 * Method: rounds of the two measurements in turn; the median of each, and the best. CPU time of the whole process.
 * Run it with `npm run bench`; `npm run bench -- 24h 5` takes another duration and number of rounds.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inlineMore } from "../../src/app/cli/inlining.ts";
import type * as Replication from "../../src/cluster/replication.ts";
import { parseScenario, type Scenario } from "../../src/scenario/scenario.ts";

const [duration = "6h", roundsText = "5"] = process.argv.slice(2);
const rounds = Number(roundsText);

function incident(): Scenario {
  const file = "scenarios/nodelocaldns.yaml";
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const parsed = parseScenario(text, file, [`duration=${duration}`]);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join("; "));
  return parsed.scenario;
}

function cpuSecondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Nanoseconds of CPU for a bare event. */
function holdModel(): number {
  const program = fileURLToPath(new URL("hold_model.ts", import.meta.url));
  return Number(execFileSync(process.execPath, ["--import", "tsx", program], { encoding: "utf8" }));
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

inlineMore();
// What the build made is what users run; the loader of this file compiles otherwise.
const BUILT = new URL("../../dist/cluster/replication.js", import.meta.url).href;
const { runReplication }: typeof Replication = await import(BUILT);
const scenario = incident();
const perSecond: number[] = [];
const holdNs: number[] = [];
let packetsPerConnection = 0;
for (let round = 0; round <= rounds; round += 1) {
  let connections = 0;
  const cpu = cpuSecondsOf(() => {
    const { engine } = runReplication(scenario, round);
    connections = engine.connections;
    packetsPerConnection = engine.packets / engine.connections;
  });
  const event = holdModel();
  // The first round warms the compiler up.
  if (round === 0) continue;
  perSecond.push(connections / cpu);
  holdNs.push(event);
}
const result = {
  bench: "incident 001, packet by packet",
  duration,
  rounds,
  connectionsPerCpuSecond: { median: Math.round(median(perSecond)), best: Math.round(Math.max(...perSecond)) },
  packetsPerConnection: Number(packetsPerConnection.toFixed(2)),
  holdModelNsPerEvent: { median: Math.round(median(holdNs)), best: Math.round(Math.min(...holdNs)) },
  rssMegabytes: Math.round(process.memoryUsage().rss / 1e6),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
