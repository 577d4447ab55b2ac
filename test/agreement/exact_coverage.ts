/**
 * Goal: the printed interval means what it says. For a kernel of each port walk, 100 seeds of incident 001 are run packet
 * by packet, and the exact value must lie in the interval at least 90 times.
 * Method: 8 boots of 30 minutes a seed (about 45 expected failures), the same estimator as `sim run`.
 * Run it with `npm run agreement`; it takes under 15 minutes on 2 cores and ends with exit code 1 if a walk falls short.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import { parseScenario, type Scenario } from "../../src/scenario/scenario.ts";
import { exactForRun } from "../../src/study/exact_twin.ts";
import { proportionInterval } from "../../src/study/intervals.ts";
import { runOnWorkers } from "../../src/study/worker_pool.ts";

const KERNELS = ["3.10.108", "3.10.0-1160.el7", "5.4.188", "5.15.24", "6.1"];
const REPLICATIONS = 8;
const DURATION = "30m";
const LEAST_COVERED_SHARE = 0.9;
const [seedsText = "100", ...kernelsGiven] = process.argv.slice(2);
const seeds = Number(seedsText);

const file = "scenarios/nodelocaldns.yaml";
const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

function scenarioOf(kernel: string, seed: number): Scenario {
  const parsed = parseScenario(text, file, [`kernel=${kernel}`, `duration=${DURATION}`, `seed=agreement-${seed}`]);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join("; "));
  return parsed.scenario;
}

/** Whether one seed's interval holds the exact value, and its counts. */
function judge(scenario: Scenario, results: readonly ReplicationResult[]): { exact: number; isCovered: boolean } {
  const exact = exactForRun(scenario, results);
  if ("declined" in exact) throw new Error(`the exact value is declined: ${exact.declined}`);
  const interval = proportionInterval(results.map(({ probes }) => ({ n: probes.total, x: probes.failed })));
  return {
    exact: exact.probability,
    isCovered: interval.low <= exact.probability && exact.probability <= interval.high,
  };
}

async function coverageOf(kernel: string): Promise<boolean> {
  const scenarios = Array.from({ length: seeds }, (_, seed) => scenarioOf(kernel, seed));
  const tasks = scenarios.flatMap((scenario) =>
    Array.from({ length: REPLICATIONS }, (_, replication) => ({ scenario, replication })),
  );
  const results = await runOnWorkers({ tasks, jobs: availableParallelism() });
  let covered = 0;
  let exact = 0;
  for (const [seed, scenario] of scenarios.entries()) {
    const judged = judge(scenario, results.slice(seed * REPLICATIONS, (seed + 1) * REPLICATIONS));
    exact = judged.exact;
    if (judged.isCovered) covered += 1;
  }
  const total = results.reduce((sum, { probes }) => sum + probes.total, 0);
  const failed = results.reduce((sum, { probes }) => sum + probes.failed, 0);
  const isEnough = covered >= LEAST_COVERED_SHARE * seeds;
  process.stdout.write(
    `${isEnough ? "ok  " : "FAIL"} ${kernel.padEnd(18)} ${covered} of ${seeds} intervals hold the exact ${exact.toExponential(3)}; ` +
      `all together ${failed} of ${total} probes failed, ${(failed / total).toExponential(3)} ` +
      `(standard error ${(Math.sqrt(failed) / total).toExponential(1)})\n`,
  );
  return isEnough;
}

const outcomes: boolean[] = [];
for (const kernel of kernelsGiven.length > 0 ? kernelsGiven : KERNELS) outcomes.push(await coverageOf(kernel));
if (outcomes.includes(false)) process.exitCode = 1;
