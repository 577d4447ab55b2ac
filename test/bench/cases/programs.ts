import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { formatCount } from "../../../src/report/number_text.ts";
import type { BenchCase, Point, Row } from "../bench_case.ts";

const MAIN = fileURLToPath(new URL("../../../dist/app/cli/main.js", import.meta.url));
const INCIDENT_FILE = fileURLToPath(new URL("../../../scenarios/nodelocaldns.yaml", import.meta.url));

/** User and system CPU seconds, and wall seconds, of a whole process, in this order. */
function timesOf(words: readonly string[]): readonly [cpu: number, wall: number] {
  const script = 'TIMEFORMAT="%3U %3S %3R"; time "$@" >/dev/null 2>/dev/null';
  const { status, stderr } = spawnSync("bash", ["-c", script, "bash", process.execPath, ...words], {
    encoding: "utf8",
  });
  // A shorter run than the scenario's own may miss what it expects: exit code 1.
  if (status !== 0 && status !== 1) throw new Error(`${words.join(" ")} ended with ${status}`);
  const [user = NaN, system = NaN, wall = NaN] = stderr.trim().split(" ").map(Number);
  return [user + system, wall];
}

const middleOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** The median of so many runs of a program, in milliseconds. */
function startUp(name: string, words: readonly string[]): Point {
  return {
    name,
    measure: (scale) => {
      const times = Array.from({ length: Math.max(1, Math.round(5 * scale)) }, () => timesOf(words));
      const rows: readonly Row[] = [
        { measure: "CPU", unit: "ms", value: middleOf(times.map(([cpu]) => cpu)) * 1e3 },
        { measure: "wall", unit: "ms", value: middleOf(times.map(([, wall]) => wall)) * 1e3 },
      ];
      return { rows };
    },
  };
}

/** How long the command takes to start. */
export const START_UP: BenchCase = {
  name: "start-up",
  about:
    "A whole process that does next to nothing: Node by itself (node -e 0), sim --version, sim check of a scenario, and sim run of one second of it in one worker.",
  points: [
    startUp("node -e 0", ["-e", "0"]),
    startUp("sim --version", [MAIN, "--version"]),
    startUp("sim check", [MAIN, "check", INCIDENT_FILE]),
    startUp("sim run", [MAIN, "run", INCIDENT_FILE, "--duration", "1s", "--replications", "1", "--jobs", "1"]),
  ],
  bounds: [{ says: "sim --version", figure: { point: "sim --version", measure: "CPU" }, atMost: 150 }],
};

/** Seconds that `sim --version` takes just now: what a longer run has of them is its start-up. */
function startUpTime(): number {
  return middleOf(Array.from({ length: 3 }, () => timesOf([MAIN, "--version"])[1]));
}

function wholeRun(name: string, hours: number, isFullOnly: boolean): Point {
  return {
    name,
    isFullOnly,
    measure: (scale) => {
      const duration = `${Math.round(hours * 3_600 * scale)}s`;
      const start = startUpTime();
      const [cpu, wall] = timesOf([MAIN, "run", INCIDENT_FILE, "--duration", duration, "--format", "json", "--quiet"]);
      return {
        rows: [
          { measure: "CPU", unit: "s", value: cpu },
          { measure: "wall", unit: "s", value: wall },
          { measure: "wall after start-up", unit: "s", value: wall - start },
        ],
      };
    },
  };
}

const EIGHT_DAYS = "8 days of node time";

/** A whole run of the command, which takes as many workers as there are cores. */
export const RUN: BenchCase = {
  name: "run",
  about:
    "A whole process of sim run scenarios/nodelocaldns.yaml: 8 boots of 12 hours, as the file has it, or of 24 hours; its start-up is what sim --version takes.",
  points: [wholeRun("4 days of node time", 12, false), wholeRun(EIGHT_DAYS, 24, true)],
  bounds: [
    { says: `${EIGHT_DAYS}, wall`, figure: { point: EIGHT_DAYS, measure: "wall" } },
    {
      says: `${EIGHT_DAYS}, wall after start-up`,
      figure: { point: EIGHT_DAYS, measure: "wall after start-up" },
      atMost: 3,
    },
  ],
};

/** A fleet: one study of as many boots of a day. Fewer would say less of a second worker, since each compiles all anew. */
const NODES = 1_000;

function fleet(name: string, jobs: number): Point {
  const words = ["--duration", "24h", "--replications", String(NODES), "--jobs", String(jobs)];
  return {
    name,
    isFullOnly: true,
    measure: () => {
      const [cpu, wall] = timesOf([MAIN, "run", INCIDENT_FILE, ...words, "--format", "json", "--quiet"]);
      return {
        rows: [
          { measure: "CPU", unit: "s", value: cpu },
          { measure: "wall", unit: "s", value: wall },
        ],
      };
    },
  };
}

/** What a fleet costs, and what a second worker is worth. */
export const FLEET: BenchCase = {
  name: "fleet",
  about: `Incident 001 on ${formatCount(NODES)} nodes for a day each as one study: sim run scenarios/nodelocaldns.yaml --duration 24h --replications ${NODES} with --jobs 2 and with --jobs 1. Ten minutes a round.`,
  points: [fleet("two workers", 2), fleet("one worker", 1)],
  bounds: [
    {
      says: "one worker : two workers, wall",
      figure: { point: "one worker", measure: "wall" },
      over: { point: "two workers", measure: "wall" },
      atLeast: 1.8,
    },
    {
      says: "1,000 nodes for a day, two workers, wall",
      figure: { point: "two workers", measure: "wall" },
      atMost: 900,
    },
  ],
};

/** Low ends of the range, rates of an agent and kernels: 60 points. */
const GRID = [
  "portRange.low=1024,10000,15000,20000,32768",
  "churn.zabbix.rate=1/s,3/s,5/s,10/s",
  "kernel=3.10.0-1160.el7,5.4.188,6.1",
];
const SWEEP_WORDS = ["--set", "portRange.width=30000", "--duration", "10m", "--precision", "10%", "--jobs", "2"];

/** A sweep that chooses the cheapest sound estimator for each point. */
export const SWEEP: BenchCase = {
  name: "sweep",
  about: `60 points of incident 001: sim sweep scenarios/nodelocaldns.yaml ${[...GRID.map((axis) => `--vary ${axis}`), ...SWEEP_WORDS].join(" ")}.`,
  points: [
    {
      name: "60 points",
      isFullOnly: true,
      measure: () => {
        const axes = GRID.flatMap((axis) => ["--vary", axis]);
        const [cpu, wall] = timesOf([MAIN, "sweep", INCIDENT_FILE, ...axes, ...SWEEP_WORDS, "--quiet"]);
        return {
          rows: [
            { measure: "CPU", unit: "s", value: cpu },
            { measure: "wall", unit: "s", value: wall },
          ],
        };
      },
    },
  ],
  bounds: [{ says: "60 points, wall", figure: { point: "60 points", measure: "wall" }, atMost: 60 }],
};
