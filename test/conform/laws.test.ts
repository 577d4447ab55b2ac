import { describe, expect, it } from "vitest";
import { readCase } from "../../src/conform/case_file.ts";
import type { KernelCase } from "../../src/conform/case_file.ts";
import { checkLaw } from "../../src/conform/laws.ts";
import type { Observation } from "../../src/conform/observation.ts";
import { recordedCase, recordedRun, RECORDINGS } from "./recordings.ts";

// Goal: every law holds for the recording it was written for, and fails for a run that breaks it.
// Method: recordings against their own laws; then small lists of connects to two destinations against one law each.

const WITH_LAWS = RECORDINGS.map(({ file }) => file).filter((file) => recordedCase(file).laws.length > 0);

/** What the law says of a list `g` of connects that go to two destinations in turn (`to` 1: to one). */
function check(
  law: object,
  entries: readonly (number | string)[],
  more: Partial<Observation> & { to?: 1 | 2 } = {},
): string | undefined {
  const kernelCase = caseWith([law], entries.length, more.to ?? 1);
  const [only] = kernelCase.laws;
  if (only === undefined) throw new Error("the case has no law");
  const run = { ...recordedRun(kernelCase), ...more };
  return checkLaw(only, kernelCase, { ...run, groups: new Map([...(more.groups ?? []), ["g", entries]]) });
}

function caseWith(laws: readonly object[], count: number, destinations: 1 | 2): KernelCase {
  const to = [
    ["10.0.0.1", 80],
    ["10.0.0.2", 80],
  ].slice(0, destinations);
  const text = JSON.stringify({
    format: "kernel-case/1",
    id: "L",
    title: "one law",
    kernel: { release: "6.1", build: "6.1", hz: 100, port_walk: "5.18+" },
    setup: { namespaces: { la: { links: [] } } },
    actions: [
      { op: "connect", netns: "la", to: [["10.0.0.9", 85]], count: 3, close: "rst" },
      { op: "connect", netns: "la", to, count, close: "rst", group: "g" },
    ],
    observed: {},
    laws,
  });
  const reading = readCase(text, "L.json");
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.case;
}

describe("The laws of a recording", () => {
  it("are there", () => {
    expect(WITH_LAWS.length).toBeGreaterThan(20);
  });

  it.each(WITH_LAWS)("%s hold for it", (file) => {
    const kernelCase = recordedCase(file);
    const run = recordedRun(kernelCase);
    expect(
      kernelCase.laws.map((law) => checkLaw(law, kernelCase, run)).filter((reason) => reason !== undefined),
    ).toEqual([]);
  });

  it.each(WITH_LAWS)("%s do not hold for a run with other ports", (file) => {
    const kernelCase = recordedCase(file);
    const run = recordedRun(kernelCase);
    const groups = new Map(
      [...run.groups].map(([name, entries]) => [
        name,
        entries.map((entry, index) => (typeof entry === "number" ? 10 + 7 * index : entry)),
      ]),
    );
    const broken = kernelCase.laws.filter((law) => checkLaw(law, kernelCase, { ...run, groups }) !== undefined);
    expect(broken.length).toBeGreaterThan(0);
  });

  it("do not hold for a run that stops early", () => {
    const kernelCase = recordedCase("6.1/P01.json");
    const run = recordedRun(kernelCase);
    const groups = new Map([...run.groups, ["rst", [32768]]]);
    expect(kernelCase.laws.map((law) => checkLaw(law, kernelCase, { ...run, groups }))).toContain(
      'in_range: the list "rst" has 1 entries, recorded are 200',
    );
  });
});

