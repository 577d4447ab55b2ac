import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatCount,
  formatFigure,
  formatPercent,
  formatProbability,
  formatRate,
  formatSpan,
  plural,
  portRanges,
} from "../../src/report/number_text.ts";

describe("formatCount", () => {
  it("parts thousands by commas", () => {
    expect([0, 999, 1_000, 9_780_000].map(formatCount)).toEqual(["0", "999", "1,000", "9,780,000"]);
  });

  it("keeps every digit", () => {
    fc.assert(
      fc.property(fc.nat(), (count) => {
        expect(Number(formatCount(count).replaceAll(",", ""))).toBe(count);
      }),
    );
  });
});

describe("formatProbability", () => {
  it("writes small ones with an exponent and large ones without", () => {
    const values = [0, 2.1883e-4, 0.00999, 0.01, 0.07126, 0.5, 1];
    expect(values.map(formatProbability)).toEqual(["0", "2.19e-4", "9.99e-3", "0.01", "0.0713", "0.5", "1"]);
  });
});

describe("formatFigure", () => {
  it("keeps whole numbers whole and four digits of others", () => {
    const values = [0, 1_110, 304.26, 65_432.1, 0.4, 2.1924e-4, 1.5e-4, -3.25, 1e20];
    expect(values.map(formatFigure).join(" ")).toBe("0 1,110 304.3 65,432 0.4 2.192e-4 1.5e-4 -3.25 1.000e+20");
  });
});

describe("formatRate", () => {
  it("keeps three digits", () => {
    expect([11.1667, 3.2278, 304.26, 1_652.4, 0].map(formatRate)).toEqual(["11.2", "3.23", "304", "1,650", "0"]);
  });
});

describe("formatSpan", () => {
  it("uses the largest unit of which there are at least two, and 1 hour for an hour", () => {
    const values = [0, 0.0123, 1, 17.04, 90, 120, 322.388, 3_600, 5_400, 7_200, 86_400, 172_800, 691_200, 40_000_000];
    expect(values.map(formatSpan).join(", ")).toBe(
      "0 seconds, 12.3 milliseconds, 1 second, 17 seconds, 90 seconds, 2 minutes, 5.4 minutes, " +
        "1 hour, 90 minutes, 2 hours, 24 hours, 2 days, 8 days, 463 days",
    );
  });
});

describe("plural", () => {
  it("leaves the noun alone for 1 only", () => {
    expect(["0", "1", "1.5"].map((number) => plural(number, "failure"))).toEqual([
      "0 failures",
      "1 failure",
      "1.5 failures",
    ]);
  });
});

describe("formatPercent", () => {
  it("keeps three digits", () => {
    expect([0.95, 0.999, 0.8213, 1].map(formatPercent)).toEqual(["95 %", "99.9 %", "82.1 %", "100 %"]);
  });
});

describe("portRanges", () => {
  it("joins neighbours as ip_local_reserved_ports shows them", () => {
    expect(portRanges([32443, 30081, 30080, 30082, 32080])).toEqual(["30080-30082", "32080", "32443"]);
  });

  it("names each port once", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 300 })), (ports) => {
        const named = portRanges(ports).flatMap((range) => {
          const [first = 0, last = first] = range.split("-").map(Number);
          return Array.from({ length: last - first + 1 }, (_, index) => first + index);
        });
        expect(named).toEqual(ports.toSorted((a, b) => a - b));
      }),
    );
  });
});
