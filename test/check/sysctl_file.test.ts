import { describe, expect, it } from "vitest";
import { dottedName, isMatch, readSysctlFile } from "../../src/check/sysctl_file.ts";

function lines(text: string) {
  return readSysctlFile({ path: "a.conf", text });
}

describe("readSysctlFile", () => {
  it("takes everything behind the first = for the value, without the blanks around it", () => {
    const [line] = lines("\t net.ipv4.x =  a = b \r\n");
    expect([line?.kind, line?.name, line?.value]).toEqual(["set", "net.ipv4.x", "a = b"]);
  });

  it("knows comments by # or ; at the start of a line only", () => {
    expect(lines("# a = b\n  ; a = b\n\n")).toEqual([]);
    expect(lines("net.ipv4.ip_forward = 1 # on")[0]?.value).toBe("1 # on");
  });

  it("skips a line without =, and takes it for an exception from globs if it begins with -", () => {
    expect(lines("net.ipv4.ip_forward 1\n-net.ipv4.conf.lo.rp_filter").map(({ kind }) => kind)).toEqual([
      "wrong",
      "exclude",
    ]);
  });

  it("hears no failure of a key behind -", () => {
    const [line] = lines("-net.ipv4.ip_forward = 1");
    expect([line?.name, line?.ignoresFailure]).toEqual(["net.ipv4.ip_forward", true]);
  });

  it("says where the value stands, in characters", () => {
    expect(lines("# first\nnet.a = “1”")[0]?.valuePlace).toEqual({
      file: "a.conf",
      line: 2,
      column: 9,
      length: 3,
      sourceLine: "net.a = “1”",
    });
  });

  it("points at the key where the value is empty", () => {
    expect(lines("net.ipv4.ip_local_reserved_ports =")[0]?.valuePlace).toMatchObject({ column: 1, length: 32 });
  });
});

describe("dottedName", () => {
  it.each([
    ["net/ipv4/ip_forward", "net.ipv4.ip_forward"],
    ["net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.eth0/100.rp_filter"],
    ["net/ipv4/conf/eth0.100/rp_filter", "net.ipv4.conf.eth0/100.rp_filter"],
    ["kernel", "kernel"],
  ])("reads %s as %s", (key, name) => {
    expect(dottedName(key)).toBe(name);
  });
});

describe("isMatch", () => {
  it.each([
    ["net.ipv4.conf.*.rp_filter", "net.ipv4.conf.all.rp_filter", true],
    ["net.*.rp_filter", "net.ipv4.conf.all.rp_filter", false],
    ["net.ipv4.conf.l?.rp_filter", "net.ipv4.conf.lo.rp_filter", true],
    ["net.ipv4.conf.[!a]*.rp_filter", "net.ipv4.conf.all.rp_filter", false],
    ["net.ipv4.conf.[ad]*.rp_filter", "net.ipv4.conf.default.rp_filter", true],
    ["net+ipv4.x*", "net.ipv4.xy", false],
    ["net.ipv4.[z-a]", "net.ipv4.b", false],
  ])("%s and %s: %s", (glob, name, expected) => {
    expect(isMatch(glob, name)).toBe(expected);
  });
});
