import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { completionScript } from "../../src/app/cli/completion_script.ts";

/** What bash offers for the words, with a `sim` that answers each request with the same words. */
function offers(words: readonly string[], answers: string): string[] {
  const script = [
    `sim() { printf '%s\\n' ${answers}; }`,
    completionScript("bash"),
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
    `COMP_CWORD=${words.length - 1}`,
    "_sim",
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join("\n");
  return execFileSync("bash", ["-c", script]).toString().split("\n").filter(Boolean);
}

describe("completionScript", () => {
  it("makes bash offer what sim answers and the word begins", () => {
    expect(offers(["sim", ""], "run init schema")).toEqual(["run", "init", "schema"]);
    expect(offers(["sim", "i"], "run init schema")).toEqual(["init"]);
    expect(offers(["sim", "run", "a.yaml", "--s"], "--set --seed --jobs")).toEqual(["--set", "--seed"]);
    expect(offers(["sim", "run", "--format", ""], "text json")).toEqual(["text", "json"]);
  });

  it("leaves files to bash", () => {
    expect(offers(["sim", "run", "scen"], "--set --seed")).toEqual([]);
  });

  it("registers itself with zsh", () => {
    expect(completionScript("zsh")).toMatch(/^#compdef sim\n[^]*compdef _sim sim\n$/);
  });
});
