import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closestWord, editDistance } from "../../src/scenario/spelling.ts";

describe("editDistance", () => {
  it("counts letters inserted, dropped, changed and swapped", () => {
    expect(editDistance("kubeProxy", "kubeProxy")).toBe(0);
    expect(editDistance("kubProxy", "kubeProxy")).toBe(1);
    expect(editDistance("kubeProxyy", "kubeProxy")).toBe(1);
    expect(editDistance("cubeProxy", "kubeProxy")).toBe(1);
    expect(editDistance("kubePorxy", "kubeProxy")).toBe(1);
    expect(editDistance("", "abc")).toBe(3);
  });

  it("is the same in both directions and 0 only for equal words", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe("closestWord", () => {
  it("finds the nearest word, the first among equals, whatever the case", () => {
    expect(closestWord("replica", ["replicas", "replace"])).toBe("replicas");
    expect(closestWord("nodelocaldns", ["node", "nodeLocalDns"])).toBe("nodeLocalDns");
    expect(closestWord("bat", ["cat", "rat"])).toBe("cat");
  });

  it("finds nothing where more than a third of the letters is wrong", () => {
    expect(closestWord("weather", ["kernel", "services"])).toBeUndefined();
  });
});
