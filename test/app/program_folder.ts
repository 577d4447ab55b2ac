import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UNFINISHED } from "../../src/app/cli/draft_file.ts";
import { BUILT_MAIN } from "../support/built_program.ts";

/** How a process of the program ended: its code, `null` if a signal ended it, and what it said on stderr. */
export interface Ended {
  readonly code: number | null;
  readonly err: string;
}

/** The points of `sweepWords`. */
export const POINTS = 24;

/** One node with one probe, for ten seconds. */
const SCENARIO = `kernel: "6.1"
duration: 10s
replications: 1
seed: killed
node: { interfaces: [{ name: eth0, addresses: [10.0.0.5/24] }, { name: cni0, kind: bridge, addresses: [10.1.0.1/24] }] }
sysctls: { net.ipv4.ip_local_port_range: 30000 31000 }
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs }
services:
  - { name: default/many, type: NodePort, clusterIP: 10.2.0.1, ports: [{ port: 80, nodePort: 30100, targetPort: 80 }], endpoints: [10.1.0.9] }
pods:
  - { name: default/web, listen: [80], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
churn:
  - { name: agent, from: node, to: 10.0.0.9:10050, rate: 1/s, arrivals: poisson, closes: client }
`;

/**
 * In each thread: writes a line to the file BOOTS for each boot that it is given, and does at the boot DIE_AT what DIE
 * says: `exit`, `throw` or `memory`.
 */
const SPY = `import { appendFileSync } from "node:fs";
import { isMainThread, parentPort } from "node:worker_threads";
if (!isMainThread) {
  const on = parentPort.on.bind(parentPort);
  let boots = 0;
  parentPort.on = (name, hear) => on(name, name !== "message" ? hear : (task) => {
    appendFileSync(process.env.BOOTS, "boot\\n");
    boots += 1;
    if (boots === Number(process.env.DIE_AT)) {
      if (process.env.DIE === "exit") process.exit(7);
      if (process.env.DIE === "throw") throw new Error("no such port");
      for (const hoard = []; process.env.DIE === "memory"; ) hoard.push(new Array(1000).fill(Math.random()));
    }
    hear(task);
  });
}
`;

/** The program that was built last, run in processes of its own in a temporary folder, with a spy in its threads. */
export class ProgramFolder {
  readonly path = mkdtempSync(join(tmpdir(), "portfall-program-"));
  readonly scenario = join(this.path, "small.yaml");
  readonly #boots = join(this.path, "boots.log");
  readonly #spy = join(this.path, "spy.mjs");

  constructor() {
    writeFileSync(this.scenario, SCENARIO);
    writeFileSync(this.#spy, SPY);
  }

  /** Removes all that there is. */
  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  /** Starts the program; `environment` is added to that of this process. */
  start(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { NODE_OPTIONS: more = "", ...rest } = environment;
    const options = `--import ${pathToFileURL(this.#spy).href} ${more}`;
    const env = { ...process.env, NODE_OPTIONS: options, BOOTS: this.#boots, ...rest };
    const child = spawn(process.execPath, [BUILT_MAIN, ...words], {
      cwd: this.path,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (err += text));
    const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, err })));
    return { child, ended };
  }

  /** The words of a sweep of short points. */
  sweepWords(out: string, ...more: readonly string[]): string[] {
    const vary = ["--vary", "kernel=3.10.0-1160.el7,4.4.0,5.4.188,6.1", "--vary", "churn.agent.rate=1/s..6/s/6"];
    return ["sweep", this.scenario, ...vary, "--jobs", "2", "--out", out, ...more];
  }

  /** Runs the program to its end. @throws unless it ends with 0 and says nothing. */
  async done(words: readonly string[]): Promise<void> {
    const { code, err } = await this.start(words).ended;
    if (code !== 0 || err !== "") throw new Error(`sim ${words.join(" ")} ended with ${code}: ${err}`);
  }

  has(path: string): boolean {
    return existsSync(join(this.path, path));
  }

  /** All files of a folder, by their paths, but the times and what a kill left half written. */
  bytesOf(name: string): Record<string, string> {
    const root = join(this.path, name);
    if (!existsSync(root)) return {};
    const paths = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "timings.json" && !entry.name.endsWith(UNFINISHED))
      .map(({ parentPath, name: file }) => join(parentPath, file));
    return Object.fromEntries(paths.map((path) => [path.slice(root.length), readFileSync(path, "latin1")]));
  }

  /** The document of a run without its times. */
  resultOf(name: string): unknown {
    const text = readFileSync(join(this.path, name, "result.json"), "utf8");
    const { engine, ...document }: { engine: object } = JSON.parse(text);
    return { ...document, engine: { ...engine, cpuSeconds: 0, wallSeconds: 0 } };
  }

  /** The files below a folder that a kill left half written. */
  draftsIn(name: string): readonly string[] {
    if (!this.has(name)) return [];
    const paths = readdirSync(join(this.path, name), { recursive: true, encoding: "utf8" });
    return paths.filter((path) => path.endsWith(UNFINISHED));
  }

  /** The finished points of a sweep. */
  pointsIn(name: string): readonly string[] {
    if (!this.has(`${name}/points`)) return [];
    return readdirSync(join(this.path, name, "points")).filter((path) => path.endsWith(".json"));
  }

  /** How many boots threads were given so far. */
  bootCount(): number {
    return existsSync(this.#boots) ? readFileSync(this.#boots, "utf8").split("\n").length - 1 : 0;
  }
}
