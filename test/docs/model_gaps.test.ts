import { describe, expect, it } from "vitest";
import { gapsOf } from "../support/model_gaps.ts";

describe("gapsOf", () => {
  const textsOf = (source: string): string[] => gapsOf(source).map(({ text }) => text);
  const subjectOf = (source: string): string | undefined => gapsOf(source)[0]?.subject;

  it("reads what follows `Not modelled:` up to the end of its paragraph", () => {
    expect(textsOf("/**\n * A thing. Not modelled: this,\n * and that.\n *\n * @returns nothing.\n */\n")).toEqual([
      "this, and that.",
    ]);
    expect(textsOf("  // Not modelled: a\n  // tail.\n  const x = 1;\n")).toEqual(["a tail."]);
    expect(textsOf("/** B. Not modelled: b. Source: net/ipv4/tcp.c, v6.1. */")).toEqual(["b."]);
    expect(textsOf('const text = "Not modelled: c.";\n')).toEqual([]);
  });

  it("names what the comment is about", () => {
    expect(subjectOf("/** Not modelled: a. */\nexport class Tcp {\n")).toBe("Tcp");
    expect(subjectOf("export class Tcp {\n  /** Not modelled: a. */\n  #forward(packet: Packet): void {\n")).toBe(
      "Tcp.#forward",
    );
    expect(subjectOf('  // Not modelled: a.\n  integer({\n    name: "net.ipv4.ip_forward",\n  }),\n')).toBe(
      "net.ipv4.ip_forward",
    );
    expect(subjectOf("  // Not modelled: a.\n  { firsts: [] },\n")).toBe("");
  });
});
