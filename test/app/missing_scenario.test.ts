import { describe, expect, it } from "vitest";
import { missingScenario } from "../../src/app/cli/missing_scenario.ts";
import { memoryIo } from "./memory_io.ts";

describe("missingScenario", () => {
  const io = memoryIo({
    "node.yaml": "",
    "my node.yaml": "",
    "scenarios/nodelocaldns.yaml": "",
    "night/scenario.yaml": "",
  });

  it.each([
    ["node", "write node.yaml"],
    ["my node", "write 'my node.yaml'"],
    ["nodelocaldns", "write scenarios/nodelocaldns.yaml"],
    ["nodelocaldns.yaml", "write scenarios/nodelocaldns.yaml"],
    ["night/", "write night/scenario.yaml"],
    ["gone", "correct the path, or write a first scenario with `sim init`"],
  ])("names the file that was meant by %s, if there is one", async (path, toMend) => {
    expect(await missingScenario(path, "there is no such file", io)).toMatchObject({ file: path, toMend });
  });
});
