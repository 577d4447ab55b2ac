import { describe, expect, it } from "vitest";
import { harmlessOutput } from "../../src/app/cli/harmless_output.ts";
import { ProgressLine } from "../../src/app/cli/progress_line.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { memoryIo, memoryTerminal } from "./memory_io.ts";

describe("harmlessOutput", () => {
  it("lets no escape sequence and no turned letters through, and keeps line ends and tabs", () => {
    const terminal = memoryTerminal();
    harmlessOutput(terminal).write("sim: \u001b[2J\u009b31m\u202eb\r\u0000x\ty\n");
    expect(terminal.written).toEqual(["sim: \ufffd[2J\ufffd31m\ufffdb\ufffd\ufffdx\ty\n"]);
  });

  it("leaves a progress line the way it overwrites itself", () => {
    const terminal = memoryTerminal();
    const progress = new ProgressLine(harmlessOutput(terminal), () => 0);
    progress.showText("1/2\u001b[K of x");
    progress.clear();
    expect(terminal.written).toEqual(["\r1/2\ufffd[K of x\u001b[K", "\r\u001b[K"]);
  });

  it("stands before what every command says of a name that it was given", async () => {
    const io = memoryIo({ "a\u009b31m/manifest.json": "{" });
    await runCli(["merge", "a\u009b31m", "--out", "out"], io);
    expect(io.err()).toMatch(/^sim: Cannot read "a\ufffd31m\/manifest\.json"/);
  });
});
