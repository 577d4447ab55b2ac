import { SMALL_SCENARIO } from "../scenario/small_scenario.ts";
import { recordingText } from "../conform/recordings.ts";
import { failingRun } from "../report/run_documents.ts";
import { many, SCENARIO_LIMITS } from "./scenario_limits.ts";

/** A command that reaches a limit of `src/docs/limits.md`, and what it says. */
export interface LimitCase {
  /** The row of the document. */
  readonly row: string;
  readonly words: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** The first line on stderr. */
  readonly said: string;
  /** The line that says what was expected, where there is one. */
  readonly expected?: string;
}

const CASE = recordingText("6.1/C02.json");
const CASES = "recorded cases (`sim conform`)";
const ACTION = "one action of a case";

/** A recorded case with its first action so many times, changed. */
function caseWith(count: number, change: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  const json: { actions: readonly object[] } = JSON.parse(CASE);
  const actions = Array.from({ length: count }, () => Object.assign({}, json.actions[0], change));
  return { "in/C02.json": JSON.stringify({ ...json, actions }, null, 1) };
}

const RECORDING = "what a case has recorded";
const SNAPSHOT = { at_ms: 0, end_ms: 1, ss: {} };

/** A recorded case that has observed something else. */
function caseObserving(observed: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const json: { observed: object } = JSON.parse(CASE);
  return { "in/C02.json": JSON.stringify({ ...json, observed: { ...json.observed, ...observed } }, null, 1) };
}

const JSONS = "any JSON but recorded cases";
const SYSCTLS = "sysctl files, `sysctl -a` (`sim check`)";
const CONFIGS = "configurations of kubelet and kube-proxy";
const CONFIG = "kind: KubeProxyConfiguration\n";
const SWEEPS = "values of `--vary`, points of a sweep";
const PORTS = "connects and destinations of `sim ports`";
const SWEEP = ["sweep", "s.yaml", "--vary"];
const SCENARIO = { "s.yaml": SMALL_SCENARIO };

