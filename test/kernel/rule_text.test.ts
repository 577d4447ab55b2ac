import { describe, expect, it } from "vitest";
import { parseMasked, parsePorts, parsePrefix, parseWhole, splitWords } from "../../src/kernel/netfilter/rule_text.ts";
import { ip } from "../support/small_network.ts";

// Goal: a word of a rule is read as iptables reads it, or is said to be none.
// Method: each kind of word at its limits, and one step beyond.

describe("A word of a rule", () => {
  it.each([
    ["0", 65_535, 0],
    ["0x10", 65_535, 16],
    ["65535", 65_535, 65_535],
    ["65536", 65_535, undefined],
    ["1e3", 65_535, undefined],
    ["-1", 65_535, undefined],
    ["", 65_535, undefined],
  ])("%j is a whole number up to %i: %s", (text, most, value) => {
    expect(parseWhole(text, most)).toBe(value);
  });

  it.each([
    ["0x4000", { value: 0x4000, mask: 0xffff_ffff }],
    ["0x4000/0x4000", { value: 0x4000, mask: 0x4000 }],
    ["1/2/3", undefined],
    ["/1", undefined],
    ["1/", undefined],
    ["1/4294967296", undefined],
  ])("%j is a mark with its mask: %o", (text, masked) => {
    expect(parseMasked(text)).toEqual(masked);
  });

  it.each([
    ["80", ":", { low: 80, high: 80 }],
    ["80:81", ":", { low: 80, high: 81 }],
    [":81", ":", { low: 0, high: 81 }],
    ["80:", ":", { low: 80, high: 65_535 }],
    ["1024-2047", "-", { low: 1024, high: 2047 }],
    ["81:80", ":", undefined],
    [":", ":", undefined],
    ["1:2:3", ":", undefined],
    ["65536", ":", undefined],
    ["http:", ":", undefined],
    [":http", ":", undefined],
  ] as const)("%j is a range of ports with %j between: %o", (text, separator, range) => {
    expect(parsePorts(text, separator)).toEqual(range);
  });

  it.each([
    ["10.0.0.9", { address: ip("10.0.0.9"), mask: ip("255.255.255.255") }],
    ["10.0.0.9/8", { address: ip("10.0.0.0"), mask: ip("255.0.0.0") }],
    ["10.0.0.9/255.255.255.0", { address: ip("10.0.0.0"), mask: ip("255.255.255.0") }],
    ["10.0.0.9/33", undefined],
    ["10.0.0.9/8/8", undefined],
    ["10.0.0", undefined],
  ])("%j is an address with its prefix: %o", (text, prefix) => {
    const read = parsePrefix(text);
    expect(read && { address: read.address >>> 0, mask: read.mask >>> 0 }).toEqual(
      prefix && { address: prefix.address >>> 0, mask: prefix.mask >>> 0 },
    );
  });

  it("stands between spaces, or in quotes that are closed", () => {
    expect([splitWords('-j LOG --log-prefix "a b"'), splitWords('-m comment "a')]).toEqual([
      ["-j", "LOG", "--log-prefix", "a b"],
      undefined,
    ]);
  });
});
