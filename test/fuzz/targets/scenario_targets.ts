import * as fc from "fast-check";
import { formatDiagnostic, type Diagnostic } from "../../../src/scenario/diagnostic.ts";
import { parseScenario, parseScenarioSide } from "../../../src/scenario/scenario.ts";
import { scenarioAsRun } from "../../../src/scenario/scenario_as_run.ts";
import { readFactor } from "../../../src/study/factor.ts";
import { planSweep } from "../../../src/study/sweep_plan.ts";
import { SMALL_SCENARIO } from "../../scenario/small_scenario.ts";
import { textsBelow } from "../corpus.ts";
import { must, type FuzzTarget, type FuzzVerdict } from "../fuzz_target.ts";
import { hostilePiece } from "../hostile_values.ts";
import { mutatedText } from "../mutate_text.ts";
import { scenarioText } from "../valid_scenario.ts";

const SCENARIOS = [...textsBelow("scenarios/", /\.yaml$/).values(), SMALL_SCENARIO];

/** Diagnostics that people can use: each has a place and a message, and nothing in them drives a terminal. */
export function checkDiagnostics(diagnostics: readonly Diagnostic[]): "refused" {
  must(diagnostics.length > 0, "What is refused has a diagnostic");
  for (const diagnostic of diagnostics.slice(0, 50)) {
    const { file, line, column, message, length } = diagnostic;
    must(file !== "" && message !== "", "A diagnostic names a file and says what is wrong");
    must(Number.isSafeInteger(line) && line >= 1, `A line is a number from 1: ${line}`);
    must(Number.isSafeInteger(column) && column >= 1, `A column is a number from 1: ${column}`);
    must(Number.isSafeInteger(length) && length >= 0, `A length is a number from 0: ${length}`);
    const text = formatDiagnostic(diagnostic);
    must(text.length < 20_000, `A diagnostic is readable: it has ${text.length} characters`);
    must(!/[\p{Cc}\u2028\u2029]/u.test(text.replace(/[\n\t]/g, "")), "A diagnostic has no control characters");
  }
  return "refused";
}

/** A sentence about what is wrong. */
export function checkSentence(sentence: string): "refused" {
  must(sentence !== "", "What is refused says why");
  return "refused";
}

/** Whole scenarios: the shipped ones and random ones, changed. */
export const SCENARIO: FuzzTarget = {
  name: "scenario",
  inputs: fc
    .oneof(
      { weight: 4, arbitrary: mutatedText(SCENARIOS) },
      { weight: 4, arbitrary: scenarioText.chain((text) => mutatedText([text, SMALL_SCENARIO])) },
      { weight: 1, arbitrary: fc.array(hostilePiece, { maxLength: 40 }).map((pieces) => pieces.join("")) },
    )
    .map((text) => [text]),
  judge: ([text = ""]) => {
    const parsed = parseScenario(text, "s.yaml", []);
    if (!parsed.ok) return checkDiagnostics(parsed.diagnostics);
    for (const warning of parsed.warnings) formatDiagnostic(warning);
    must(parsed.scenario.duration > 0, "A scenario that is right has a duration");
    const asRun = scenarioAsRun(text, ["seed=x"]);
    must(parseScenario(asRun, "as-run.yaml", []).ok, "A scenario as run is right too");
    return "accepted";
  },
  budgetMs: 2000,
  shortRuns: 20,
};

const PATHS = [
  "kernel",
  "kernel.build",
  "kernel.hz",
  "duration",
  "replications",
  "seed",
  "node.podNetwork",
  "node.interfaces.eth0.addresses",
  "sysctls.net.ipv4.ip_local_port_range",
  "sysctls.__proto__",
  "portRange.low",
  "portRange.width",
  "kubeProxy.version",
  "kubeProxy.nodePortRange",
  "services",
  "services.default/web.ports",
  "pods.default/web.replicas",
  "churn",
  "nodeLocalDns",
  "constructor.prototype",
  "__proto__.polluted",
  "expect",
  "variants.after.kernel",
] as const;

