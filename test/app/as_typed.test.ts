import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { SMALL_SCENARIO } from "../scenario/small_scenario.ts";
import { memoryIo } from "./memory_io.ts";

/** Where the problems of a command line stand, and the lines that are shown. */
async function shown(...words: string[]): Promise<readonly string[]> {
  const io = memoryIo({ "s.yaml": SMALL_SCENARIO });
  expect(await runCli(words, io)).toBe(2);
  return io
    .err()
    .split("\n")
    .filter((line) => /^--|^ {2}1 \|/.test(line))
    .map((line) => line.replace(/: Cannot.*/, ""));
}

describe("A wrong value of an option that stands for a key", () => {
  it.each([["run"], ["sweep", "--vary", "kubeProxy.version=1.23.7,1.23.10"], ["explain"]])(
    "stands at the option in sim %s, and one of --set at --set",
    async (command, ...more) => {
      const words = [command, "s.yaml", ...more, "--kernel", "9.9", "--set", "duration=5x"];
      expect((await shown(...words)).toSorted()).toEqual(
        ["--kernel:1:1", "  1 | 9.9", "--set:1:10", "  1 | duration=5x"].toSorted(),
      );
    },
  );

  it("stands at the option in sim diff, once for both sides", async () => {
    const words = ["diff", "s.yaml", "--a", "kernel=6.1", "--b", "kernel=5.4.188", "--duration", "5x"];
    expect(await shown(...words)).toEqual(["--duration:1:1", "  1 | 5x"]);
  });
});
