/**
 * Goal: splitting finds a probability of 1e-9 that is not a product of equal factors, and its interval means what it says.
 * Method: NodePorts 30080, 30082 and 30084, range 1024-65000, a re-salting walk, one pod probed every 5 s: the first probe
 * of an epoch and the next two all collide with probability (3/255904)(3/31988). Independence would give (3/31988)³.
 * Run it with `npm run rare-events`; it takes a few seconds of CPU and ends with exit code 1 if the estimate is 10 % off.
 */
import { resolveKernel } from "../../src/kernel/eras.ts";
import { exactRuns } from "../../src/study/exact_runs.ts";
import { rareRun } from "../../src/study/rare_events.ts";

const EXACT = (3 / 255_904) * (3 / 31_988);
const INDEPENDENT = (3 / 31_988) ** 3;
const ALLOWED = 0.1;

const kernel = resolveKernel({ build: "6.1" });
if (!("era" in kernel)) throw new Error("kernel 6.1 is known");
const ports = {
  range: [1024, 65000],
  isReserved: () => false,
  isHeld: () => false,
  nodePorts: [30080, 30082, 30084],
} as const;

const enumerated = exactRuns({
  ...ports,
  walk: "5.18+",
  periodSeconds: 5,
  sameDestination: { periods: [], randomPerSecond: 0 },
  otherDestinations: [],
});
if ("declined" in enumerated) throw new Error(enumerated.declined);

const began = process.cpuUsage();
const estimate = rareRun({
  ...ports,
  era: kernel.era,
  sources: [{ destination: 0, every: { seconds: 5 }, keepsSeconds: 0, failureKeepsSeconds: 0 }],
  length: 3,
  isFromEpochStart: true,
  seed: process.argv[2] ?? "rare-events",
  trials: 100_000,
});
const { user, system } = process.cpuUsage(began);
const cpuSeconds = (user + system) / 1e6;
const off = estimate.probability / EXACT - 1;
const isGood = Math.abs(off) <= ALLOWED && cpuSeconds < 30;
process.stdout.write(
  `closed form ${EXACT.toExponential(4)}, enumeration ${enumerated.consecutive[2]!.toExponential(4)}, independence ${INDEPENDENT.toExponential(1)}\n` +
    `splitting   ${estimate.probability.toExponential(4)} (95 % interval ${estimate.interval.low.toExponential(3)} to ` +
    `${estimate.interval.high.toExponential(3)}), ${(100 * off).toFixed(1)} % off, effective sample ${Math.round(estimate.effectiveSampleSize)}, ` +
    `as ${estimate.crudeTrials?.toExponential(1)} plain probes, in ${cpuSeconds.toFixed(1)} s of CPU\n` +
    [...estimate.warnings, isGood ? "ok" : "FAIL"].map((line) => `${line}\n`).join(""),
);
if (!isGood) process.exitCode = 1;
