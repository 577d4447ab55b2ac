import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseCommandLine } from "../../src/app/cli/command_line.ts";

// Goal: what other repositories use of this one calls a command that exists.

const CONTEXT = { environment: {}, version: "0", columns: 100 };

function commandsOf(script: string): string[][] {
  return script
    .split("\n")
    .filter((line) => line.startsWith("sim "))
    .map((line) => {
      const words = line
        .replace(/\s*>.*$/, "")
        .replaceAll("$TARGETS", "a.conf")
        .replaceAll("$OPTIONS", "--kernel 6.1");
      return words.replaceAll('"$FAIL_ON"', "error").split(/\s+/).slice(1);
    });
}

describe("The workflow for other repositories", () => {
  const workflow: {
    on: { workflow_call: { inputs: Record<string, unknown> } };
    jobs: { check: { env: Record<string, string>; steps: { run?: string }[] } };
  } = parse(readFileSync(".github/workflows/sim-check.yaml", "utf8"));

  it("runs sim check with options that it knows", () => {
    const commands = workflow.jobs.check.steps.flatMap(({ run }) => commandsOf(run ?? ""));
    expect(commands).toHaveLength(2);
    expect(commands.map((words) => parseCommandLine(words, CONTEXT).command)).toEqual(["check", "check"]);
  });

  it("uses each of its inputs, and none in a script but through the environment", () => {
    const named = Object.keys(workflow.on.workflow_call.inputs).map((name) => `\${{ inputs.${name} }}`);
    expect(Object.values(workflow.jobs.check.env).toSorted()).toEqual(named.toSorted());
    expect(workflow.jobs.check.steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });
});

describe("The hook for pre-commit", () => {
  const [hook]: { entry: string; files: string }[] = parse(readFileSync(".pre-commit-hooks.yaml", "utf8"));

  it("calls sim check with the files that it is given", () => {
    const words = [...(hook?.entry ?? "").split(" ").slice(1), "--kernel", "6.1", "a.conf"];
    expect(parseCommandLine(words, CONTEXT).command).toBe("check");
  });

  it("takes files of sysctls and no others", () => {
    const pattern = new RegExp(hook?.files ?? "");
    const paths = [
      "etc/sysctl.d/99-k8s.conf",
      "sysctl.conf",
      "a/sysctl.d/b/c.conf",
      "nginx.conf",
      "sysctl.d/readme.md",
    ];
    expect(paths.filter((path) => pattern.test(path))).toEqual(["etc/sysctl.d/99-k8s.conf", "sysctl.conf"]);
  });
});
