import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMoment, replayLine } from "../../src/app/cli/replay_line.ts";
import { readDuration } from "../../src/scenario/values.ts";

describe("replayLine", () => {
  const run = { file: "a.yaml", seed: "42", overrides: {}, replication: 7, at: 12_345_678 };

  it("names all that the failure depends on", () => {
    expect(replayLine(run)).toBe("replay: npx --no sim run a.yaml --seed 42 --replication 7 --until 12.345678s");
    expect(replayLine({ ...run, overrides: { seed: "42", kernel: "6.1", a: "1 2" } })).toBe(
      "replay: npx --no sim run a.yaml --seed 42 --kernel 6.1 --set 'a=1 2' --replication 7 --until 12.345678s",
    );
  });

  it("leaves out the place where none is known", () => {
    expect(replayLine({ ...run, replication: undefined })).toBe("replay: npx --no sim run a.yaml --seed 42");
  });
});

describe("formatMoment", () => {
  it("gives back the same microsecond when --until reads it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_650 * 86_400_000_000 }), (at) => {
        expect(readDuration(formatMoment(at))).toEqual({ ok: true, value: at });
      }),
    );
  });
});
