import { describe, expect, it } from "vitest";
import { MachineGroup } from "../../../src/kernel/machine_group.ts";
import { type Decision, RuleDraws } from "../../../src/kernel/netfilter/rule_draws.ts";
import { RandomStream } from "../../../src/sim/random.ts";

// Goal: what rules will decide by chance can be told beforehand, and that changes nothing.
// Method: one stream is looked ahead, another of the same key is not.

const TENTHS: Decision = (unit) => Math.floor(unit * 10);

function drawsWith(group = new MachineGroup()): RuleDraws {
  return new RuleDraws(new RandomStream("rules"), group);
}

function five(draws: RuleDraws): number[] {
  return Array.from({ length: 5 }, () => draws.draw(TENTHS));
}

describe("RuleDraws", () => {
  it("foresees what will be drawn", () => {
    const draws = drawsWith();
    const foreseen = draws.foresee(() => five(draws));
    const expected = five(drawsWith());
    expect(foreseen?.map(({ outcome }) => outcome)).toEqual(expected);
    expect(foreseen?.map(({ decide }, place) => draws.outcomeOf(decide, place))).toEqual(expected);
    expect(five(draws)).toEqual(expected);
  });

  it("notes no chance while it looks ahead", () => {
    const group = new MachineGroup();
    const draws = drawsWith(group);
    draws.foresee(() => five(draws));
    expect(group.chances).toBe(0);
    five(draws);
    expect(group.chances).toBe(5);
  });

  it("takes draws of packets that were not sent", () => {
    const [draws, plain] = [drawsWith(), drawsWith()];
    draws.take(2);
    plain.draw(TENTHS);
    plain.draw(TENTHS);
    expect(five(draws)).toEqual(five(plain));
  });

  it("foresees nothing where a rule counts packets", () => {
    const draws = drawsWith();
    draws.noteCounter();
    expect(draws.foresee(() => five(draws))).toBeUndefined();
    expect(five(draws)).toEqual(five(drawsWith()));
  });
});
