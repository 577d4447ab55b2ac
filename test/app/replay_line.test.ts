import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMoment, placeLine, replayLine } from "../../src/app/cli/replay_line.ts";
import { readDuration } from "../../src/scenario/values.ts";

describe("replayLine", () => {
  const run = { file: "a.yaml", seed: "42", overrides: {}, replication: 7, at: 12_345_678 };

  it("names all that the failure depends on", () => {
    expect(replayLine(run)).toBe("replay: npx --no sim run a.yaml --seed 42 --replication 7 --until 12.345678s");
    expect(replayLine({ ...run, overrides: { seed: "42", kernel: "6.1", a: "1 2" } })).toBe(
      "replay: npx --no sim run a.yaml --seed 42 --kernel 6.1 --set 'a=1 2' --replication 7 --until 12.345678s",
    );
  });

  it("leaves out a warm-up that was not over, and asks for closer checks where they are wanted", () => {
    expect(replayLine({ ...run, warmUp: 12_345_678 })).toMatch(/ --until 12\.345678s$/);
    expect(replayLine({ ...run, warmUp: 12_000_000 })).toMatch(/ --until 12\.345678s --warm-up 12\.000000s$/);
    expect(replayLine({ ...run, isParanoid: true })).toMatch(/ --until 12\.345678s --paranoid$/);
  });

  it("leaves out the place where none is known", () => {
    expect(replayLine({ ...run, replication: undefined })).toBe("replay: npx --no sim run a.yaml --seed 42");
  });
});

describe("placeLine", () => {
  const place = { replication: 7, at: 12_345_678, event: 1_234_567 };

  it("names scenario, seed, replication, moment and event", () => {
    const handler = { handler: 'pod/"a"', argument: -1 };
    expect(placeLine({ file: "a b.yaml", seed: "42", place: { ...place, handler } })).toBe(
      `where: 'a b.yaml', seed "42", replication 7, 12.345678s, in event 1234567 "pod/\\"a\\"" (-1)\n`,
    );
    expect(placeLine({ file: "a.yaml", seed: 'x"', place })).toBe(
      'where: a.yaml, seed "x\\"", replication 7, 12.345678s, after event 1234567\n',
    );
  });

  it("says nothing of an error that is not a replication's", () => {
    expect(placeLine({ file: "a.yaml", seed: "42", place: { replication: 7, at: undefined } })).toBe("");
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
