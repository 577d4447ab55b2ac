import * as fc from "fast-check";
import { parseCommandLine } from "../../../src/app/cli/command_line.ts";
import { COMMANDS } from "../../../src/app/cli/asked_command.ts";
import { runCli } from "../../../src/app/cli/run_cli.ts";
import { settingsOf } from "../../../src/app/web/share_link.ts";
import { parseScenario } from "../../../src/scenario/scenario.ts";
import { overridesOf } from "../../../src/app/web/page_settings.ts";
import { memoryIo } from "../../app/memory_io.ts";
import { SMALL_SCENARIO } from "../../scenario/small_scenario.ts";
import { textOf } from "../corpus.ts";
import { must, type FuzzTarget, type FuzzVerdict } from "../fuzz_target.ts";
import { hostilePiece } from "../hostile_values.ts";
import { mutatedJson } from "../mutate_json.ts";
import { mutatedText } from "../mutate_text.ts";
import { SWEEP_FILES } from "./result_targets.ts";
import { checkDiagnostics, checkSentence } from "./scenario_targets.ts";

const OPTIONS = [
  "--set",
  "--vary",
  "--seed",
  "--replications",
  "--duration",
  "--kernel",
  "--precision",
  "--jobs",
  "--out",
  "--format",
  "--quiet",
  "--shard",
  "--resume",
  "--a",
  "--b",
  "--until",
  "--replication",
  "--points",
  "--design",
  "--range",
  "--connects",
  "--reserved",
  "--gap",
  "--warm-up",
  "--budget",
  "--limit",
  "--kind",
  "--node-ports",
  "--help",
  "-h",
  "--",
] as const;

const word = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...COMMANDS) },
  { weight: 4, arbitrary: fc.constantFrom(...OPTIONS) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("s.yaml", "json", "10%", "1/3", "kernel=6.1", "kernel=5.4,6.1", "32768 60999", "1s"),
  },
  { weight: 2, arbitrary: hostilePiece },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...OPTIONS), hostilePiece).map(([name, value]) => `${name}=${value}`),
  },
);

/** The words after `sim`, and the variables that stand for options. */
export const COMMAND_LINE: FuzzTarget = {
  name: "command-line",
  inputs: fc.oneof(
    fc.array(word, { maxLength: 8 }),
    fc
      .tuple(fc.constantFrom(...COMMANDS), fc.array(word, { maxLength: 8 }))
      .map(([command, words]) => [command, ...words]),
  ),
  judge: (words) => {
    const environment = { [`SIM_OPT_${words[1] ?? "JOBS"}`]: words[2], SIM_OPT_JOBS: words[0] };
    const asked = parseCommandLine(words, {
      environment: words.length > 5 ? environment : {},
      version: "0",
      columns: 100,
    });
    return asked.command === "wrong" ? checkSentence(asked.message) : "accepted";
  },
  budgetMs: 2000,
  shortRuns: 10,
};

const changedFile = fc
  .constantFrom(...SWEEP_FILES, [
    "shard.json",
    { format: "sweep-shard/1", sweep: "sha256:0123456789abcdef", index: 1, count: 2 },
  ] as const)
  .chain(([path, value]) =>
    fc
      .oneof({ weight: 4, arbitrary: mutatedJson([value], 2) }, mutatedText([JSON.stringify(value)], 2))
      .map((text) => [path, text] as const),
  );

/** Folders of sweeps, as `sim merge` joins them: nothing is written outside the folder of `--out`. */
export const MERGE: FuzzTarget = {
  name: "merge",
  inputs: fc.array(changedFile, { minLength: 1, maxLength: 2 }).map((files) => files.flat()),
  judge: async (parts) => {
    const files: Record<string, string> = Object.fromEntries(
      SWEEP_FILES.map(([path, value]) => [`in/${path}`, JSON.stringify(value)]),
    );
    parts.forEach((text, index) => {
      if (index % 2 === 1) files[`in/${parts[index - 1] ?? ""}`] = text;
    });
    return judgeCommand(["merge", "in", "--out", "out"], files, ["out/"]);
  },
  budgetMs: 3000,
  shortRuns: 12,
};

/** Runs a command on files in memory; what it writes stays where it belongs, and what goes wrong is said. */
async function judgeCommand(
  words: readonly string[],
  files: Readonly<Record<string, string>>,
  folders: readonly string[],
): Promise<FuzzVerdict> {
  const io = memoryIo(files);
  const code = await runCli(words, io);
  must(code !== 3, `No input is an internal error: ${io.err().slice(0, 600)}`);
  for (const path of io.files.keys()) {
    const isInside = folders.some((folder) => path.startsWith(folder)) && !path.split(/[/\\]/).includes("..");
    must(path in files || isInside, `A file is written below ${folders.join(", ")} only: ${JSON.stringify(path)}`);
  }
  must(
    code === 0 || code === 1 || (code === 2 && io.err() !== ""),
    `The exit code is 0, 1, or 2 with a reason: ${code}`,
  );
  must(!/[\p{Cc}\u2028\u2029]/u.test(io.err().replace(/[\n\t]/g, "")), "stderr has no control characters");
  return code === 2 ? "refused" : "accepted";
}

const SHIPPED = new Map([["scenarios/nodelocaldns.yaml", SMALL_SCENARIO]]);

/** The fragment of a page's address. */
export const LINK: FuzzTarget = {
  name: "link",
  inputs: mutatedText(
    [
      "#scenario=nodelocaldns&set=kernel%3D6.1&set=portRange.low%3D1024&nodePorts=listed%3A30080-30090&portfall=0.1.0",
      "#text=S0zKLy1RsOJSULDMsyzOzM9TsOUCAA&set=seed%3Dx&nodePorts=random%3A20&portfall=0.1.0",
    ],
    6,
  ).map((text) => [text]),
  judge: async ([text = ""]) => {
    const shared = await settingsOf(text, SHIPPED);
    if (shared === undefined) return "refused";
    if (typeof shared === "string") return checkSentence(shared);
    const parsed = parseScenario(shared.settings.text, shared.settings.file, overridesOf(shared.settings.values));
    return parsed.ok ? "accepted" : checkDiagnostics(parsed.diagnostics);
  },
  budgetMs: 2000,
  shortRuns: 30,
};

/** Files in folders, by the names that strangers give them: `sim check`, `sim import` and `sim conform`. */
export const FOLDER: FuzzTarget = {
  name: "folder",
  inputs: fc.tuple(
    fc.constantFrom("check", "import", "conform", "report"),
    fc.oneof(
      hostilePiece,
      fc.constantFrom("99.conf", "x.json", "ss.txt", "uname-r", "result.json", "a/b.conf", "s.yaml"),
    ),
    fc.oneof(
      mutatedText([
        textOf("test/import/incident_000/uname-r.txt"),
        "net.ipv4.ip_local_port_range = 1024 65000\n",
        SMALL_SCENARIO,
        "{}",
      ]),
      hostilePiece,
    ),
  ),
  judge: async ([command = "check", name = "", text = ""]) =>
    judgeCommand([command, "in"], { [`in/${name}`]: text, "in/1.conf": "net.ipv4.ip_forward = 1\n" }, []),
  budgetMs: 5000,
  shortRuns: 8,
};
