import { describe, expect, it } from "vitest";
import type { CaseVerdict } from "../../src/conform/judge_case.ts";
import { MutantFactory } from "../support/mutant_factory.ts";
import { MUTATIONS } from "./all_mutations.ts";
import { recordedCase } from "./recordings.ts";

// Goal: recordings, and where none comes near derived cases, prove the rules of the model one by one.
// Method: each mutation changes one expression in a copy of the model; the recording that it names is replayed there and
// must disagree, where the model as it is agrees. Laws hold for every boot secret, and some of them tell a mutation only
// with some, so several are tried. That the rules without such a recording escape all of them is in
// mutations.long.test.ts.

const SEEDS = Array.from({ length: 24 }, (_, index) => `boot ${index}`);

const factory = new MutantFactory(MUTATIONS);
const judgeUnchanged = factory.load();
const unchanged = new Map<string, CaseVerdict>();
const caught = MUTATIONS.flatMap(({ rule, caughtBy }, index) =>
  caughtBy === undefined ? [] : [{ rule, caughtBy, index }],
);

/** What the model as it is makes of a case; each case and secret is replayed once. */
function verdictUnchanged(name: string, seed: string): CaseVerdict {
  const key = `${name} ${seed}`;
  const verdict = unchanged.get(key) ?? judgeUnchanged(recordedCase(`${name}.json`), { seed });
  unchanged.set(key, verdict);
  return verdict;
}

describe("A mutation", () => {
  it("finds the expression that it changes, once", () => {
    expect([...factory.problems.values()]).toEqual([]);
  });

  it("stands in the table once", () => {
    const changes = MUTATIONS.map(({ file, find, replace }) => `${file}: ${find} -> ${replace}`);
    expect(changes.filter((change, index) => changes.indexOf(change) !== index)).toEqual([]);
  });
});

describe("A rule that is turned off", () => {
  it.each(caught.map(({ rule, caughtBy, index }) => [caughtBy, rule, index] as const))(
    "makes %s fail: %s",
    (caughtBy, _rule, index) => {
      const kernelCase = recordedCase(`${caughtBy}.json`);
      const judge = factory.load(index);
      for (const seed of SEEDS) {
        const { differences, reason } = judge(kernelCase, { seed });
        if (differences.length === 0) continue;
        expect(reason).toBeUndefined();
        expect(verdictUnchanged(caughtBy, seed).differences).toEqual([]);
        return;
      }
      expect.unreachable(`no boot secret tells this mutation from the model`);
    },
  );
});
