import { describe, expect, it } from "vitest";
import { applySysctlFiles } from "../../src/check/sysctl_writes.ts";
import { resolveKernel } from "../../src/kernel/eras.ts";

function apply(text: string, build = "6.12") {
  const kernel = resolveKernel({ build });
  if (!kernel.ok) throw new Error(kernel.problem);
  return applySysctlFiles([{ path: "a.conf", text }], kernel.era);
}

function outcome(text: string, build?: string) {
  const { writes } = apply(text, build);
  return writes.at(-1)?.problem?.errno ?? writes.at(-1)?.outcome;
}

const RANGE = "net.ipv4.ip_local_port_range";
const RESERVED = "net.ipv4.ip_local_reserved_ports";

describe("applySysctlFiles", () => {
  it("keeps the value of the last line and says where it comes from", () => {
    const { settings } = apply("net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward = 1");
    expect(settings.get("net.ipv4.conf.all.forwarding")).toMatchObject({ value: "1", place: { line: 2 } });
  });

  it("keeps the earlier value where the kernel refuses the later one", () => {
    const { settings } = apply(`${RANGE} = 20000 50001\n${RANGE} = 50001 20000`);
    expect(settings.get(RANGE)).toMatchObject({ value: "20000\t50001", place: { line: 1 } });
  });

  it("passes over names that a line spells out when it expands a glob, before it or after it", () => {
    const { values } = apply(
      "net.ipv4.conf.lo.rp_filter = 1\nnet.ipv4.conf.*.rp_filter = 2\nnet.ipv4.conf.all.rp_filter = 0",
    );
    const read = ["lo", "default", "all"].map((device) => values.number(`net.ipv4.conf.${device}.rp_filter`));
    expect(read).toEqual([1, 2, 0]);
  });

  it("passes over names and globs that -NAME excludes", () => {
    const { writes } = apply("-net.ipv4.conf.[al]*.rp_filter\nnet.ipv4.conf.*.rp_filter = 2");
    expect(writes.map(({ name }) => name)).toEqual(["net.ipv4.conf.default.rp_filter"]);
  });

  it("judges no value of a name that the model does not know", () => {
    expect(outcome("vm.swappiness = lots")).toBe("unknown");
  });

  // What Linux 6.18 answered to each of these writes.
  it.each([
    [`${RANGE} = 1024 65000`, "done"],
    [`${RANGE} = 32768 32768`, "done"],
    [`${RANGE} = 1024\t65000`, "done"],
    [`${RANGE} = 40000`, "done"],
    [`${RANGE} = 1024 65000 7`, "done"],
    [`${RANGE} = 60999 32768`, "EINVAL"],
    [`${RANGE} = 1024-65000`, "EINVAL"],
    [`${RANGE} = 1024,65000`, "EINVAL"],
    [`${RANGE} = 0 65000`, "EINVAL"],
    [`${RANGE} = 1023 65535`, "EINVAL"],
    [`${RESERVED} = 30000-32767`, "done"],
    [`${RESERVED} = 30000-32767,8080`, "done"],
    [`${RESERVED} = 8080,`, "done"],
    [`${RESERVED} = 0x1f90`, "done"],
    [`${RESERVED} =`, "done"],
    [`${RESERVED} = 30000-32767, 8080`, "EINVAL"],
    [`${RESERVED} = 32767-30000`, "EINVAL"],
    [`${RESERVED} = 30000\u201332767`, "EINVAL"],
    [`${RESERVED} = "30000-32767"`, "EINVAL"],
    [`${RESERVED} = 65536`, "EINVAL"],
    [`${RESERVED} = -5`, "EINVAL"],
    [`${RESERVED} = 099`, "EINVAL"],
    [`${RESERVED} = 1-2-3`, "EINVAL"],
    ["net.ipv4.tcp_tw_recycle = 1", "ENOENT"],
  ])("%s: %s", (text, expected) => {
    expect(outcome(text)).toBe(expected);
  });

  it("takes a low port below ip_unprivileged_port_start on kernels that do not compare them", () => {
    expect(outcome(`${RANGE} = 1023 65535`, "4.4")).toBe("done");
  });
});
