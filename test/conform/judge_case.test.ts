import { describe, expect, it } from "vitest";
import type { KernelCase } from "../../src/conform/case_file.ts";
import { judgeCase } from "../../src/conform/judge_case.ts";
import { recordedCase } from "./recordings.ts";

const C02 = recordedCase("6.1/C02.json");
const P01 = recordedCase("6.1/P01.json");

/** The case with a change of its node's setup. */
function withNode(kernelCase: KernelCase, change: object): KernelCase {
  const { namespaces } = kernelCase.setup;
  const node = { ...namespaces["node"]!, ...change };
  return { ...kernelCase, setup: { ...kernelCase.setup, namespaces: { ...namespaces, node } } };
}

describe("judgeCase", () => {
  it("finds no difference in a case that the model reproduces", () => {
    expect(judgeCase(C02)).toEqual({ differences: [] });
    expect(judgeCase(P01, { seed: "another boot" })).toEqual({ differences: [] });
  });

  it("tells the differences from the recording, with the packets before the first one", () => {
    const [first, ...others] = judgeCase(withNode(C02, { ipvs: [] })).differences;
    expect(first).toMatchObject({
      where: expect.stringMatching(/^packets .+ (in|out) #\d+$/),
      before: expect.any(Array),
    });
    expect(others.map(({ where }) => where)).toContain("result of action 0");
  });

  it("tells a broken law with its numbers", () => {
    const laws = P01.laws.map((law) => (law.law === "in_range" ? { ...law, low: 60998 } : law));
    const { differences } = judgeCase({ ...P01, laws });
    expect(differences.length).toBeGreaterThan(0);
    expect(differences[0]).toEqual({
      where: `law 1 of ${laws.length}, in_range`,
      expected: 'group "rst", low 60998, high 60999',
      actual: expect.stringMatching(/port \d+ of connect \d+/),
      before: [],
    });
  });

  it("fails a case that the model cannot express, with the reason", () => {
    const ipvs = [{ ...C02.setup.namespaces["node"]!.ipvs[0]!, scheduler: "lblcr" }];
    expect(judgeCase(withNode(C02, { ipvs }))).toEqual({
      reason: "the IPVS scheduler lblcr is not modelled",
      differences: [
        {
          where: "the model",
          expected: "all that the case needs",
          actual: "the IPVS scheduler lblcr is not modelled",
          before: [],
        },
      ],
    });
  });

  it("names the race after which nothing was compared", () => {
    const { differences, excused } = judgeCase(recordedCase("6.1/C08b.json"));
    expect(differences).toEqual([]);
    expect(excused?.race).toMatch(/, near 3119\S* ms in node$/);
    expect(excused?.comparedUntilMs).toBeLessThan(3119);
  });

  it("takes a race whose recording does not say which came first", () => {
    const races = recordedCase("6.1/C08b.json").races.map((race) => ({ ...race, first_in_recording: undefined }));
    expect(judgeCase({ ...recordedCase("6.1/C08b.json"), races }).differences).toEqual([]);
  });
});