describe("A law on a list", () => {
  const onG = { group: "g" };
  it.each([
    [{ law: "in_range", low: 10, high: 20 }, [10, "EADDRNOTAVAIL", 20], [10, 21]],
    [{ law: "parity", parity: "odd" }, [1, 3, "timeout"], [1, 2]],
    [{ law: "distinct" }, [1, 2, "x", "x"], [1, 2, 1]],
    [{ law: "uses", ports: [3, [5, 6]] }, [6, 5, 4, 3], [3, 5, 7]],
    [{ law: "never_uses", ports: [3, [5, 9]] }, [4, 10], [4, 7]],
    [{ law: "spread_at_least", value: 10 }, [30, 20, 25], [20, 29]],
    [{ law: "parity_first", parity: "even", switches_at_connect: 3 }, [2, 4, 5, 7], [2, 5, 7]],
    [{ law: "parity_first", parity: "even", switches_at_connect: 3 }, [2, 4, 5], [2, 4, 6]],
    [
      {
        law: "sets_in_order",
        sets: [
          [1, 3],
          [2, 4],
        ],
      },
      [3, 1, 2, 4, "EADDRNOTAVAIL"],
      [3, 2, 1, 4],
    ],
    [
      {
        law: "sets_in_order",
        sets: [
          [1, 3],
          [2, 4],
        ],
      },
      [1, 3, 4, 2],
      [1, 3, 4],
    ],
    [{ law: "first_error", at_connect: [2, 3], errno: "EADDRNOTAVAIL" }, [1, 2, "EADDRNOTAVAIL"], [1, 2]],
    [{ law: "first_error", at_connect: [2], errno: "EADDRNOTAVAIL" }, [1, "EADDRNOTAVAIL"], ["EADDRNOTAVAIL"]],
    [{ law: "first_error", at_connect: [2], errno: "EADDRNOTAVAIL" }, [1, "EADDRNOTAVAIL"], [1, "EADDRNOTAVAIL", 2]],
    [{ law: "first_error", at_connect: [2], errno: "EADDRNOTAVAIL" }, [1, "EADDRNOTAVAIL"], [1, "bind EADDRINUSE"]],
    [{ law: "all_errors", errno: "bind EADDRINUSE" }, ["bind EADDRINUSE"], ["bind EADDRINUSE", 7]],
    [{ law: "all_succeed" }, [1, 1], [1, "timeout"]],
    [{ law: "equals", value: 8 }, [8], [9]],
    [{ law: "equals", value: "bind EADDRINUSE" }, ["bind EADDRINUSE"], ["bind EADDRINUSE", "bind EADDRINUSE"]],
    [{ law: "number_between", low: 59.5, high: 61 }, [60], [61.5]],
    [{ law: "in_range", low: 10, high: 20, entries: [2, 3] }, [99, 10, 20, 99], [10, 21, 20]],
    [{ law: "steps_in", modulo: 100, values: [2, 4] }, [96, 98, 2, 6], [96, 98, 1]],
    [{ law: "steps_in", modulo: 100, values: [2], epoch_s: 10, jumps_at_most: 1 }, [2, 4, 50, 52], [2, 40, 80, 82]],
    [{ law: "steps_in", modulo: 100, values: [2, 4], skips: [[10, 19]] }, [6, 8, 20, 24], [6, 8, 26]],
    [{ law: "steps_in", modulo: 100, values: [2, 4], skips: [[11, 19]] }, [8, 20, 22], [2, 20]],
    [{ law: "steps_equal", modulo: 100, value: 2 }, [98, 0, 2], [98, 0, 4]],
    [{ law: "steps_vary", modulo: 100, at_least: 2 }, [1, 2, 4], [1, 2, 3]],
    [{ law: "step_mean", modulo: 100, low: 1, high: 2 }, [1, 2, 5], [1, 4]],
  ])("%o holds for %o and not for %o", (law, good, bad) => {
    expect(check({ ...onG, ...law }, good)).toBeUndefined();
    expect(check({ ...onG, ...law }, bad)).toMatch(new RegExp(`^${law.law}: in "g" `));
  });

  it("takes steps between ports of the same destination", () => {
    const law = { law: "steps_equal", group: "g", modulo: 1000, value: 2 };
    expect(check(law, [10, 500, 12, 502, 14, 504], { to: 2 })).toBeUndefined();
    expect(check(law, [10, 500, 12, 502, 14, 504])).toBe(
      'steps_equal: in "g" connect 2 steps by 490 from 10 to 500, not 2',
    );
  });

  it("on results looks at the list beside the ports", () => {
    const law = { law: "fails_exactly_on", group: "g", ports: [7], failure: "timeout in connect", success: "http 200" };
    const results = (...list: string[]) => ({ groups: new Map([["g/results", list]]) });
    expect(check(law, [6, 7], results("http 200", "timeout in connect"))).toBeUndefined();
    expect(check(law, [6, 7], results("timeout in connect", "timeout in connect"))).toBe(
      'fails_exactly_on: in "g" connect 1 from port 6 ends with "timeout in connect", not "http 200"',
    );
    expect(check(law, [6, 7], results("http 200", "http 200"))).toMatch(/connect 2/);
    expect(check(law, [6, 7])).toBe('fails_exactly_on: in "g" the results are missing');
    const all = { law: "all_results", group: "g", result: "http 200" };
    expect(check(all, [6, 7], results("http 200", "http 200"))).toBeUndefined();
    expect(check(all, [6, 7], results("http 200", "connected"))).toMatch(/^all_results: /);
  });

  it("that supposes one second says nothing of connects on both sides of a second", () => {
    const law = { law: "equals", group: "g", value: 8, within_one_second: true };
    const at = (...times: number[]) => ({ connectTimes: new Map([["g", times]]) });
    expect(check(law, [9], at(4_999_000, 5_000_000))).toBeUndefined();
    expect(check(law, [9], at(5_000_000, 5_999_000))).toMatch(/^equals: /);
  });

  it("names a list that the run does not have", () => {
    expect(check({ law: "distinct", group: "h" }, [])).toBe('distinct: the run has no list "h"');
  });

  it("for * holds of every list of ports", () => {
    expect(check({ law: "parity", group: "*", parity: "even" }, [2, 3])).toMatch(/port 3 of connect 2/);
  });
});

