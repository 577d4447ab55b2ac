import { describe, expect, it } from "vitest";
import { checkExpectations } from "../../src/study/expectations.ts";

const figures = {
  probes: {
    probability: 2.19e-4,
    failed: 2144,
    byCause: { "nodeport-collision": 2144 },
    meanSecondsBetweenFailures: null,
  },
  workloads: [
    { name: "node-local-dns", failed: 140 },
    { name: "zabbix.local", failed: 7 },
  ],
  ports: { timeWaitByAddress: { "169.254.20.10": 69 }, candidatesPerConnect: { p99: 1 } },
};

describe("checkExpectations", () => {
  it("holds inclusive bounds of between, and states what was wanted as people write it", () => {
    expect(checkExpectations([{ that: "probes.probability", between: [2.19e-4, 4e-4] }], figures)).toEqual([
      { that: "probes.probability", want: "between 2.19e-4 and 4e-4", got: 2.19e-4, ok: true },
    ]);
  });

  it("takes below and above as strict, and every bound that is given", () => {
    const outcomes = checkExpectations(
      [
        { that: "probes.failed", below: 2144 },
        { that: "probes.failed", above: 2144 },
        { that: "probes.failed", above: 2143, below: 2145 },
        { that: "probes.failed", above: 2143, below: 2144 },
      ],
      figures,
    );
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([false, false, true, false]);
    expect(outcomes[3]?.want).toBe("below 2144 and above 2143");
  });

  it("compares equals exactly", () => {
    const outcomes = checkExpectations(
      [
        { that: "probes.failed", equals: 2144 },
        { that: "probes.failed", equals: 0 },
      ],
      figures,
    );
    expect(outcomes.map((outcome) => [outcome.want, outcome.ok])).toEqual([
      ["equal to 2144", true],
      ["equal to 0", false],
    ]);
  });

  it("follows names with dots and dashes, and items of a list by name", () => {
    const paths = [
      "ports.timeWaitByAddress.169.254.20.10",
      "probes.byCause.nodeport-collision",
      "workloads.node-local-dns.failed",
      "workloads.zabbix.local.failed",
      "ports.candidatesPerConnect.p99",
    ];
    const outcomes = checkExpectations(
      paths.map((that) => ({ that, above: 0 })),
      figures,
    );
    expect(outcomes.map((outcome) => outcome.got)).toEqual([69, 2144, 140, 7, 1]);
  });

  it("looks into variants by name", () => {
    const [outcome] = checkExpectations([{ that: "after.probes.failed", equals: 2144 }], {
      before: {},
      after: figures,
    });
    expect(outcome).toMatchObject({ got: 2144, ok: true });
  });

  it("fails with null where the path names no number of the figures' own", () => {
    const paths = [
      "probes.nothing",
      "probes",
      "probes.meanSecondsBetweenFailures",
      "constructor.length",
      "workloads.0.failed",
    ];
    const outcomes = checkExpectations(
      paths.map((that) => ({ that, above: -1 })),
      figures,
    );
    expect(outcomes.map((outcome) => [outcome.got, outcome.ok])).toEqual(paths.map(() => [null, false]));
  });

  it("asks for a number when no bound is given", () => {
    expect(checkExpectations([{ that: "probes.failed" }], figures)).toEqual([
      { that: "probes.failed", want: "a number", got: 2144, ok: true },
    ]);
  });
});
