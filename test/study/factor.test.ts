import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFactor, valueAt } from "../../src/study/factor.ts";
import type { Factor } from "../../src/study/factor.ts";

function factor(text: string): Factor {
  const read = readFactor(text);
  if (typeof read === "string") throw new Error(read);
  return read;
}

const values = (text: string): unknown => ({ ...factor(text) });

describe("readFactor", () => {
  it.each([
    ["kernel=5.10,6.1", "kernel", ["5.10", "6.1"]],
    ['sysctls.net.ipv4.ip_local_reserved_ports="30000-32767,8080",""', undefined, ["30000-32767,8080", ""]],
    ["sysctls.net.ipv4.ip_local_port_range=1024 65000,32768 60999", undefined, ["1024 65000", "32768 60999"]],
    ["a=x=1,x=2", "a", ["x=1", "x=2"]],
    ["portRange.low=1024..32768/3", undefined, ["1024", "16896", "32768"]],
    ["churn.zabbix.rate=1/s..10/s/4", undefined, ["1/s", "4/s", "7/s", "10/s"]],
    ["churn.zabbix.rate=1..10/s/4", undefined, ["1/s", "4/s", "7/s", "10/s"]],
    ["churn.zabbix.rate=0.5/s..2/s/4", undefined, ["0.5/s", "1/s", "1.5/s", "2/s"]],
    ["duration=10m..30m/3", undefined, ["10m", "20m", "30m"]],
    ["a=1..2.0/4", undefined, ["1", "1.3333", "1.6667", "2"]],
    ['a="1..2",3', undefined, ["1..2", "3"]],
  ])("reads %j", (text, path, expected) => {
    expect(values(text)).toEqual({ kind: "values", path: path ?? text.split("=")[0], values: expected });
  });

  it("keeps a range without steps, for designs that are no grid", () => {
    expect(factor("r=1/s..10.5/s")).toEqual({ kind: "range", path: "r", low: 1, high: 10.5, unit: "/s", decimals: 4 });
  });

  it.each([
    ["kernel", 'Cannot vary "kernel": write PATH=A,B,C or PATH=LOW..HIGH/STEPS, such as kernel=5.4.188,6.1'],
    ["kernel=", 'Cannot vary "kernel=": write PATH=A,B,C or PATH=LOW..HIGH/STEPS, such as kernel=5.4.188,6.1'],
    ["kernel=6.1", 'Cannot vary "kernel" by the one value "6.1": set it with --set'],
    ["kernel=6.1,5.10,6.1", 'Cannot vary "kernel": it names the value "6.1" twice'],
    ["a=1,,2", 'Cannot vary "a": a value between two commas is empty: write "" for an empty value'],
    ['a=1,"2', `Cannot vary "a": a double quote opens or closes in the middle of a value in "1,\\"2"`],
    ["a=1..x", 'Cannot vary "a" over "1..x": write LOW..HIGH/STEPS, such as 1024..32768/5 or 1/s..10/s/4'],
    ["a=9..3/2", 'Cannot vary "a" over "9..3/2": the second number must be the larger one'],
    ["a=1/s..9/m/2", 'Cannot vary "a" over "1/s..9/m/2": its ends have the units "/s" and "/m"'],
    ["a=1..9/1", 'Cannot vary "a" in 1 steps: both ends are steps, so it takes 2 to 10000'],
    ["a=1..3/9", 'Cannot vary "a" in 9 steps: from 1 to 3 there are 3 whole numbers'],
  ])("refuses %j", (text, message) => {
    expect(readFactor(text)).toBe(message);
  });

  it("gives a range its ends and as many different values as it has steps", () => {
    const range = fc
      .record({ low: fc.integer({ min: 0, max: 60_000 }), width: fc.integer({ min: 1, max: 5_000 }) })
      .chain(({ low, width }) =>
        fc.record({ low: fc.constant(low), width: fc.constant(width), steps: fc.integer({ min: 2, max: width + 1 }) }),
      );
    fc.assert(
      fc.property(range, ({ low, width, steps }) => {
        const read = factor(`a=${low}..${low + width}/${steps}`);
        if (read.kind === "range") throw new Error("a range with steps is a list");
        expect(read.values[0]).toBe(String(low));
        expect(read.values.at(-1)).toBe(String(low + width));
        expect(new Set(read.values).size).toBe(steps);
      }),
    );
  });
});

describe("valueAt", () => {
  it("gives each whole number of a range a stretch of the same length", () => {
    const range = factor("a=1..4");
    expect([0, 0.249, 0.25, 0.5, 0.75, 0.999].map((place) => valueAt(range, place))).toEqual([
      "1",
      "1",
      "2",
      "3",
      "4",
      "4",
    ]);
  });

  it("gives each value of a list a stretch of the same length", () => {
    const list = factor("kernel=5.10,6.1");
    expect([0, 0.49, 0.5, 0.999].map((place) => valueAt(list, place))).toEqual(["5.10", "5.10", "6.1", "6.1"]);
  });

  it("goes from one end of a range of fractions to the other", () => {
    const range = factor("a=0.5/s..2.5/s");
    expect([0, 0.5].map((place) => valueAt(range, place))).toEqual(["0.5/s", "1.5/s"]);
  });
});
