import { describe, expect, it } from "vitest";
import { DEFAULT_BOUNDS, readBounds } from "../../../src/check/properties/search_bounds.ts";

describe("readBounds", () => {
  it("takes a highest number, two numbers and lists", () => {
    expect(readBounds(["pods=3", "rate=10..20", "kernels=5.4.188,6.1", "listed=30080,30090-30092"])).toEqual({
      ...DEFAULT_BOUNDS,
      pods: [1, 3],
      rate: [10, 20],
      kernels: ["5.4.188", "6.1"],
      listed: [30_080, 30_090, 30_091, 30_092],
      clustering: ["listed"],
    });
  });

  it.each([
    [
      "pod=3",
      'Cannot use the bound "pod=3" (did you mean pods?): write KEY=VALUE with one of services, pods, listeners, churn, rate, lasts, period, threshold, boots, seconds, clustering, listed, kernels, kubeProxies, masquerade',
    ],
    ["pods=many", 'Cannot use the bound "pods=many": write a highest number, or two such as 1..20'],
    ["pods=5..2", 'Cannot use the bound "pods=5..2": the lowest number is above the highest'],
    ["pods=1000", 'Cannot use the bound "pods=1000": write numbers from 1 to 200'],
    ["kernels=9.1", 'Cannot use the bound "kernels=9.1": there is no kernel 9.1 in the era table'],
    [
      "clustering=listed",
      'Cannot use the bound "clustering=listed": give the ports before it, such as listed=30080,30090',
    ],
    ["masquerade=yes", 'Cannot use the bound "masquerade=yes": write off, on or random-fully'],
  ])("refuses %s", (text, message) => {
    expect(readBounds([text])).toBe(message);
  });
});
