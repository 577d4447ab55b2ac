import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countHit, kaplanMeier, survivalFigures } from "../../src/study/survival.ts";
import type { Lifetime } from "../../src/study/survival.ts";

const lifetime = fc.record({ at: fc.integer({ min: 1, max: 20 }), isEvent: fc.boolean() });

describe("kaplanMeier", () => {
  it("is the product of the shares that pass each moment with an event", () => {
    // Freireich's 6-MP group: the example of many textbooks, with 0.857, 0.807 … 0.448 at weeks 6, 7 … 23.
    const weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23].map((at) => ({ at, isEvent: true }));
    const censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map((at) => ({ at, isEvent: false }));
    const steps = kaplanMeier([...censored, ...weeks]);
    expect(steps.map(({ at, surviving }) => [at, Number(surviving.toFixed(3))])).toEqual([
      [6, 0.857],
      [7, 0.807],
      [10, 0.753],
      [13, 0.69],
      [16, 0.627],
      [22, 0.538],
      [23, 0.448],
    ]);
  });

  it("is the share without the event where nobody is censored before the end", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }), (times) => {
        const lifetimes = times.map((at) => ({ at: Math.min(at, 20), isEvent: at <= 20 }));
        const last = kaplanMeier(lifetimes).at(-1)?.surviving ?? 1;
        expect(last).toBeCloseTo(times.filter((at) => at > 20).length / times.length, 12);
      }),
    );
  });

  it("never rises, and does not depend on the order", () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 30 }), (lifetimes) => {
        const steps = kaplanMeier(lifetimes);
        expect(kaplanMeier(lifetimes.toReversed())).toEqual(steps);
        for (const [index, { surviving }] of steps.entries()) {
          expect(surviving).toBeLessThan(index === 0 ? 1 : steps[index - 1]!.surviving);
        }
      }),
    );
  });
});

/** Boots of ten pods that are hit one after the other, each so many seconds after the last, and watched for 100 s. */
function bootsOf(...gaps: readonly number[]): readonly (readonly Lifetime[])[] {
  return gaps.map((gap) =>
    Array.from({ length: 10 }, (_, index) => {
      const at = (index + 1) * gap * 1e6;
      return { at: Math.min(at, 100e6), isEvent: at <= 100e6 };
    }),
  );
}

describe("survivalFigures", () => {
  it("has the median where half have been hit, and an interval around it", () => {
    const figures = survivalFigures(bootsOf(8, 9, 10, 11), 0.95);
    expect(figures).toMatchObject({ watched: 40, events: 39, medianSeconds: 50 });
    expect(figures.medianInterval.low).toBeLessThan(50);
    expect(figures.medianInterval.high).toBeGreaterThan(50);
    expect(figures.curve).toHaveLength(12);
    expect(figures.curve.at(-1)).toMatchObject({ atSeconds: 100, surviving: expect.closeTo(1 / 40, 12) });
    for (const { surviving, low, high } of figures.curve) {
      expect(low).toBeLessThanOrEqual(surviving);
      expect(high).toBeGreaterThanOrEqual(surviving);
    }
  });

  it("has no median, and no bound above, where fewer than half were hit", () => {
    const figures = survivalFigures(bootsOf(30, 40, 50, 60), 0.95);
    expect(figures.medianSeconds).toBeNull();
    expect(figures.medianInterval).toMatchObject({ high: null });
  });

  it("bounds nothing from few that were not hit", () => {
    const boots = [[{ at: 100e6, isEvent: false }], [{ at: 100e6, isEvent: false }]];
    expect(survivalFigures(boots, 0.95)).toMatchObject({ events: 0, medianInterval: { low: 0, high: null } });
  });
});

describe("countHit", () => {
  it("leaves out who was censored before the moment", () => {
    const lifetimes = [
      { at: 5, isEvent: true },
      { at: 6, isEvent: false },
      { at: 20, isEvent: true },
      { at: 20, isEvent: false },
    ];
    expect(countHit(lifetimes, 10)).toEqual({ n: 3, x: 1 });
  });
});
