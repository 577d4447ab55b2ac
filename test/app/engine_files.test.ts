import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { parseCommandLine } from "../../src/app/cli/command_line.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { initialScenario } from "../../src/scenario/init.ts";
import { memoryIo } from "./memory_io.ts";
import type { MemoryIo } from "./memory_io.ts";

// Goal: the files for other engines run the sweep that was asked for, whatever its words hold.
// Method: the commands in them are read back, by a shell or as Kubernetes would, and parsed as command lines of sim. That
// the manifest is one is the compiler's matter, with the types of Kubernetes.

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-engines-"));
const PORTS = "sysctls.net.ipv4.ip_local_port_range=1024 65000,32768 60999";
const WORDS = ["sweep", "my node.yaml", "--vary", "kernel=5.4.188,6.1", "--seed", "it's $(HOME)"];

afterAll(() => rmSync(FOLDER, { recursive: true }));

async function engineFiles(...more: string[]): Promise<MemoryIo> {
  const io = memoryIo({ "my node.yaml": initialScenario() });
  expect(await runCli([...WORDS, "--engine-files", "e", ...more], io)).toBe(0);
  return io;
}

/** The words after `sim` that a script runs, with programs of the engines in its place. */
function wordsOf(script: string, environment: Readonly<Record<string, string>>): string[][] {
  const path = join(FOLDER, "script.sh");
  writeFileSync(path, script);
  const noted = `npx() { printf '%s\\0' "$@" >&3; printf '\\n' >&3; }
parallel() { local last="\${@: -1}"; while read -r line; do eval "\${last//\\{\\}/$line}"; done; }
mkdir() { :; }
export -f npx; source '${path}'`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", `{ ${noted}\n} 3>&1 1>&2`], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    cwd: FOLDER,
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\0").slice(2, -1));
}

const parsed = (words: readonly string[]): unknown =>
  parseCommandLine(words, { environment: {}, version: "0", columns: 100 });

const ASKED = {
  command: "sweep",
  options: {
    run: { scenario: "my node.yaml", overrides: ["seed=it's $(HOME)"], isQuiet: true },
    vary: ["kernel=5.4.188,6.1"],
    isResume: true,
  },
};

describe("--engine-files", () => {
  it("says what it wrote and simulates nothing", async () => {
    const io = await engineFiles("--shards", "5");
    expect(io.err()).toBe(
      "wrote gnu-parallel.sh, slurm.sh, kubernetes-sweep.yaml, kubernetes-merge.yaml to e: 2 points in 2 shards; " +
        "each says in its first lines how to use it\n",
    );
    expect(io.out()).toBe("");
  });

  it("gives Slurm a task for each shard, which runs the sweep that was asked for", async () => {
    const io = await engineFiles();
    const script = io.files.get("e/slurm.sh") ?? "";
    expect(script).toContain("#SBATCH --array=1-2\n");
    const [words] = wordsOf(script, { SLURM_ARRAY_TASK_ID: "2", OUT: "my out" });
    expect(parsed(words ?? [])).toMatchObject(ASKED);
    expect(parsed(words ?? [])).toMatchObject({ options: { shard: "slurm", run: { out: "my out/shard-2", jobs: 1 } } });
  });

  it("hands on what the figures depend on beside the scenario", async () => {
    const io = await engineFiles("--precision", "10%", "--cpu-budget", "60s", "--warm-up", "4m");
    const [words] = wordsOf(io.files.get("e/slurm.sh") ?? "", { SLURM_ARRAY_TASK_ID: "2", OUT: "my out" });
    const run = { stopping: { precision: 0.1, cpuBudgetSeconds: 60 }, warmUp: 240_000_000 };
    expect(parsed(words ?? [])).toMatchObject({ options: { run } });
  });

  it("gives GNU parallel each shard once, and then the merge", async () => {
    const io = await engineFiles();
    const [first, second, merge] = wordsOf(io.files.get("e/gnu-parallel.sh") ?? "", { OUT: "my out" });
    expect(parsed(first ?? [])).toMatchObject(ASKED);
    expect(parsed(first ?? [])).toMatchObject({ options: { shard: "1/2", run: { out: "my out/shard-1" } } });
    expect(parsed(second ?? [])).toMatchObject({ options: { shard: "2/2", run: { out: "my out/shard-2" } } });
    expect(parsed(merge ?? [])).toMatchObject({ command: "merge", options: { out: "my out/merged" } });
  });

  it("gives Kubernetes an Indexed Job with a pod for each shard", async () => {
    const io = await engineFiles("--vary", PORTS, "--image", "registry.example/portfall:1", "--shards", "3");
    const text = io.files.get("e/kubernetes-sweep.yaml") ?? "";
    const [config, , job] = parseAllDocuments(text).map((document) => document.toJS());
    expect(config.data).toEqual({ "my_node.yaml": initialScenario() });
    expect(job.spec).toMatchObject({
      completionMode: "Indexed",
      completions: 3,
      parallelism: 3,
      backoffLimitPerIndex: 3,
    });
    const [container] = job.spec.template.spec.containers;
    expect(container.image).toBe("registry.example/portfall:1");
    const words = container.command.map((word: string) => kubernetesWord(word, { JOB_COMPLETION_INDEX: "1" }));
    expect(words[0]).toBe("sim");
    expect(parsed(words.slice(1))).toMatchObject({
      options: {
        ...ASKED.options,
        run: { scenario: "/scenario/my_node.yaml", overrides: ["seed=it's $(HOME)"], out: "/results/shard-1" },
        vary: ["kernel=5.4.188,6.1", PORTS],
        shard: "k8s/3",
      },
    });
  });

  it("writes manifests that have the types of Kubernetes", async (context) => {
    if (!existsSync(join(ROOT, "node_modules/kubernetes-types"))) {
      context.skip("kubernetes-types is not installed");
    }
    const io = await engineFiles();
    const documents = ["sweep", "merge"].flatMap((name) =>
      parseAllDocuments(io.files.get(`e/kubernetes-${name}.yaml`) ?? "").map((document) => document.toJS()),
    );
    expect(typeProblems(documents)).toBe("");
    documents.at(-1).spec.backofLimit = 1;
    expect(typeProblems(documents)).toMatch(/backofLimit"?' does not exist/);
  });
});

/** A word of a container's command as Kubernetes expands it. */
function kubernetesWord(word: string, environment: Readonly<Record<string, string>>): string {
  return word.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (all, name: string | undefined) =>
    all === "$$" ? "$" : (environment[name ?? ""] ?? all),
  );
}

/** What the compiler says of objects as those that they say they are. */
function typeProblems(documents: readonly { readonly kind: string }[]): string {
  const path = join(ROOT, "node_modules/.portfall-manifests.ts");
  const lines = documents.map(
    (document, index) => `export const object${index}: ${document.kind} = ${JSON.stringify(document)};`,
  );
  const imports = [
    'import type { Job } from "kubernetes-types/batch/v1.d.ts";',
    'import type { ConfigMap, PersistentVolumeClaim } from "kubernetes-types/core/v1.d.ts";',
  ];
  writeFileSync(path, [...imports, ...lines].join("\n"));
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck", "--ignoreConfig", path];
  const { stdout } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), options, { encoding: "utf8", cwd: ROOT });
  rmSync(path);
  return stdout;
}
