import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCommandLine } from "../../src/app/cli/command_line.ts";
import { formatDiagnostic } from "../../src/scenario/diagnostic.ts";
import { initialScenario } from "../../src/scenario/init.ts";
import { parseScenario, parseScenarioSide } from "../../src/scenario/scenario.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The words of every npm and npx command of a block, as a shell splits them; what the block writes goes to the folder. */
export function commandsOf(code: string, folder: string): string[][] {
  const noted = ["npm", "npx"].map((name) => `${name}() { { printf '%s\\0' ${name} "$@"; printf '\\n'; } >&3; }`);
  const out = execFileSync("bash", ["-euc", `exec 3>&1 >/dev/null\n${noted.join("\n")}\n${code}`], {
    cwd: folder,
    encoding: "utf8",
  });
  return out
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\0").slice(0, -1));
}

/** What is wrong with a command that a document shows; `undefined` if nothing is. */
export function problemOf(words: readonly string[]): string | undefined {
  if (words[0] === "npm") return npmProblem(words);
  const sim = words.slice(words[1] === "--no" ? 2 : 1);
  return sim[0] === "sim" ? simProblem(sim.slice(1)) : `${words.join(" ")} is not sim`;
}

function npmProblem(words: readonly string[]): string | undefined {
  const prefix = words.indexOf("--prefix");
  const folder = prefix < 0 ? "" : words[prefix + 1]!;
  const manifest: { scripts: object } = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8"));
  const asked = prefix < 0 ? words : words.toSpliced(prefix, 2);
  const script = asked[1] === "run" ? asked[2]! : asked[1]!;
  const isKnown = script === "ci" || script === "install" || Object.hasOwn(manifest.scripts, script);
  return isKnown ? undefined : `no script ${script}`;
}

/** What is wrong with the words behind `sim`, or with the scenario that they name and the settings that they give it. */
export function simProblem(words: readonly string[]): string | undefined {
  const asked = parseCommandLine(words, { environment: {}, version: "0", columns: 100 });
  switch (asked.command) {
    case "wrong":
      return asked.message;
    case "run":
    case "explain":
      return scenarioProblem(asked.options.scenario, asked.options.overrides);
    case "sweep":
      return scenarioProblem(asked.options.run.scenario, asked.options.run.overrides);
    case "diff":
      return (
        sideProblem(asked.options.scenario, asked.options.overrides, asked.options.a) ??
        sideProblem(asked.options.other ?? asked.options.scenario, asked.options.overrides, asked.options.b)
      );
    case "check":
      return asked.options.targets
        .filter((target) => target.startsWith("scenarios/"))
        .map((target) => scenarioProblem(target, []))
        .find((problem) => problem !== undefined);
    default:
      return undefined;
  }
}

/** A scenario of the project has to be there; another one is taken for one that a block has written. */
function textOf(scenario: string): string | undefined {
  if (scenario === "first.yaml") return initialScenario();
  const file = join(ROOT, scenario);
  if (!scenario.startsWith("scenarios/")) return undefined;
  if (!existsSync(file)) throw new Error(`there is no ${scenario}`);
  return readFileSync(file, "utf8");
}

function scenarioProblem(scenario: string, overrides: readonly string[]): string | undefined {
  const text = textOf(scenario);
  if (text === undefined) return undefined;
  const parsed = parseScenario(text, scenario, overrides);
  return parsed.ok ? undefined : parsed.diagnostics.map(formatDiagnostic).join("\n");
}

function sideProblem(scenario: string, overrides: readonly string[], settings: readonly string[]): string | undefined {
  const text = textOf(scenario);
  if (text === undefined) return undefined;
  const parsed = parseScenarioSide(text, scenario, overrides, { option: "--b", settings });
  return parsed.ok ? undefined : parsed.diagnostics.map(formatDiagnostic).join("\n");
}
