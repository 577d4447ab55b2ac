import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMatch } from "../../src/check/sysctl_file.ts";
import { sysctlSizeProblem } from "../../src/check/sysctl_size.ts";

describe("isMatch", () => {
  it.each([
    ["net.ipv4.conf.*.rp_filter", "net.ipv4.conf.eth0.rp_filter", true],
    ["net.ipv4.*.rp_filter", "net.ipv4.conf.eth0.rp_filter", false],
    ["net.ipv4.conf.eth?.x", "net.ipv4.conf.eth0.x", true],
    ["net.ipv4.conf.eth[0-3].x", "net.ipv4.conf.eth2.x", true],
    ["net.ipv4.conf.eth[!0-3].x", "net.ipv4.conf.eth2.x", false],
    ["a[]x]b", "a]b", true],
    ["a[z-a]b", "amb", false],
    ["a[b", "a[b", true],
    ["**", "abc", true],
    ["*", "", true],
    ["a.*", "a", false],
  ])("%s takes %s: %s", (glob, name, isTaken) => {
    expect(isMatch(glob, name)).toBe(isTaken);
  });

  it("takes no longer for a glob that was made to", () => {
    expect(isMatch(`${"*a".repeat(500)}*b`, "a".repeat(500))).toBe(false);
  });

  it("agrees with a regular expression on stars and question marks", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
    fc.assert(
      fc.property(text, name, (glob, given) => {
        const pattern = glob.replaceAll(".", "\\.").replaceAll("*", "[^.]*").replaceAll("?", "[^.]");
        expect(isMatch(glob, given)).toBe(new RegExp(`^${pattern}$`).test(given));
      }),
    );
  });
});

describe("sysctlSizeProblem", () => {
  it.each([
    ["\n".repeat(200_001), "Cannot check it: it has 200002 lines"],
    ["net.ipv4.*=1\n".repeat(1001), "Cannot check it: it has 1001 lines with *, ? or ["],
    ["# sim-check: x\n".repeat(1001), "Cannot check it: it has 1001 suppressions"],
  ])("refuses more than any node has (case %#)", (text, message) => {
    expect(sysctlSizeProblem({ path: "a.conf", text })?.message).toBe(message);
  });

  it("takes what sysctl -a prints on a node of many interfaces", () => {
    expect(sysctlSizeProblem({ path: "a", text: "net.ipv4.conf.veth.x = 1\n".repeat(100_000) })).toBeUndefined();
  });
});
