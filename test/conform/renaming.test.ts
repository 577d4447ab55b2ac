import { describe, expect, it } from "vitest";
import { Renaming } from "../../src/conform/renaming.ts";

function anyName(): Renaming {
  return new Renaming(() => true);
}

describe("Renaming", () => {
  it("lets a name stand for one other, and none for two", () => {
    const renaming = anyName();
    expect(renaming.settle([["a", "x"]])).toBe(true);
    expect(renaming.settle([["a", "y"]])).toBe(false);
    expect(renaming.settle([["b", "x"]])).toBe(false);
    expect(renaming.settle([["a", "x"]])).toBe(true);
  });

  it("settles all pairs or none", () => {
    const renaming = anyName();
    expect(
      renaming.settle([
        ["a", "x"],
        ["b", "x"],
      ]),
    ).toBe(false);
    expect(renaming.settle([["b", "x"]])).toBe(true);
  });

  it("keeps names that may not differ", () => {
    const renaming = new Renaming((recorded) => recorded === "port");
    expect(renaming.settle([["port", "40000"]])).toBe(true);
    expect(renaming.agrees([["443", "444"]])).toBe(false);
    expect(renaming.agrees([["443", "443"]])).toBe(true);
  });

  it("settles nothing by asking whether pairs agree", () => {
    const renaming = anyName();
    expect(renaming.agrees([["a", "x"]])).toBe(true);
    expect(renaming.settle([["a", "y"]])).toBe(true);
  });

  it("grows apart from its copy, and takes over what the copy has settled", () => {
    const renaming = anyName();
    renaming.settle([["a", "x"]]);
    const copy = renaming.fork();
    copy.settle([["b", "y"]]);
    expect(renaming.agrees([["b", "z"]])).toBe(true);
    expect(copy.agrees([["a", "z"]])).toBe(false);
    renaming.adopt(copy);
    expect(renaming.agrees([["b", "z"]])).toBe(false);
    copy.settle([["c", "w"]]);
    expect(renaming.agrees([["c", "v"]])).toBe(true);
  });

  it("grows by as many names as a long recording has without copying them each time", () => {
    const renaming = anyName();
    for (let index = 0; index < 30_000; index += 1) renaming.settle([[`c${index}`, `c${index + 1}`]]);
    expect(renaming.agrees([["c29999", "c30000"]])).toBe(true);
  });
});
