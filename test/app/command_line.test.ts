import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/app/cli/command_line.ts";
import { COMMANDS, type CommandLine } from "../../src/app/cli/asked_command.ts";

function parse(words: string, environment: Record<string, string> = {}): CommandLine {
  return parseCommandLine(words === "" ? [] : words.split(" "), { environment, version: "0.1.0", columns: 100 });
}

const WRONG_VARY = 'Cannot vary "kernel": write PATH=A,B,C or PATH=LOW..HIGH/STEPS, such as kernel=5.4.188,6.1';

describe("parseCommandLine", () => {
  it("reads a plain run", () => {
    expect(parse("run a.yaml")).toEqual({
      command: "run",
      options: {
        scenario: "a.yaml",
        overrides: [],
        keyOptions: [],
        jobs: undefined,
        format: "text",
        isQuiet: false,
        isParanoid: false,
        out: undefined,
        replication: undefined,
        until: undefined,
        warmUp: undefined,
        stopping: undefined,
        settings: {},
      },
    });
  });

  it("keeps overrides in order, options that stand for a key last, and all as they were written", () => {
    const words = "run a.yaml --kernel 5.10 --set a=1 --seed 007 --set b=x=y --replications 4 --duration 1h30m";
    expect(parse(words)).toMatchObject({
      options: { overrides: ["a=1", "b=x=y", "seed=007", "replications=4", "duration=1h30m", "kernel=5.10"] },
    });
  });

  it("reads a sweep with what it shares with a run", () => {
    const words = "sweep a.yaml --vary kernel=5.10,6.1 --vary portRange.low=1..9 --design sobol --points 8 --seed 007";
    expect(parse(`${words} --out d/ --resume --shard 2/3 --jobs 4`)).toMatchObject({
      command: "sweep",
      options: {
        run: { scenario: "a.yaml", overrides: ["seed=007"], jobs: 4, out: "d" },
        factors: [
          { path: "kernel", values: ["5.10", "6.1"] },
          { path: "portRange.low", kind: "range" },
        ],
        design: "sobol",
        points: 8,
        isResume: true,
        shard: "2/3",
      },
    });
  });

  it("keeps the texts of what a sweep's figures depend on beside the scenario", () => {
    expect(parse("sweep a.yaml --vary kernel=5.10,6.1 --precision 10.0% --budget 90d --warm-up 4m")).toMatchObject({
      options: {
        run: {
          stopping: { precision: 0.1, budget: 7_776_000_000_000 },
          warmUp: 240_000_000,
          settings: { precision: "10.0%", budget: "90d", "warm-up": "4m" },
        },
      },
    });
  });

  it("takes options of a sweep from the environment", () => {
    expect(
      parse("sweep a.yaml", { SIM_OPT_VARY: "kernel=5.10,6.1", SIM_OPT_RESUME: "1", SIM_OPT_OUT: "d" }),
    ).toMatchObject({
      options: { vary: ["kernel=5.10,6.1"], isResume: true, run: { out: "d" } },
    });
  });

  it("reads a merge", () => {
    expect(parse("merge a b/ --out whole/ --format json")).toEqual({
      command: "merge",
      options: { folders: ["a", "b"], out: "whole", format: "json" },
    });
  });

  it("reads the replay options", () => {
    expect(
      parse("run a.yaml --seed -5 --replication 0 --until 12.345678s --jobs 3 --format json --quiet --paranoid"),
    ).toMatchObject({
      options: {
        overrides: ["seed=-5"],
        replication: 0,
        until: 12_345_678,
        jobs: 3,
        format: "json",
        isQuiet: true,
        isParanoid: true,
      },
    });
  });

  it("reads the other commands", () => {
    expect(parse("schema")).toEqual({ command: "schema" });
    expect(parse("init")).toEqual({ command: "init", file: undefined });
    expect(parse("init first.yaml")).toEqual({ command: "init", file: "first.yaml" });
    expect(parse("completion zsh")).toEqual({ command: "completion", shell: "zsh" });
    expect(parse("completion", { SHELL: "/usr/bin/zsh" })).toEqual({ command: "completion", shell: "zsh" });
    expect(parse("completion", { SHELL: "/bin/fish" })).toEqual({ command: "completion", shell: "bash" });
  });

  it("reads a plain sim ports, and all its options", () => {
    const plain = {
      kernel: "6.1",
      portWalk: undefined,
      hz: undefined,
      range: undefined,
      reserved: undefined,
      listen: "",
      connects: 10,
      destinations: 1,
      gap: 250_000,
      close: "fin",
      seed: "ports",
      cursor: undefined,
      hash: undefined,
      format: "text",
    };
    expect(parse("ports")).toEqual({ command: "ports", options: plain });
    const first =
      "ports --kernel 5.10 --port-walk 5.18+ --hz 1000 --range 1024 --reserved 1-2 --listen 80 --connects 7";
    const second =
      "--destinations 3 --gap 0 --close keep --seed 007 --cursor 0x10 --hash 18446744073709551615 --format json";
    expect(parse(`${first} ${second}`)).toEqual({
      command: "ports",
      options: {
        kernel: "5.10",
        portWalk: "5.18+",
        hz: 1000,
        range: "1024",
        reserved: "1-2",
        listen: "80",
        connects: 7,
        destinations: 3,
        gap: 0,
        close: "keep",
        seed: "007",
        cursor: 16,
        hash: 18446744073709551615n,
        format: "json",
      },
    });
  });

  it("reads sim conform with any number of folders", () => {
    expect(parse("conform a b/c.json --format json --quiet --seed 007")).toEqual({
      command: "conform",
      options: { paths: ["a", "b/c.json"], format: "json", isQuiet: true, seed: "007" },
    });
  });

  it("reads a precision with the budgets that bound its cost", () => {
    expect(parse("run a.yaml --precision 2.5% --budget 90d --cpu-budget 60s")).toMatchObject({
      options: { stopping: { precision: 0.025, budget: 90 * 86_400e6, cpuBudgetSeconds: 60 } },
    });
  });

  it("takes options of sim run from the environment, and the command line over them", () => {
    const environment = {
      SIM_OPT_SEED: "007",
      SIM_OPT_JOBS: "2",
      SIM_OPT_SET: "a=1",
      SIM_OPT_QUIET: "1",
      SIM_OPT_PARANOID: "0",
    };
    expect(parse("run a.yaml --seed 9", environment)).toMatchObject({
      options: { overrides: ["a=1", "seed=9"], jobs: 2, isQuiet: true, isParanoid: false },
    });
    expect(parse("schema", environment)).toEqual({ command: "schema" });
  });

  it("shows the options of sim diff as they are written everywhere", () => {
    const asked = parse("diff --help");
    expect(asked.command === "print" ? asked.text : "").toMatch(/^ {6}--a +PATH=VALUE[^]*^ {6}--b +The same/m);
  });

  it("ignores what Kubernetes puts into the environment of every pod", () => {
    const environment = { SIM_SERVICE_HOST: "10.0.0.1", SIM_PORT: "tcp://10.0.0.1:80" };
    expect(parse("run a.yaml", environment)).toMatchObject({ command: "run" });
  });

  it.each([
    ["", "Name a command", ""],
    ["help", 'Unknown command "help"; did you mean sim --help?', ""],
    ["help run", 'Unknown command "help"; did you mean sim run --help?', ""],
    ["rnu a.yaml", 'Unknown command "rnu"; did you mean run?', ""],
    ["sweeep a.yaml", 'Unknown command "sweeep"; did you mean sweep?', ""],
    ["sweep", "Name the scenario to sweep: sim sweep SCENARIO --vary PATH=A,B,C", "sweep "],
    ["sweep a.yaml --vary kernel", WRONG_VARY, "sweep "],
    [
      "sweep a.yaml --design cube",
      'Cannot use "cube" as --design: choose one of "grid", "latin-hypercube", "sobol"',
      "sweep ",
    ],
    ["sweep a.yaml --points 0", 'Cannot use --points "0": it must be a whole number from 1 to 10000', "sweep "],
    ["sweep a.yaml --resume", "Cannot resume without --out: name the folder that holds the finished points", "sweep "],
    ["sweep a.yaml --resume=on", 'Cannot use "--resume=on": --resume takes no value', "sweep "],
    ["sweep a.yaml --shard 1/2", "Cannot run a shard without --out: name the folder that keeps its points", "sweep "],
    ["sweep a.yaml --out a --out b", "Cannot use --out 2 times: give it once", "sweep "],
    [
      "sweep a.yaml --shards 3",
      "Cannot use --shards alone: it is for --engine-files; a part of the sweep is --shard I/N",
      "sweep ",
    ],
    ["sweep a.yaml --image x", "Cannot use --image alone: it is for --engine-files", "sweep "],
    [
      "sweep a.yaml --engine-files e --out o",
      "Cannot use --out with --engine-files: the files name them themselves",
      "sweep ",
    ],
    [
      "sweep a.yaml --replication 1",
      "Cannot use --replication here: it is an option of sim run and sim explain",
      "sweep ",
    ],
    ["merge --out x", "Name the folders to merge: sim merge DIR… --out DIR", "merge "],
    ["merge a b", "Cannot merge without --out: name the folder for the whole result", "merge "],
    ["-x", "Unknown option -x", ""],
    ["--jobs 2", "Cannot use --jobs here: it is an option of sim run and sim sweep", ""],
    ["schema --jobs 2", "Cannot use --jobs here: it is an option of sim run and sim sweep", "schema "],
    ["run", "Name the scenario to run: sim run SCENARIO", "run "],
    ["run a.yaml b.yaml", 'Unexpected word "b.yaml"', "run "],
    ["run a.yaml --replicatons 2", "Unknown option --replicatons; did you mean --replications?", "run "],
    ["run a.yaml --precision 0.1", 'Cannot use --precision "0.1": it must be a percentage from 0.1% to 100%', "run "],
    ["run a.yaml --precision 200%", 'Cannot use --precision "200%": it must be a percentage from 0.1% to 100%', "run "],
    [
      "run a.yaml --precision 10% --budget 90",
      'Cannot use --budget "90": it has no unit; write a time such as 90d or 60s',
      "run ",
    ],
    ["run a.yaml --warm-up 4", 'Cannot use --warm-up "4": it has no unit; write a time such as 240s or 4m', "run "],
    ["run a.yaml --cpu-budget 60s", "Cannot use --cpu-budget alone: say with --precision what it is spent on", "run "],
    [
      "run a.yaml --precision 10% --replication 1",
      "Cannot use --precision with --replication: a replay is of one boot",
      "run ",
    ],
    ["run a.yaml --folder results", "Unknown option --folder", "run "],
    ["run a.yaml --no-seed", "Unknown option --no-seed", "run "],
    ["run a.yaml --seed", "Cannot use --seed without a value", "run "],
    ["run a.yaml --seed=", "Cannot use --seed without a value", "run "],
    ["run a.yaml --set --quiet", "Cannot use --set without a value", "run "],
    ["run a.yaml --set kernel", 'Cannot use --set "kernel": write PATH=VALUE, such as kernel=6.1', "run "],
    ["run a.yaml --jobs 0", 'Cannot use --jobs "0": it must be a whole number from 1 to 1000000', "run "],
    ["run a.yaml --jobs 2e3", 'Cannot use --jobs "2e3": it must be a whole number from 1 to 1000000', "run "],
    ["run a.yaml --jobs 1 --jobs 2", "Cannot use --jobs 2 times: give it once", "run "],
    [
      "run a.yaml --replications 1.5",
      'Cannot use --replications "1.5": it must be a whole number from 1 to 100000',
      "run ",
    ],
    ["run a.yaml --replication -1", 'Cannot use --replication "-1": it must be a whole number from 0 to 99999', "run "],
    ["run a.yaml --format xml", 'Cannot use "xml" as --format: choose one of "text", "json"', "run "],
    ["run a.yaml --quiet=perhaps", 'Cannot use "--quiet=perhaps": --quiet takes no value', "run "],
    ["run a.yaml --paranoid=5", 'Cannot use "--paranoid=5": --paranoid takes no value', "run "],
    ["run a.yaml --until 3s", "Cannot use --until alone: say with --replication which replication to stop", "run "],
    [
      "run a.yaml --replication 1 --until 12",
      'Cannot use --until "12": it has no unit; write a time such as 12.345678s or 90m',
      "run ",
    ],
    ["ports 6.1", 'Unexpected word "6.1"', "ports "],
    ["ports --jobs 2", "Cannot use --jobs here: it is an option of sim run and sim sweep", "ports "],
    ["ports --conects 2", "Unknown option --conects; did you mean --connects?", "ports "],
    ["ports --destinations 0", 'Cannot use --destinations "0": it must be a whole number from 1 to 100000', "ports "],
    ["ports --connects 1e3", 'Cannot use --connects "1e3": it must be a whole number from 1 to 1000000', "ports "],
    ["ports --cursor -1", 'Cannot use --cursor "-1": it must be a whole number from 0 to 4294967295', "ports "],
    ["ports --gap 3", 'Cannot use --gap "3": it has no unit; write a time such as 250ms, 10s or 0', "ports "],
    ["ports --gap 2d", 'Cannot use --gap "2d": it is longer than 24h; write a time such as 250ms, 10s or 0', "ports "],
    ["ports --close slam", 'Cannot use "slam" as --close: choose one of "rst", "fin", "keep"', "ports "],
    ["ports --kernel 6.1 --kernel 6.2", "Cannot use --kernel 2 times: give it once", "ports "],
    ["chart", "Name the result to draw: sim chart RESULT --out chart.svg", "chart "],
    ["chart a --knid x", "Unknown option --knid; did you mean --kind?", "chart "],
    ["run a.yaml --limit 1e-4", "Cannot use --limit here: it is an option of sim chart", "run "],
    ["import a --redact-mpa b", "Unknown option --redact-mpa; did you mean --redact-map?", "import "],
    ["check a --redact", "Cannot use --redact here: it is an option of sim import", "check "],
    ["conform", "Name the folder of recorded cases: sim conform DIR", "conform "],
    ["conform a --hash 1", "Cannot use --hash here: it is an option of sim ports", "conform "],
    ["conform a --quiet=perhaps", 'Cannot use "--quiet=perhaps": --quiet takes no value', "conform "],
    ["page", "Name the file to write: sim page --out lab.html", "page "],
    ["page --out a --out b", "Cannot use --out 2 times: give it once", "page "],
    ["page lab.html", 'Unexpected word "lab.html"', "page "],
    ["init a b", 'Unexpected word "b"', "init "],
    ["completion fish", 'Cannot use "fish" as the shell: choose one of "bash", "zsh"', "completion "],
  ])("refuses %j with one clear message", (words, message, command) => {
    expect(parse(words)).toEqual({ command: "wrong", message: `sim: ${message}\nSee: sim ${command}--help` });
  });

  it("names the variable behind an unknown option", () => {
    expect(parse("run a.yaml", { SIM_OPT_JBOS: "2" })).toMatchObject({
      message:
        "sim: Unknown option --jbos (from SIM_OPT_JBOS in the environment); did you mean --jobs?\nSee: sim run --help",
    });
  });

  it("prints the version, and help with examples", () => {
    expect(parse("--version")).toEqual({ command: "print", text: "0.1.0\n" });
    const help = parse("run --help");
    expect(help).toMatchObject({
      text: expect.stringContaining("sim run scenarios/nodelocaldns.yaml --set kubeProxy"),
    });
    expect(help).toMatchObject({ text: expect.stringMatching(/--jobs .*one per core/) });
    expect(parse("--help")).toMatchObject({
      text: expect.stringMatching(/Commands:[^]*sim ports[^]*sim conform[^]*sim completion[^]*Exit codes: 0/),
    });
  });

  // The build takes that for granted (plainWidths in src/app/cli/vite.config.ts).
  it.each(["", ...COMMANDS])("writes the help of sim %s in characters one column wide", (command) => {
    expect(parse(`${command} --help`.trim())).toMatchObject({ text: expect.stringMatching(/^[ -~…\n]+$/) });
  });

  it("answers the shell's completion", () => {
    expect(parse("--get-yargs-completions sim i")).toMatchObject({ text: expect.stringContaining("init\n") });
    expect(parse("--get-yargs-completions sim c")).toMatchObject({ text: expect.stringContaining("conform\n") });
    expect(parse("--get-yargs-completions sim ports --c")).toMatchObject({
      text: expect.stringContaining("--close\n"),
    });
    expect(parse("--get-yargs-completions sim run --re")).toMatchObject({
      text: expect.stringContaining("--replications\n"),
    });
  });
});
