import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchCase, Point } from "../bench_case.ts";
import { type Load, loadScenario, TIDY_KERNEL } from "../load.ts";

// The largest nodes, as users run them: a file, the command, one worker. Memory is that of the whole process at its most.

const MAIN = fileURLToPath(new URL("../../../dist/app/cli/main.js", import.meta.url));

/** Lets a process of Node say how much memory it had at most, in kB, once it ends; its threads are within. */
const TELLS_PEAK = `data:text/javascript,${encodeURIComponent(
  'import { writeSync } from "node:fs";' +
    'process.on("exit", () => writeSync(2, "peak " + process.resourceUsage().maxRSS + "\\n"));',
)}`;

/** What is read of the document of a run. */
interface Document {
  readonly engine: { readonly connections: number; readonly cpuSeconds: number };
  readonly conntrack: { readonly peak: number };
  readonly ports: { readonly timeWaitMax: number };
}

/** A run of the command. @throws if it fails. */
function runLoad(load: Load, seconds: number): { readonly document: Document; readonly peakKb: number } {
  const folder = mkdtempSync(join(tmpdir(), "portfall-scale-"));
  try {
    const file = join(folder, "load.yaml");
    writeFileSync(file, loadScenario(load));
    const settings = ["--duration", `${seconds}s`, "--replications", "1", "--jobs", "1", "--format", "json", "--quiet"];
    const words = ["--import", TELLS_PEAK, MAIN, "run", file, ...settings];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    if (status !== 0) throw new Error(`sim run of a large load ended with ${status}: ${stderr}`);
    const document: Document = JSON.parse(stdout);
    return { document, peakKb: Math.max(...[...stderr.matchAll(/^peak (\d+)$/gm)].map(([, kb]) => Number(kb))) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param seconds of the node's time, after which all tables are as full as they get. */
function point(name: string, load: Load, seconds: number): Point {
  return {
    name,
    isFullOnly: true,
    measure: (scale) => {
      const { document, peakKb } = runLoad(load, Math.max(1, Math.round(seconds * scale)));
      const { engine, conntrack, ports } = document;
      const { connections, cpuSeconds } = engine;
      return {
        rows: [
          { measure: "connection", unit: "us/connection", value: (cpuSeconds / connections) * 1e6 },
          { measure: "peak memory", unit: "MB", value: (peakKb * 1024) / 1e6 },
          { measure: "TIME_WAITs at most", unit: "entries", value: ports.timeWaitMax },
          { measure: "conntrack at most", unit: "entries", value: conntrack.peak },
        ],
      };
    },
  };
}

const LARGE = { kernel: TIDY_KERNEL, destinations: 256 } as const;

/** Entries of conntrack stand `conntrackTimeWait` seconds and up to 16 more, TIME_WAITs 61. */
const both = point("1,000,000 of both", { ...LARGE, rate: 1_000_000 / 61, conntrackTimeWait: 45 }, 80);
const services = point(
  "10,000/s, 5,000 services",
  { ...LARGE, rate: 10_000, conntrackTimeWait: 92, services: 5_000 },
  130,
);

/** One large node in the command as users run it. */
export const SCALE: BenchCase = {
  name: "scale",
  about:
    "One node of 1,000,000 TIME_WAITs and as many conntrack entries, or of 10,000 connections a second, 1,000,000 conntrack entries and 5,000 services (30,001 virtual servers): sim run, with its one worker.",
  points: [both, services],
  bounds: [both, services].map(({ name }) => ({
    says: `peak memory, ${name}`,
    figure: { point: name, measure: "peak memory" },
    atMost: 250,
  })),
};
