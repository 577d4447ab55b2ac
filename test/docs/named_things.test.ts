import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/app/cli/asked_command.ts";
import { parseCommandLine } from "../../src/app/cli/command_line.ts";
import { RULES } from "../../src/check/rules.ts";
import { FAILURE_CAUSES } from "../../src/cluster/replication_result.ts";
import { kernelBuilds } from "../../src/kernel/eras.ts";
import { PORT_WALKS } from "../../src/kernel/kernel_era.ts";
import { SCHEDULER_NAMES } from "../../src/kernel/ipvs/schedulers.ts";
import { sysctlNames } from "../../src/kernel/sysctl.ts";
import { CHART_KINDS } from "../../src/report/charts/chart.ts";
import { DOCUMENTS } from "./document_blocks.ts";

// Goal: what has a name that people type or read is in a document, and where a test stands for it, in that test.
// Method: the program's own tables against the texts.

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const PAGES = DOCUMENTS.map(read).join("\n");
const missingIn = (text: string, names: readonly string[]): string[] => names.filter((name) => !text.includes(name));
const coded = (name: string): string => `\`${name}\``;

const HIDDEN = ["--help", "--version"];

function optionsOf(command: string): string[] {
  const asked = parseCommandLine([command, "--help"], { environment: {}, version: "0", columns: 100 });
  if (asked.command !== "print") throw new Error(`sim ${command} --help prints nothing`);
  const options = [...asked.text.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name!);
  return options.filter((name) => !HIDDEN.includes(name));
}

describe("A document names", () => {
  it.each(COMMANDS)("the command %s and all its options", (command) => {
    expect(missingIn(PAGES, [`sim ${command}`, ...optionsOf(command)])).toEqual([]);
  });

  it("every sysctl", () => {
    expect(missingIn(read("src/docs/sysctls.md"), sysctlNames().map(coded))).toEqual([]);
  });

  it("every port walk, kernel build and change of a kernel", () => {
    const page = read("src/docs/kernels.md");
    const changes = [...read("src/kernel/era_table.ts").matchAll(/firsts: \[([^\]]+)\]/g)].flatMap(([, firsts]) =>
      firsts!.replaceAll('"', "").split(", "),
    );
    expect(changes.length).toBeGreaterThan(50);
    expect(missingIn(page, [...PORT_WALKS.map(coded), ...kernelBuilds().map(coded), ...changes])).toEqual([]);
  });

  it("every rule of sim check", () => {
    expect(
      missingIn(
        read("src/docs/rules.md"),
        RULES.map(({ id }) => `### ${id}\n`),
      ),
    ).toEqual([]);
    expect(/by (\d+)\s+\[rules\]/.exec(read("README.md"))?.[1]).toBe(`${RULES.length}`);
  });

  it("every chart, cause of a failure and IPVS scheduler", () => {
    expect(missingIn(read("src/docs/charts.md"), CHART_KINDS.map(coded))).toEqual([]);
    expect(missingIn(read("src/ARCHITECTURE.md"), FAILURE_CAUSES.map(coded))).toEqual([]);
    expect(missingIn(read("src/docs/conform.md"), SCHEDULER_NAMES.map(coded))).toEqual([]);
  });

  it("every scenario, in the README, with a link", () => {
    const files = readdirSync(join(ROOT, "scenarios")).filter((name) => name.endsWith(".yaml"));
    expect(files.length).toBeGreaterThan(15);
    expect(
      missingIn(
        read("README.md"),
        files.map((name) => `(scenarios/${name})`),
      ),
    ).toEqual([]);
  });

  it("every page of src/docs, in its index", () => {
    const pages = DOCUMENTS.filter((path) => path.startsWith("src/docs/") && path !== "src/docs/README.md");
    const links = pages.map((path) => `(${path.slice("src/docs/".length)})`);
    expect(missingIn(read("src/docs/README.md"), links)).toEqual([]);
  });
});

describe("A test names", () => {
  it("every release with which a kernel changes", () => {
    const rows = read("test/kernel/eras.test.ts");
    const changes = [...read("src/kernel/era_table.ts").matchAll(/firsts: \[([^\]]+)\]/g)].flatMap(([, firsts]) =>
      firsts!.split(", "),
    );
    expect(missingIn(rows, changes)).toEqual([]);
  });

  it("every scenario, in the table that runs them", () => {
    const files = readdirSync(join(ROOT, "scenarios")).filter((name) => name.endsWith(".yaml"));
    expect(
      missingIn(
        read("test/scenarios/scenario_table.ts"),
        files.map((name) => `file: "${name}"`),
      ),
    ).toEqual([]);
  });

  it("every IPVS scheduler", () => {
    const tests = readdirSync(join(ROOT, "test/kernel/ipvs")).map((name) => read(`test/kernel/ipvs/${name}`));
    expect(
      missingIn(
        tests.join("\n"),
        SCHEDULER_NAMES.map((name) => `"${name}"`),
      ),
    ).toEqual([]);
  });
});
