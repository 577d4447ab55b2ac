import { describe, expect, it } from "vitest";
import { runFuzz } from "./run_fuzz.ts";
import { TARGETS } from "./targets.ts";

// Goal: no input makes a parser or the engine crash, hang, change a prototype or write where it must not.
// Method: short runs with fixed seeds; `npm run fuzz` tries as many as one has time for.

const SEED = 20_261_121;

describe("Hostile inputs", () => {
  it.each(TARGETS)("break nothing: $name", async (target) => {
    const { failure, accepted, refused } = await runFuzz(target, { seed: SEED, runs: target.shortRuns });
    expect(failure).toBeUndefined();
    expect(accepted + refused).toBe(target.shortRuns);
  });
});
