import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commandLines, overrideWords, runCommandWords, shellWord } from "../../src/report/shell_command.ts";
import { failingRun } from "./run_documents.ts";

describe("shellWord", () => {
  it("leaves plain words bare", () => {
    expect(shellWord("scenarios/a.yaml")).toBe("scenarios/a.yaml");
    expect(shellWord("sysctls.net.ipv4.ip_local_reserved_ports=20000-40000,8080")).not.toContain("'");
  });

  it("is read back by a shell", () => {
    const words = [
      "",
      "a b",
      "it's",
      "$HOME",
      "`id`",
      "a\nb",
      '"',
      "~",
      "*",
      "a;b",
      "it's\u001b[31m 5 %s\\n",
      "a\u202eb",
    ];
    const output = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${words.map(shellWord).join(" ")}`]);
    expect(output.toString().split("\0").slice(0, -1)).toEqual(words);
  });
});

describe("shellWord of what drives a terminal", () => {
  it("prints none of it", () => {
    expect(shellWord("a\u001b[2Jb\u202e\u0085")).toBe(String.raw`"$(printf 'a\033[2Jb\342\200\256\302\205')"`);
  });
});

describe("overrideWords", () => {
  it("uses an option where there is one, and leaves the seed to its own place", () => {
    const overrides = { kernel: "6.1", seed: "7", "sysctls.net.ipv4.ip_local_port_range": "1024 65000" };
    expect(overrideWords(overrides)).toEqual([
      "--kernel",
      "6.1",
      "--set",
      "'sysctls.net.ipv4.ip_local_port_range=1024 65000'",
    ]);
  });
});

describe("runCommandWords", () => {
  it("names the file and the seed", () => {
    expect(runCommandWords(failingRun()).join(" ")).toBe(
      "npx --no sim run scenarios/nodelocaldns.yaml --seed nodelocaldns",
    );
  });
});

describe("commandLines", () => {
  it("keeps an option and its value on one line", () => {
    expect(commandLines(["npx", "--no", "sim", "run", "a.yaml", "--set", "kernel=6.1"], 30)).toEqual([
      "npx --no sim run a.yaml \\",
      "    --set kernel=6.1",
    ]);
  });

  it("gives lines that a shell joins to the same words", () => {
    const words = ["printf", "'%s\\n'", "one", "two", "'three four'", "five"];
    const lines = commandLines(words, 16);
    expect(lines).toEqual(["printf '%s\\n' \\", "    one two \\", "    'three four' \\", "    five"]);
    expect(execFileSync("/bin/sh", ["-c", lines.join("\n")]).toString()).toBe("one\ntwo\nthree four\nfive\n");
  });
});