/** The limits of all other files, and of options. */
const OTHERS: readonly LimitCase[] = [
  {
    row: JSONS,
    words: ["report", "in/result.json", "--out", "o.html"],
    files: { "in/result.json": `{"format":"run/1","a":${"[".repeat(200)}` },
    said: "in/result.json:1:222: Cannot read the result: it is nested more than 200 levels deep",
    expected: "a file that portfall wrote",
  },
  {
    row: JSONS,
    words: ["merge", "in", "--out", "o"],
    files: { "in/manifest.json": "[".repeat(201) },
    said: 'sim: Cannot read "in/manifest.json": it is nested more than 200 levels deep',
  },
  {
    row: JSONS,
    words: ["import", "in"],
    files: { "in/kubectl.json": "[".repeat(201) },
    said: "in/kubectl.json:1:201: Cannot read this as JSON: it is nested more than 200 levels deep",
    expected: "what kubectl prints with -o json",
  },
  {
    row: SYSCTLS,
    words: ["check", "a.conf"],
    files: { "a.conf": "#".repeat(16 * 1024 * 1024 + 1) },
    said: "a.conf:1:1: Cannot check it: it has 16777217 characters",
    expected: "at most 16777216 characters",
  },
  {
    row: SYSCTLS,
    words: ["check", "a.conf"],
    files: { "a.conf": "\n".repeat(200_000) },
    said: "a.conf:1:1: Cannot check it: it has 200001 lines",
    expected: "at most 200000 lines",
  },
  {
    row: SYSCTLS,
    words: ["check", "a.conf"],
    files: { "a.conf": "net.ipv4.*=1\n".repeat(1001) },
    said: "a.conf:1:1: Cannot check it: it has 1001 lines with *, ? or [",
    expected: "at most 1000 of them",
  },
  {
    row: SYSCTLS,
    words: ["check", "a.conf"],
    files: { "a.conf": "# sim-check: x\n".repeat(1001) },
    said: "a.conf:1:1: Cannot check it: it has 1001 suppressions",
    expected: "at most 1000 of them",
  },
  {
    row: "a folder of exports (`sim import`)",
    words: ["import", "in"],
    files: Object.fromEntries(many(1001, (index) => `in/${index}.txt`).map((name) => [name, ""])),
    said: "in:1:1: Cannot read 1,001 files: the most is 1,000",
  },
  {
    row: "lines of `ss`, `conntrack`, `ipvsadm` and others",
    words: ["import", "in"],
    files: { "in/ss-tan.txt": `State Recv-Q Send-Q Local Address:Port Peer Address:Port\n${"E".repeat(262_145)}\n` },
    said: "in/ss-tan.txt:2:1: Cannot read a line of 262145 characters",
    expected: "at most 262144 characters",
  },
  {
    row: CONFIGS,
    words: ["import", "in"],
    files: { "in/kube-proxy.yaml": `${CONFIG}${`#${"x".repeat(262_142)}\n`.repeat(16)}` },
    said: "in/kube-proxy.yaml:1:1: Cannot read a configuration of 4194333 characters",
    expected: "at most 4194304 characters",
  },
  {
    row: CONFIGS,
    words: ["import", "in"],
    files: { "in/kube-proxy.yaml": `${CONFIG}---\n`.repeat(101) },
    said: "in/kube-proxy.yaml:200:1: Cannot read a configuration of more than 100 documents",
    expected: "at most 100 documents",
  },
  {
    row: CONFIGS,
    words: ["import", "in"],
    files: {
      "in/kubectl.json": JSON.stringify({ kind: "ConfigMap", data: { "config.conf": `${CONFIG}---\n`.repeat(101) } }),
    },
    said: 'in/kubectl.json:1:1: data["config.conf"]: Cannot read a configuration of more than 100 documents',
  },
  {
    row: CONFIGS,
    words: ["import", "in"],
    files: { "in/kube-proxy.yaml": `${CONFIG}a: ${"[".repeat(201)}` },
    said: "in/kube-proxy.yaml:2:204: Cannot read this as YAML: it is nested more than 200 levels deep",
  },
  {
    row: CONFIGS,
    words: ["import", "in"],
    files: { "in/kube-proxy.yaml": `${CONFIG}a: &a [x]\nb: [${many(101, () => "*a").join(", ")}]\n` },
    said: "in/kube-proxy.yaml:1:1: Cannot read this as YAML: its aliases stand for more than 100 copies",
  },
  {
    row: CASES,
    words: ["conform", "in"],
    files: { "in/C02.json": `${CASE}${" ".repeat(4 * 1024 * 1024 + 1 - CASE.length)}` },
    said: "in/C02.json:1:1: Cannot read the case: it has 4194305 characters, and 4194304 are the most",
  },
  {
    row: CASES,
    words: ["conform", "in"],
    files: caseWith(10_001, {}),
    said: "in/C02.json:338:13: Cannot read the case at actions: Too big: expected array to have <=10000 items",
  },
  {
    row: CASES,
    words: ["conform", "in"],
    files: caseWith(11, { count: 100_000 }),
    said: "in/C02.json:479:3: Cannot read the case at actions[10]: makes more than 1000000 connections in all",
  },
  {
    row: ACTION,
    words: ["conform", "in"],
    files: caseWith(1, { count: 100_001 }),
    said: "in/C02.json:351:13: Cannot read the case at actions[0].count: Too big: expected number to be <=100000",
  },
  {
    row: ACTION,
    words: ["conform", "in"],
    files: caseWith(1, { timeout_ms: 1_000_000_001 }),
    said: "in/C02.json:347:18: Cannot read the case at actions[0].timeout_ms: Too big: expected number to be <=1000000000",
  },
  {
    row: ACTION,
    words: ["conform", "in"],
    files: caseWith(1, { request_bytes: 100_000_001 }),
    said: "in/C02.json:349:21: Cannot read the case at actions[0].request_bytes: Too big: expected number to be <=100000000",
  },
  {
    row: RECORDING,
    words: ["conform", "in"],
    files: caseObserving({ capture_ms: [0, 7_200_001] }),
    said: "in/C02.json:365:4: Cannot read the case at observed.capture_ms[1]: Too big: expected number to be <=7200000",
  },
  {
    row: RECORDING,
    words: ["conform", "in"],
    files: caseObserving({ snapshots: Array.from({ length: 101 }, () => SNAPSHOT) }),
    said: "in/C02.json:733:16: Cannot read the case at observed.snapshots: Too big: expected array to have <=100 items",
  },
  {
    row: RECORDING,
    words: ["conform", "in"],
    files: caseObserving({ snapshots: [{ ...SNAPSHOT, end_ms: 60_001 }] }),
    said: "in/C02.json:734:4: Cannot read the case at observed.snapshots[0]: ends before it begins, or more than 60000 ms later",
  },
  {
    row: "a text of a result",
    words: ["report", "in/result.json", "--out", "o.html"],
    files: {
      "in/result.json": JSON.stringify({
        ...failingRun(),
        settings: { ...failingRun().settings, seed: "x".repeat(4 * 1024 * 1024 + 1) },
      }),
    },
    said: "in/result.json:1:201: Cannot read the result at settings.seed: Too big: expected string to have <=4194304 characters",
    expected: "the fields of run/1 as this version of portfall writes them",
  },
  {
    row: SWEEPS,
    words: [...SWEEP, `seed=${many(10_001, (index) => `${index}`).join(",")}`],
    files: SCENARIO,
    said: 'sim: Cannot vary "seed" by 10001 values: 10000 at most',
  },
  {
    row: SWEEPS,
    words: [...SWEEP, "portRange.low=1024..32768/10001"],
    files: SCENARIO,
    said: 'sim: Cannot vary "portRange.low" in 10001 steps: both ends are steps, so it takes 2 to 10000',
  },
  {
    row: SWEEPS,
    words: [...SWEEP, "portRange.low=1024..32768/101", "--vary", `seed=${many(100, (index) => `${index}`).join(",")}`],
    files: SCENARIO,
    said: "sim: Cannot sweep more than 10000 points: use fewer values, or --design sobol --points N",
  },
  {
    row: SWEEPS,
    words: [...SWEEP, "portRange.low=1024..32768", "--design", "sobol", "--points", "10001"],
    files: SCENARIO,
    said: 'sim: Cannot use --points "10001": it must be a whole number from 1 to 10000',
  },
  {
    row: "shards of a sweep",
    words: [...SWEEP, "seed=1,2", "--shard", "1/10001", "--out", "o"],
    files: SCENARIO,
    said: "sim: Cannot use --shard 1/10001: shards are numbered from 1/N to N/N, and N is at most 10000",
  },
  {
    row: PORTS,
    words: ["ports", "--connects", "1000001"],
    files: {},
    said: 'sim: Cannot use --connects "1000001": it must be a whole number from 1 to 1000000',
  },
  {
    row: PORTS,
    words: ["ports", "--destinations", "100001"],
    files: {},
    said: 'sim: Cannot use --destinations "100001": it must be a whole number from 1 to 100000',
  },
];

/** All limits that a command can reach with files of a few megabytes. */
export const LIMIT_CASES: readonly LimitCase[] = [
  ...SCENARIO_LIMITS.map(([row, text, said, expected]) => ({
    row,
    words: ["run", "s.yaml"],
    files: { "s.yaml": text },
    said: `s.yaml:${said}`,
    ...(expected === undefined ? {} : { expected }),
  })),
  {
    row: "`replications`",
    words: ["run", "s.yaml", "--replications", "100001"],
    files: SCENARIO,
    said: 'sim: Cannot use --replications "100001": it must be a whole number from 1 to 100000',
  },
  ...OTHERS,
];
