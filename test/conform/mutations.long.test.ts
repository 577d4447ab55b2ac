import { describe, expect, it } from "vitest";
import { MutantFactory } from "../support/mutant_factory.ts";
import { MUTATIONS } from "./all_mutations.ts";
import { recordedCase, RECORDINGS } from "./recordings.ts";

// Goal: the validation page does not call a rule unproved that a recording proves.
// Method: each mutation without a recording is tried on all of them, those with lists of ports under several boot secrets.

const factory = new MutantFactory(MUTATIONS);
const escaping = MUTATIONS.flatMap((mutation, index) =>
  mutation.caughtBy?.startsWith("derived/") !== false ? [{ ...mutation, index }] : [],
);

const SEEDS = ["one", "two"];
const CASES = RECORDINGS.map(({ file }) => ({ file, kernelCase: recordedCase(file) }));

describe("A rule that no recording tells", () => {
  it.each(escaping.map(({ rule, index }) => [rule, index] as const))("%s", (_rule, index) => {
    const judge = factory.load(index);
    const failing = CASES.filter(({ kernelCase }) => {
      const hasLists = kernelCase.laws.length > 0 && kernelCase.observed.storm === undefined;
      const seeds = hasLists ? [kernelCase.id, ...SEEDS] : [kernelCase.id];
      return seeds.some((seed) => judge(kernelCase, { seed }).differences.length > 0);
    });
    expect(failing.map(({ file }) => file)).toEqual([]);
  });
});
