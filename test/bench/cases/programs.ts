import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
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

function wholeRun(name: string, hours: number, isFullOnly: boolean): Point {
  return {
    name,
    isFullOnly,
    measure: (scale) => {
      const duration = `${Math.round(hours * 3_600 * scale)}s`;
      const [cpu, wall] = timesOf([MAIN, "run", INCIDENT_FILE, "--duration", duration, "--format", "json", "--quiet"]);
      return {
        rows: [
          { measure: "CPU", unit: "s", value: cpu },
          { measure: "wall", unit: "s", value: wall },
        ],
      };
    },
  };
}

/** A whole run of the command, which takes as many workers as there are cores. */
export const RUN: BenchCase = {
  name: "run",
  about:
    "A whole process of sim run scenarios/nodelocaldns.yaml: 8 boots of 12 hours, as the file has it, or of 24 hours.",
  points: [wholeRun("4 days of node time", 12, false), wholeRun("8 days of node time", 24, true)],
  bounds: [{ says: "8 days of node time, wall", figure: { point: "8 days of node time", measure: "wall" }, atMost: 3 }],
};
