import { describe, expect, it } from "vitest";
import { jsonText } from "../../src/report/json_text.ts";

describe("jsonText", () => {
  it("escapes what could drive a terminal or turn the order of letters round", () => {
    expect(jsonText({ "\u202e": "\u001b\u007f\u009b\u2028é" })).toBe(
      String.raw`{
  "\u202e": "\u001b\u007f\u009b\u2028é"
}
`,
    );
  });

  it("is the same document for whoever reads it", () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join("");
    expect(JSON.parse(jsonText([all]))).toEqual([all]);
  });
});
