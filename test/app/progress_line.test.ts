import { describe, expect, it } from "vitest";
import { ProgressLine, progressText } from "../../src/app/cli/progress_line.ts";
import { seconds } from "../../src/units.ts";
import { memoryTerminal } from "./memory_io.ts";

const HALFWAY = {
  finishedReplications: 3,
  replications: 8,
  simulated: seconds(345_600),
  total: seconds(691_200),
  failed: 1_072,
};

describe("progressText", () => {
  it("says how far the run is, what failed and how long it will take", () => {
    expect(progressText(HALFWAY, 12)).toBe(
      "3/8 replications, 4 days of 8 days simulated, 1,072 probes failed, about 12 seconds left",
    );
  });

  it.each([
    [79, "3/8 replications, 4 days of 8 days, 1,072 failed, about 12 seconds left"],
    [60, "3/8 replications, 1,072 failed, about 12 seconds left"],
    [40, "3/8 replications, about 12 seconds left"],
    [20, "3/8 replications"],
  ])("says less in %i columns, and never half a word", (room, text) => {
    expect(progressText(HALFWAY, 12, room)).toBe(text);
  });

  it("does not guess before anything is simulated", () => {
    expect(progressText({ ...HALFWAY, simulated: 0 }, 1)).toBe(
      "3/8 replications, 0 seconds of 8 days simulated, 1,072 probes failed",
    );
  });
});

describe("ProgressLine", () => {
  it("overwrites itself at most ten times a second and removes itself", () => {
    const terminal = memoryTerminal();
    let now = 0;
    const line = new ProgressLine(terminal, () => now);
    for (now = 0; now <= 250; now += 50) line.show(HALFWAY);
    line.clear();
    expect(terminal.written).toHaveLength(4);
    expect(terminal.written[0]).toBe(`\r${progressText(HALFWAY, 0)}\u001b[K`);
    expect(terminal.written.at(-1)).toBe("\r\u001b[K");
  });

  it("never fills the last column", () => {
    const terminal = { ...memoryTerminal(), columns: 10 };
    new ProgressLine(terminal, () => 0).show(HALFWAY);
    expect(terminal.written[0]).toBe("\r3/8 repli\u001b[K");
  });

  it("leaves a terminal alone on which it never drew", () => {
    const terminal = memoryTerminal();
    new ProgressLine(terminal, () => 0).clear();
    expect(terminal.written).toEqual([]);
  });
});
