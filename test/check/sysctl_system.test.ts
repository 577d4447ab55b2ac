import { describe, expect, it } from "vitest";
import { systemOrder } from "../../src/check/sysctl_system.ts";

function order(...paths: readonly string[]) {
  return systemOrder(paths.map((path) => ({ path, text: "" })));
}

describe("systemOrder", () => {
  it("applies files by name whatever their folder, and /etc/sysctl.conf last", () => {
    const { applied } = order(
      "etc/sysctl.conf",
      "etc/sysctl.d/60-b.conf",
      "usr/lib/sysctl.d/99-z.conf",
      "run/sysctl.d/10-a.conf",
    );
    expect(applied.map(({ path }) => path)).toEqual([
      "run/sysctl.d/10-a.conf",
      "etc/sysctl.d/60-b.conf",
      "usr/lib/sysctl.d/99-z.conf",
      "etc/sysctl.conf",
    ]);
  });

  it("takes the file of the strongest folder where a name is there twice", () => {
    const { applied, masked } = order(
      "lib/sysctl.d/50-default.conf",
      "usr/lib/sysctl.d/50-default.conf",
      "usr/local/lib/sysctl.d/50-default.conf",
      "run/sysctl.d/50-default.conf",
      "etc/sysctl.d/50-default.conf",
    );
    expect(applied.map(({ path }) => path)).toEqual(["etc/sysctl.d/50-default.conf"]);
    expect(masked.map(({ file }) => file.path)).toEqual([
      "run/sysctl.d/50-default.conf",
      "usr/local/lib/sysctl.d/50-default.conf",
      "usr/lib/sysctl.d/50-default.conf",
      "lib/sysctl.d/50-default.conf",
    ]);
  });

  it("says of files that nothing reads why, and where they belong", () => {
    const { applied, unread } = order("etc/sysconf.d/a", "etc/sysctl.d/b.conf.bak", "etc/sysctl.d/old/c.conf");
    expect(applied).toEqual([]);
    expect(unread.map(({ why, belongs }) => [why, belongs])).toEqual([
      ["its name does not end in .conf", "etc/sysctl.d/b.conf.bak.conf"],
      ["folders below sysctl.d are not searched", "etc/sysctl.d/c.conf"],
      ["nothing reads /etc/sysconf.d", "etc/sysctl.d/a.conf"],
    ]);
  });
});
