import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { formatPortList, parsePortList } from "../../src/kernel/sysctl_port_list.ts";

/** The list as it is printed after a write, or the message and the mend. */
function readBack(text: string): string {
  const parsed = parsePortList(text);
  return parsed.ok
    ? formatPortList(parsed.flags)
    : `${parsed.problem.errno}: ${parsed.problem.message}: ${parsed.problem.mend}`;
}

describe("parsePortList", () => {
  it.each([
    ["30000-32767", "30000-32767"],
    ["30000-32767\n", "30000-32767"],
    ["30000-32767,8080", "8080,30000-32767"],
    ["8080,", "8080"],
    ["8080\n9090", "8080,9090"],
    ["\n\n8080\n\n", "8080"],
    ["0", "0"],
    ["65535", "65535"],
    ["0-65535", "0-65535"],
    ["0x1f90", "8080"],
    ["010", "8"],
    ["", ""],
    ["5,5,5-7,6", "5-7"],
    ["7,6,5", "5-7"],
    ["5-5", "5"],
  ])("takes %j as %j", (text, value) => {
    expect(readBack(text)).toBe(value);
  });

  const example = "write ports and ranges with commas and without spaces, such as 10250,30000-32767";
  const noSpace = "a space stands in the list, and the kernel takes none";
  it.each([
    ["32767-30000", "32767-30000 runs backwards", "write 30000-32767"],
    ["30000-32767, 8080", noSpace, "write 30000-32767,8080"],
    [" 8080", noSpace, "write 8080"],
    ["8080 ", noSpace, "write 8080"],
    ["8080 9090", noSpace, "write 8080,9090"],
    ["8080\t", "a tab stands in the list, and the kernel takes none", "write 8080"],
    ["8080\r\n", "a carriage return stands in the list, and the kernel takes none", "write 8080"],
    [",8080", 'a port is missing before ","', "write 8080"],
    ["8080,,9090", 'a port is missing before ","', "write 8080,9090"],
    ["8080-", "a range has no upper end", "write 8080"],
    ["1-2-3", '"-" stands behind a range', example],
    ["30000\u201332767", '"\u2013" (U+2013, an en dash) stands where a "-" belongs', "write 30000-32767"],
    ["65536", "65536 is no port from 0 to 65535", example],
    ["70000", "70000 is no port from 0 to 65535", example],
    ["1-70000", "70000 is no port from 0 to 65535", example],
    ["-5", "-5 is no port from 0 to 65535", "write 5"],
    ["+80", '"+" stands where a port belongs', "write 80"],
    ["099", '099 begins with 0, so it is octal, and "9" is no octal digit', "write 99"],
    ["8080:9090", '":" stands where "," or "-" or the end of the line belongs', "write 8080-9090"],
    ["8080;9090", '";" stands where "," or "-" or the end of the line belongs', "write 8080,9090"],
    ['\u201d30000\u201332768"', '"\u201d" (U+201D, a quotation mark) stands where a port belongs', "write 30000-32768"],
    ["all", '"a" stands where a port belongs', example],
    ["000000000000000000000080", "a number has more than 20 characters", "write 80"],
    ["99999999999999999999", "99999999999999999999 is no port from 0 to 65535", example],
  ])("refuses %j with EINVAL", (text, message, mend) => {
    expect(readBack(text)).toBe(`EINVAL: ${message}: ${mend}`);
  });

  const ports = fc.uniqueArray(fc.nat(65535), { maxLength: 40 });

  it("reads back what it prints", () => {
    fc.assert(
      fc.property(ports, (list) => {
        const flags = new Uint8Array(65536);
        for (const port of list) flags[port] = 1;
        const parsed = parsePortList(formatPortList(flags));
        expect(parsed.ok && Buffer.compare(parsed.flags, flags)).toBe(0);
      }),
    );
  });

  const piece = fc.oneof(
    fc.nat(66000).map(String),
    fc.tuple(fc.nat(66000), fc.nat(66000)).map(([a, b]) => `${a}-${b}`),
    fc.constantFrom("", " 5", "1-2-3", "x"),
  );
  it("agrees with a grammar on decimal lists", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = pieces.join(",");
        const isValid = pieces.every((one, index) => {
          if (one === "") return index > 0 && index === pieces.length - 1; // only a trailing comma may leave one out
          const [low = NaN, high = low, ...rest] = one
            .split("-")
            .map((end) => (/^(0|[1-9]\d*)$/.test(end) ? +end : NaN));
          return rest.length === 0 && low <= high && high <= 65535;
        });
        expect(parsePortList(text).ok).toBe(isValid || text === "");
      }),
    );
  });

  it("answers any text without throwing, and its mend is taken", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const parsed = parsePortList(text);
        const mend = parsed.ok ? undefined : /^write (\S+)$/.exec(parsed.problem.mend)?.[1];
        expect(mend === undefined || parsePortList(mend).ok).toBe(true);
      }),
    );
  });
});
