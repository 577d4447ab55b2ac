/**
 * Goal: connections per CPU second, packet by packet, for incident 001, beside the cost of a bare event, so that a slow
 * or busy machine shows as such.
 * Method: rounds of the two measurements in turn; the median of each, and the best. CPU time of the whole process.
 * Run it with `npm run bench`; `npm run bench -- 24h 5` takes another duration and number of rounds.
 */
import { readFileSync } from "node:fs";
import { inlineMore } from "../../src/app/cli/inlining.ts";
import { runReplication } from "../../src/cluster/replication.ts";
import { parseScenario, type Scenario } from "../../src/scenario/scenario.ts";
import { RandomStream } from "../../src/sim/random.ts";
import { TimerQueue } from "../../src/sim/timer_queue.ts";

const [duration = "6h", roundsText = "5"] = process.argv.slice(2);
const rounds = Number(roundsText);
const HOLD_PENDING = 1_000;
const HOLD_EVENTS = 2_000_000;

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

/** The hold model: pop the earliest of 1,000 pending events and push it back. */
function hold(): void {
  const queue = new TimerQueue();
  const random = new RandomStream("hold");
  for (let sequence = 0; sequence < HOLD_PENDING; sequence += 1) queue.push(random.uniform(), sequence, 0, 0);
  for (let sequence = HOLD_PENDING; sequence < HOLD_EVENTS; sequence += 1) {
    const time = queue.earliestTime;
    queue.pop();
    queue.push(time + random.uniform(), sequence, 0, 0);
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

inlineMore();
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
  const event = (cpuSecondsOf(hold) * 1e9) / HOLD_EVENTS;
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
