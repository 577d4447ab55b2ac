import { describe, expect, it } from "vitest";
import { formatDiagnostic, quote } from "../../src/scenario/diagnostic.ts";

describe("formatDiagnostic", () => {
  it("shows place, message, line, carets, what was expected and the mend", () => {
    const text = formatDiagnostic({
      file: "scenarios/black-friday.yaml",
      line: 14,
      column: 3,
      length: 23,
      message: 'Cannot set "net.ipv4.tcp_tw_recycle" on kernel 5.15: it was removed in 4.12',
      sourceLine: "  net.ipv4.tcp_tw_recycle: 1",
      expected: "a sysctl of kernel 5.15 (closest: net.ipv4.tcp_tw_reuse)",
      toMend: 'delete the line, or set `kernel: "4.9"` on line 3',
    });
    expect(`\n${text}\n`).toBe(`
scenarios/black-friday.yaml:14:3: Cannot set "net.ipv4.tcp_tw_recycle" on kernel 5.15: it was removed in 4.12
  14 |   net.ipv4.tcp_tw_recycle: 1
         ^^^^^^^^^^^^^^^^^^^^^^^
  expected: a sysctl of kernel 5.15 (closest: net.ipv4.tcp_tw_reuse)
  to mend:  delete the line, or set \`kernel: "4.9"\` on line 3
`);
  });

  it("keeps the carets under the word behind tabs", () => {
    const diagnostic = { file: "x", line: 1, column: 3, length: 2, message: "m", sourceLine: "\ta:b" };
    expect(formatDiagnostic(diagnostic)).toBe("x:1:3: m\n  1 | \ta:b\n      \t ^^");
  });

  it("cuts long lines around the carets", () => {
    const sourceLine = `${"a".repeat(500)}WRONG${"b".repeat(500)}`;
    const lines = formatDiagnostic({ file: "x", line: 1, column: 501, length: 5, message: "m", sourceLine }).split(
      "\n",
    );
    const at = lines[1]?.indexOf("WRONG") ?? -1;
    expect(at).toBeGreaterThan(0);
    expect(lines[2]?.indexOf("^^^^^")).toBe(at);
    expect(lines[1]?.length).toBeLessThan(160);
  });

  it("never lets control characters of the input reach the terminal", () => {
    const text = formatDiagnostic({
      file: "\u001b[2J",
      line: 1,
      column: 1,
      length: 1,
      message: "m\u0007",
      sourceLine: "\u001b]0;x",
    });
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe("quote", () => {
  it("quotes and cuts", () => {
    expect(quote('a"b')).toBe('"a\\"b"');
    expect(quote("x".repeat(200))).toHaveLength(82);
  });
});