const setting = fc
  .tuple(
    fc.oneof(fc.constantFrom(...PATHS), hostilePiece),
    fc.array(fc.oneof(hostilePiece, fc.constantFrom("6.1", "1024 65000", "20s", "[1, 2]", "{ a: 1 }", "off")), {
      maxLength: 3,
    }),
  )
  .map(([path, values]) => `${path}=${values.join("")}`);

/** Settings that are right by themselves. */
const RIGHT = [
  "kernel=6.1",
  "kernel=5.10",
  "duration=1h",
  "replications=3",
  "seed=",
  "sysctls.net.ipv4.ip_local_port_range=1024 65000",
  "sysctls.net.ipv4.ip_local_reserved_ports=30000-32767",
  "kubeProxy.version=1.18.20",
  "kubeProxy={ version: 1.23.10, mode: iptables }",
  "nodeLocalDns=off",
  "portRange.low=2000",
  "portRange.width=100",
  "churn=[]",
] as const;

/** `--set` and the sides of `sim diff`: paths and values on the small scenario. */
export const OVERRIDE: FuzzTarget = {
  name: "override",
  inputs: fc.array(
    fc.oneof(
      { weight: 2, arbitrary: setting },
      { weight: 8, arbitrary: fc.constantFrom(...RIGHT) },
      { weight: 2, arbitrary: mutatedText(RIGHT, 2) },
      hostilePiece,
    ),
    { minLength: 1, maxLength: 4 },
  ),
  judge: (settings) => {
    const side = parseScenarioSide(SMALL_SCENARIO, "s.yaml", [], { option: "--a", settings });
    const parsed = parseScenario(SMALL_SCENARIO, "s.yaml", settings);
    if (!side.ok) checkDiagnostics(side.diagnostics);
    if (!parsed.ok) return checkDiagnostics(parsed.diagnostics);
    const asRun = scenarioAsRun(SMALL_SCENARIO, settings);
    must(parseScenario(asRun, "as-run.yaml", []).ok, "A scenario as run is right too");
    return "accepted";
  },
  budgetMs: 1000,
  shortRuns: 20,
};

const values = fc
  .array(fc.oneof(hostilePiece, fc.constantFrom("1024", "..", "/5", "6.1", "1/s", '"a,b"', "10")), { maxLength: 6 })
  .chain((parts) => fc.constantFrom("", ",", "..", "/").map((between) => parts.join(between)));

/** Factors that are right by themselves. */
const RIGHT_FACTORS = [
  "kernel=5.4.188,6.1",
  "portRange.low=1024..32768/5",
  "portRange.width=10..60000",
  "kubeProxy.version=1.18.20,1.23.10",
  'sysctls.net.ipv4.ip_local_reserved_ports="30000-32767,8080",""',
  "seed=a,b,c",
] as const;

/** `--vary`: factors, and the plan of a sweep over those that are right. */
export const VARY: FuzzTarget = {
  name: "vary",
  inputs: fc.tuple(
    fc.oneof(
      fc.tuple(fc.oneof(fc.constantFrom(...PATHS), hostilePiece), values).map(([path, text]) => `${path}=${text}`),
      fc.constantFrom(...RIGHT_FACTORS),
      mutatedText(RIGHT_FACTORS, 2),
    ),
    fc.constantFrom("grid", "sobol", "latin-hypercube"),
  ),
  judge: ([text = "", design]): FuzzVerdict => {
    const factor = readFactor(text);
    if (typeof factor === "string") return checkSentence(factor);
    if (factor.kind === "values" && factor.values.length > 20) return "accepted";
    const planned = planSweep({
      text: SMALL_SCENARIO,
      file: "s.yaml",
      overrides: [],
      factors: [factor],
      design: design === "sobol" || design === "latin-hypercube" ? design : "grid",
      points: design === "grid" ? undefined : 3,
      settings: {},
      engine: { version: "0", build: "x" },
      digest: (part) => `d${part.length}`,
    });
    if (planned.ok) return "accepted";
    return "why" in planned ? checkSentence(planned.why) : checkDiagnostics(planned.diagnostics);
  },
  budgetMs: 3000,
  shortRuns: 15,
};