describe("jumps_only_at_epoch", () => {
  const law = { law: "jumps_only_at_epoch", group: "g", modulo: 1000, period_s: 10, values: [2] };
  const everySecond = (count: number) => ({
    connectTimes: new Map([["g", Array.from({ length: count }, (_, index) => index * 1e6)]]),
  });
  /** Ports of one connect a second, with a jump before the connects at these seconds. */
  const ports = (count: number, ...jumps: number[]): number[] => {
    let port = 0;
    return Array.from({ length: count }, (_, index) => {
      port += jumps.includes(index) ? 101 : 2;
      return port;
    });
  };

  it("holds for jumps 10 s apart, of which one may be lacking by chance", () => {
    expect(check(law, ports(40, 4, 14, 24, 34), everySecond(40))).toBeUndefined();
    expect(check(law, ports(40, 4, 24, 34), everySecond(40))).toBeUndefined();
  });

  it("fails for a jump out of step, for jumps that lack, and without times", () => {
    expect(check(law, ports(40, 4, 14, 27, 34), everySecond(40))).toMatch(/out of step/);
    expect(check(law, ports(40, 4), everySecond(40))).toMatch(/3 beginnings of an epoch have no jump/);
    expect(check(law, ports(40), everySecond(40))).toMatch(/have no jump/);
    expect(check(law, ports(40, 4, 14, 24, 34))).toMatch(/times of the connects are not known/);
  });
});

describe("A law on cursors", () => {
  const lists = (before: number, after: number) => ({
    groups: new Map([
      ["b", [1, before]],
      ["a", [after, 1]],
    ]),
  });
  const steps = { modulo: 100, values: [2, 4] };

  it.each([
    [{ law: "cursor_survives", before: "b", after: "a", ...steps }, 98, 2, 3],
    [{ law: "cursor_independent", pairs: [["b", "a"]], ...steps }, 10, 14, 16],
    [{ law: "cursor_shared", pairs: [["b", "a", 7]], modulo: 100 }, 95, 2, 4],
    [{ law: "cursor_survives_churn", pairs: [["b", "a", 3]], ...steps }, 10, 16, 14],
    [{ law: "cursor_survives_churn", pairs: [["b", "a", 3]], ...steps }, 10, 22, 24],
    [{ law: "cursor_survives_churn", pairs: [["b", "a", 3]], ...steps }, 10, 20, 21],
  ])("%o holds from %i to %i and not to %i", (law, before, good, bad) => {
    expect(check(law, [], lists(before, good))).toBeUndefined();
    expect(check(law, [], lists(before, bad))).toMatch(/from "b" to "a" the port moves by/);
  });

  it("allows as many jumps as the recording had room for", () => {
    const law = { law: "cursor_independent", pairs: [["b", "a"]], ...steps, epoch_s: 10, jumps_at_most: 1 };
    expect(check(law, [], lists(10, 77))).toBeUndefined();
    expect(check({ ...law, jumps_at_most: 0 }, [], lists(10, 77))).toMatch(/moves by 67/);
  });

  it("on the global cursor counts the connects that were not recorded, and no failures", () => {
    const law = { law: "global_cursor", step: 2, low: 0, modulo: 1000 };
    expect(check(law, [106, 508, 110, 512], { to: 2 })).toBeUndefined();
    expect(check(law, [106, "EADDRNOTAVAIL", 108], { to: 1 })).toBeUndefined();
    expect(check(law, [106, "timeout", 110], { to: 1 })).toBeUndefined();
    expect(check(law, [106, 508, 112, 512], { to: 2 })).toBe(
      'global_cursor: in "g" port 112 is off the common cursor by 2',
    );
  });
});

