import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fingerprint } from "../../src/sim/fingerprint.ts";

function fingerprintOf(values: readonly number[], add: "add" | "addWide" = "add"): string {
  const fingerprint = new Fingerprint();
  for (const value of values) fingerprint[add](value);
  return fingerprint.hex();
}

describe("Fingerprint", () => {
  it("gives known answers, so that stored fingerprints stay comparable between versions", () => {
    const text = new Fingerprint();
    text.addText("probe");
    const wide = fingerprintOf([86_400_000_000], "addWide");
    expect([fingerprintOf([]), fingerprintOf([0]), fingerprintOf([1, 2, 3]), wide, text.hex()]).toEqual([
      "85ebca6b9e3779b9",
      "652d2b2e5c2537e7",
      "4c03096aff570aec",
      "2b1b567ac186ea96",
      "81d4705e57d9b6c5",
    ]);
  });

  it("depends on every value and on their order", () => {
    const values = fc.array(fc.integer(), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.nat(), fc.integer(), (sequence, place, other) => {
        const index = place % sequence.length;
        fc.pre(sequence[index] !== other);
        expect(fingerprintOf(sequence.with(index, other))).not.toBe(fingerprintOf(sequence));
      }),
    );
    expect(fingerprintOf([1, 2])).not.toBe(fingerprintOf([2, 1]));
    expect(fingerprintOf([0])).not.toBe(fingerprintOf([0, 0]));
  });

  it("takes the high half of a moment into account", () => {
    expect(fingerprintOf([5 + 4294967296], "addWide")).not.toBe(fingerprintOf([5], "addWide"));
    expect(fingerprintOf([5 + 4294967296])).toBe(fingerprintOf([5]));
  });

  it("tells texts apart that join to the same letters", () => {
    const joined = (...texts: string[]): string => {
      const fingerprint = new Fingerprint();
      for (const text of texts) fingerprint.addText(text);
      return fingerprint.hex();
    };
    expect(joined("ab", "c")).not.toBe(joined("a", "bc"));
  });

  it("does not collide over a hundred thousand short sequences", () => {
    const seen = new Set<string>();
    for (let a = 0; a < 316; a += 1) for (let b = 0; b < 316; b += 1) seen.add(fingerprintOf([a, b]));
    expect(seen.size).toBe(316 * 316);
  });
});
