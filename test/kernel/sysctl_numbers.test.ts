import { describe, expect, it } from "vitest";
import { scanLine, scanNumber } from "../../src/kernel/sysctl_numbers.ts";

describe("scanNumber", () => {
  it("takes a number of 20 characters, its sign included, and none of 21", () => {
    const zeros = (count: number): string => "0".repeat(count);
    expect(scanNumber(`${zeros(19)}7`, 0, "")).toEqual({ ok: true, value: 7, isNegative: false, end: 20 });
    expect(scanNumber(`-${zeros(18)}7`, 0, "")).toEqual({ ok: true, value: 7, isNegative: true, end: 20 });
    expect(scanNumber(`${zeros(20)}7`, 0, "")).toEqual({ ok: false, fault: "too-long", at: 0 });
    expect(scanNumber(`,-${zeros(19)}7`, 1, "")).toEqual({ ok: false, fault: "too-long", at: 1 });
  });
});

describe("scanLine", () => {
  it.each([
    [" 12\t0x1F ", [12, 31]],
    ["010 -3 lost", [8, -3]],
    ["7", [7]],
  ])("reads %j", (text, values) => {
    expect(scanLine(text, 2)).toEqual({ ok: true, values });
  });

  it.each([
    ["", "end", 1],
    ["09", "octal", 1],
    ["1,2", "follower", 1],
    ["-", "no-digit", 1],
  ])("says why there is no number in %j: %s", (text, fault, at) => {
    expect(scanLine(text, 2)).toEqual({ ok: false, fault, at });
  });
});