describe("Other laws", () => {
  const watched = (...states: (readonly [string | null, number?])[]) => ({
    socketStates: new Map([
      ["w", states.map(([state, left], at) => (left === undefined ? { at, state } : { at, state, left: left * 1e6 }))],
    ]),
  });

  it("follow the states of a socket, equal ones in a row being one", () => {
    const law = { law: "states_pass", of: "w", states: ["FIN-WAIT-2", null], first_may_be: "FIN-WAIT-1" };
    expect(check(law, [], watched(["FIN-WAIT-2"], ["FIN-WAIT-2"], [null]))).toBeUndefined();
    expect(check(law, [], watched(["FIN-WAIT-1"], ["FIN-WAIT-2"], [null]))).toBeUndefined();
    expect(check(law, [], watched(["ESTAB"], ["FIN-WAIT-2"], [null]))).toBe(
      'states_pass: the socket "w" passes through ESTAB, FIN-WAIT-2, no socket, not FIN-WAIT-2, no socket',
    );
    expect(check(law, [], watched(["FIN-WAIT-2"]))).toMatch(/^states_pass/);
    expect(check(law, [])).toMatch(/does not watch/);
  });

  it("look at the timer of the last state", () => {
    const law = { law: "states_pass", of: "w", states: ["TIME-WAIT"], last_left_s: 60 };
    expect(check(law, [], watched(["TIME-WAIT", 57]))).toBeUndefined();
    expect(check(law, [], watched(["TIME-WAIT", 50]))).toMatch(/50 s left/);
    expect(check({ ...law, last_left_s: [40, 55] }, [], watched(["TIME-WAIT", 50]))).toBeUndefined();
    expect(check(law, [], watched(["TIME-WAIT"]))).toMatch(/no timer/);
  });

  it("bound the time that close() takes", () => {
    const law = { law: "close_returns_within_s", of: "w", value: 0.5 };
    expect(check(law, [], { closeTook: new Map([["w", 400_000]]) })).toBeUndefined();
    expect(check(law, [], { closeTook: new Map([["w", 600_000]]) })).toMatch(/took 0.6 s/);
    expect(check(law, [])).toMatch(/does not tell/);
  });

  it("bound the counts of a storm", () => {
    const storm = new Map([
      ["failures", 341],
      ["failures_elsewhere", 0],
    ]);
    expect(check({ law: "failures_within", low: 245, high: 452 }, [], { storm })).toBeUndefined();
    expect(check({ law: "failures_within", low: 342, high: 452 }, [], { storm })).toBe(
      "failures_within: failures is 341, not 342 to 452",
    );
    expect(check({ law: "counts_equal", of: "failures_elsewhere", value: 0 }, [], { storm })).toBeUndefined();
    expect(check({ law: "counts_equal", of: "failures_elsewhere", value: 1 }, [], { storm })).toMatch(/is 0, not 1/);
    expect(check({ law: "counts_within", of: "failures", low: 1, high: 2 }, [], { storm })).toMatch(
      /is 341, not 1 to 2/,
    );
    expect(check({ law: "counts_within", of: "nodeports_hit", low: 1, high: 2 }, [], { storm })).toMatch(
      /does not count/,
    );
  });
});
