import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { resolveKernel } from "../../src/kernel/eras.ts";
import type { KernelEra } from "../../src/kernel/kernel_era.ts";
import { findSysctl, sysctlNames, SysctlValues } from "../../src/kernel/sysctl.ts";
import { sysctlProblem } from "../../src/kernel/sysctl_definition.ts";

const RANGE = "net.ipv4.ip_local_port_range";
const RESERVED = "net.ipv4.ip_local_reserved_ports";
const GIB = 2 ** 30;

function eraOf(build: string): KernelEra {
  const resolution = resolveKernel({ build });
  if (!resolution.ok) throw new Error(resolution.problem);
  return resolution.era;
}

function valuesOf(build: string, memoryBytes = 16 * GIB): SysctlValues {
  return new SysctlValues(eraOf(build), { memoryBytes });
}

/** What is left after writing `text` to a fresh kernel: the printed value, or the message and the mend. */
function written(name: string, text: string, build = "6.18.44"): string {
  const values = valuesOf(build);
  const before = values.text(name);
  const problem = values.set(name, text);
  if (problem === undefined) return values.text(name);
  expect(values.text(name)).toBe(before);
  return `${problem.errno}: ${problem.message}: ${problem.mend}`;
}

describe("ip_local_port_range", () => {
  it.each([
    ["1024 65000", "1024\t65000"],
    ["1024\t65000", "1024\t65000"],
    ["1024\n65000", "1024\t65000"],
    ["  1024   65000 \n", "1024\t65000"],
    ["32768 32768", "32768\t32768"],
    ["32768 32770", "32768\t32770"],
    ["40000", "40000\t60999"],
    ["1024 65000 7", "1024\t65000"],
    ["0x8000 0xffff", "32768\t65535"],
    ["0100000 65535", "32768\t65535"],
  ])("takes %j as %j", (text, value) => {
    expect(written(RANGE, text)).toBe(value);
  });

  const example = "write two ports from 1 to 65535 with a space between them, such as 32768 60999";
  it.each([
    ["60999 32768", "60999 32768 runs backwards", "write 32768 60999"],
    ["0 65535", "0 is no port from 1 to 65535", example],
    ["1024 65536", "65536 is no port from 1 to 65535", example],
    ["-1 65000", "-1 is no port from 1 to 65535", example],
    ["abc", '"a" stands where a number belongs', example],
    ["40000 x", '"x" stands where a number belongs', example],
    ["40000 50000x", '"x" stands behind a number, where only white space may', "write 40000 50000"],
    ["", "the value is empty", example],
    [" ", "the value is empty", example],
    ["1024-65000", '"-" stands where white space belongs', "write 1024 65000"],
    ["1024,65000", '"," stands where white space belongs', "write 1024 65000"],
    ["32768\u201360999", '"\u2013" (U+2013, an en dash) stands where white space belongs', "write 32768 60999"],
    [
      "1023 65535",
      "the low port 1023 is below net.ipv4.ip_unprivileged_port_start, which is 1024",
      "write a low port of 1024 or more, or lower net.ipv4.ip_unprivileged_port_start first",
    ],
    ["61000", "61000 alone changes only the low port, and the high port is 60999", example],
  ])("refuses %j with EINVAL", (text, message, mend) => {
    expect(written(RANGE, text)).toBe(`EINVAL: ${message}: ${mend}`);
  });

  it("takes a privileged low port where ip_unprivileged_port_start does not exist", () => {
    expect(written(RANGE, "1023 65535", "4.4.11")).toBe("1023\t65535");
    expect(written(RANGE, "1023 65535", "4.11")).toMatch("EINVAL");
    expect(written(RANGE, "1023 65535", "4.18.0-147.el8")).toMatch("EINVAL");
  });

  it("ends at 61000 up to 4.1, and at 60999 from 4.2 and in el7", () => {
    expect(valuesOf("4.1.19").localPortRange).toEqual([32768, 61000]);
    expect(valuesOf("4.2").localPortRange).toEqual([32768, 60999]);
    expect(valuesOf("3.10.0-1160.el7").localPortRange).toEqual([32768, 60999]);
  });

  it("and ip_unprivileged_port_start keep each other in order", () => {
    const values = valuesOf("6.1");
    const start = "net.ipv4.ip_unprivileged_port_start";
    expect(values.set(start, "32769")).toEqual({
      errno: "EINVAL",
      message: "32769 is above the low end of net.ipv4.ip_local_port_range, which is 32768",
      mend: "write 32768 or less, or raise net.ipv4.ip_local_port_range first",
    });
    expect(values.set(start, "32768")).toBeUndefined();
    expect(values.set(RANGE, "32768 60999")).toBeUndefined();
    expect(values.set(RANGE, "32767 60999")?.errno).toBe("EINVAL");
    expect(values.set(start, "0")).toBeUndefined();
    expect(values.set(RANGE, "1 65535")).toBeUndefined();
    expect(values.localPortRange).toEqual([1, 65535]);
  });
});

describe("Numbers", () => {
  const retries = "net.ipv4.tcp_syn_retries";
  it.each([
    ["3", "3"],
    [" \t3\n", "3"],
    ["0x10", "16"],
    ["010", "8"],
    ["3 x", "3"],
    ["127", "127"],
  ])("take %j as %j", (text, value) => {
    expect(written(retries, text)).toBe(value);
  });

  it.each([
    ["0", "0 is outside 1 to 127"],
    ["128", "128 is outside 1 to 127"],
    ["-3", "-3 is outside 1 to 127"],
    ["", "the value is empty"],
    ["six", '"s" stands where a number belongs'],
    ["3x", '"x" stands behind a number, where only white space may'],
    ["3.5", '"." stands behind a number, where only white space may'],
    ["08", 'a number that begins with 0 is octal, and "8" is no octal digit'],
    ["\u22123", '"\u2212" (U+2212, a minus sign) stands where a number belongs'],
    ["99999999999999999999999", "a number has more than 20 characters"],
  ])("refuse %j with EINVAL", (text, message) => {
    expect(written(retries, text)).toBe(`EINVAL: ${message}: write a whole number from 1 to 127`);
  });

  it("take any int for a plain switch, as the kernel does", () => {
    expect(written("net.ipv4.ip_forward", "7")).toBe("7");
    expect(written("net.ipv4.ip_forward", "-1")).toBe("-1");
    expect(written("net.ipv4.ip_forward", "2147483648")).toBe(
      "EINVAL: 2147483648 is outside -2147483648 to 2147483647: write 0 or 1",
    );
    expect(written("net.ipv4.vs.conn_reuse_mode", "3")).toBe("3");
  });

  it("are bounded as their release bounds them", () => {
    expect(written("net.ipv4.tcp_synack_retries", "300", "5.10")).toBe("300");
    expect(written("net.ipv4.tcp_synack_retries", "300", "5.15")).toMatch("EINVAL: 300 is outside 0 to 255");
    expect(written("net.ipv4.tcp_tw_reuse", "3", "4.4.11")).toBe("3");
    expect(written("net.ipv4.tcp_tw_reuse", "3", "4.18.0-147.el8")).toMatch("EINVAL: 3 is outside 0 to 2");
    expect(written("net.netfilter.nf_conntrack_tcp_timeout_close", "8589934", "5.10")).toBe("8589934");
    expect(written("net.netfilter.nf_conntrack_tcp_timeout_close", "8589935", "5.10")).toMatch("EINVAL");
  });

  it("keep 1 for any true bridge switch and whole pages of conntrack buckets", () => {
    expect(written("net.bridge.bridge-nf-call-iptables", "5")).toBe("1");
    expect(written("net.netfilter.nf_conntrack_buckets", "1000")).toBe("1024");
    expect(written("net.netfilter.nf_conntrack_buckets", "0")).toMatch("EINVAL");
  });

  it("are read in the three bases alike", () => {
    fc.assert(
      fc.property(fc.integer({ min: -70, max: 200 }), (value) => {
        const sign = value < 0 ? "-" : "";
        const size = Math.abs(value);
        const texts = [`${value}`, `${sign}0x${size.toString(16)}`, `${sign}0${size.toString(8)}`];
        const results = texts.map((text) => written("net.ipv4.vs.amemthresh", text));
        expect(results).toEqual([`${value}`, `${value}`, `${value}`]);
      }),
    );
  });
});

describe("Defaults", () => {
  it("follow the kernel", () => {
    const numbers = (name: string, ...builds: string[]): number[] =>
      builds.map((build) => valuesOf(build).number(name));
    expect(numbers("net.core.somaxconn", "5.3", "5.4")).toEqual([128, 4096]);
    expect(numbers("net.ipv4.tcp_tw_reuse", "4.4.11", "4.18", "4.18.0-147.el8", "4.19")).toEqual([0, 0, 2, 2]);
    expect(numbers("net.ipv4.tcp_syn_linear_timeouts", "6.4", "6.5")).toEqual([0, 4]);
    expect(numbers("net.ipv4.tcp_challenge_ack_limit", "4.4.11", "3.10.108", "5.10", "6.1")).toEqual([
      100, 1000, 1000, 2147483647,
    ]);
    expect(numbers("net.ipv4.tcp_invalid_ratelimit", "3.10.108", "3.10.0-1160.el7", "6.1")).toEqual([0, 500, 500]);
    expect(numbers("net.ipv4.vs.conn_reuse_mode", "3.10", "4.1")).toEqual([0, 1]);
    expect(numbers("net.netfilter.nf_conntrack_udp_timeout_stream", "4.19", "5.10")).toEqual([180, 120]);
    expect(numbers("net.netfilter.nf_conntrack_tcp_timeout_established", "3.10", "7.2")).toEqual([432000, 432000]);
  });

  // buckets and max of a machine with so much memory
  it.each([
    ["5.10.262", 0.5, 4096, 16384],
    ["5.10.262", 1.5, 16384, 65536],
    ["5.10.262", 16, 65536, 262144],
    ["6.1.176", 0.5, 4096, 4096],
    ["6.1.176", 1.5, 65536, 65536],
    ["6.1.176", 16, 262144, 262144],
  ])("size the conntrack table of %s with %s GiB", (build, gibibytes, buckets, max) => {
    const values = valuesOf(build, gibibytes * GIB);
    expect(values.number("net.netfilter.nf_conntrack_buckets")).toBe(buckets);
    expect(values.number("net.netfilter.nf_conntrack_max")).toBe(max);
    expect(values.number("net.nf_conntrack_max")).toBe(max);
  });

  it("grow with the established hash", () => {
    const large = valuesOf("6.1", 31 * GIB);
    expect(large.number("net.ipv4.tcp_max_tw_buckets")).toBe(131072);
    expect(large.number("net.ipv4.tcp_max_syn_backlog")).toBe(2048);
    expect(valuesOf("4.19", 31 * GIB).number("net.ipv4.tcp_max_syn_backlog")).toBe(1024);
    expect(valuesOf("6.1", GIB / 4).number("net.ipv4.tcp_max_syn_backlog")).toBe(128);
    expect(valuesOf("6.1", 512 * GIB).number("net.ipv4.tcp_max_tw_buckets")).toBe(262144);
  });
});

describe("findSysctl", () => {
  it.each([
    ["net.ipv4.ip_forward", "net.ipv4.ip_forward"],
    ["net/ipv4/ip_forward", "net.ipv4.ip_forward"],
    ["net.ipv4.conf.all.rp_filter", "net.ipv4.conf.*.rp_filter"],
    ["net.ipv4.conf.*.rp_filter", "net.ipv4.conf.*.rp_filter"],
    ["net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.*.rp_filter"],
    ["net/ipv4/conf/eth0.100/rp_filter", "net.ipv4.conf.*.rp_filter"],
    ["net.ipv4.neigh.cali1.proxy_delay", "net.ipv4.neigh.*.proxy_delay"],
  ])("finds %s as %s", (name, row) => {
    expect(findSysctl(name)?.name).toBe(row);
  });

  it("knows no other names", () => {
    for (const name of [
      "",
      "net.ipv4",
      "net.ipv4.ip_forwarding",
      "net.ipv4.conf.eth0.100.rp_filter",
      "vm.swappiness",
    ]) {
      expect(findSysctl(name)).toBeUndefined();
    }
  });

  it.each(sysctlNames())("finds %s, whose default its own parser takes and prints back", (name) => {
    const definition = findSysctl(name);
    expect(definition?.name).toBe(name);
    const values = valuesOf(definition?.removedIn === undefined ? "7.2" : "4.4.11");
    const concrete = name.replace("*", "eth0");
    const text = values.text(concrete);
    const problem = values.set(concrete, text);
    expect(problem?.errno).toBe(definition?.isReadOnly === true ? "EACCES" : undefined);
    expect(values.text(concrete)).toBe(text);
  });
});

describe("sysctlProblem", () => {
  const problemOf = (name: string, build: string): string | undefined => {
    const definition = findSysctl(name);
    if (definition === undefined) throw new Error(name);
    return sysctlProblem(definition, eraOf(build));
  };

  it("says since when, or until when, a kernel has a sysctl", () => {
    expect(problemOf("net.ipv4.tcp_tw_recycle", "5.15")).toBe("it was removed in 4.12");
    expect(problemOf("net.ipv4.tcp_tw_recycle", "4.9.320")).toBeUndefined();
    expect(problemOf("net.ipv4.tcp_syn_linear_timeouts", "6.4")).toBe("it exists from 6.5");
    expect(problemOf("net.ipv4.ip_local_port_step_width", "6.18.44")).toBe("it exists from 7.1");
    expect(problemOf("net.ipv4.tcp_invalid_ratelimit", "3.10.108")).toBe("it exists from 4.0");
    expect(problemOf("net.ipv4.tcp_invalid_ratelimit", "3.10.0-1160.el7")).toBeUndefined();
  });

  it("is the reason of ENOENT", () => {
    expect(valuesOf("5.15").set("net.ipv4.tcp_tw_recycle", "1")).toEqual({
      errno: "ENOENT",
      message: 'kernel 5.15 has no "net.ipv4.tcp_tw_recycle": it was removed in 4.12',
      mend: "delete it, or choose a kernel that has it",
    });
  });
});

describe("SysctlValues", () => {
  it("replaces the list of reserved ports at each write, and keeps it if the write fails", () => {
    const values = valuesOf("6.1");
    values.set(RESERVED, "8080");
    const first = values.reservedPorts;
    expect(values.set(RESERVED, "9090,x")).toMatchObject({ errno: "EINVAL" });
    expect(values.reservedPorts).toBe(first);
    values.set(RESERVED, "9090");
    expect([first[8080], values.reservedPorts[8080], values.reservedPorts[9090]]).toEqual([1, 0, 1]);
  });

  it("answers ENOENT for a name that no kernel has, and EACCES for a count", () => {
    const values = valuesOf("6.1");
    expect(values.set("net.ipv4.ip_forwrd", "1")).toMatchObject({
      errno: "ENOENT",
      message: 'there is no sysctl "net.ipv4.ip_forwrd"',
    });
    expect(values.set("net.ipv4.conf.*.rp_filter", "1")).toMatchObject({
      errno: "ENOENT",
      mend: "write all, default or the name of a device",
    });
    expect(values.set("net.netfilter.nf_conntrack_count", "1")).toMatchObject({ errno: "EACCES" });
  });

  it("gives a device the value of default until it has its own", () => {
    const values = valuesOf("6.1");
    values.set("net.ipv4.conf.default.rp_filter", "1");
    expect(values.number("net.ipv4.conf.eth0.rp_filter")).toBe(1);
    expect(values.number("net.ipv4.conf.all.rp_filter")).toBe(0);
    values.set("net/ipv4/conf/eth0.100/rp_filter", "2");
    expect(values.number("net.ipv4.conf.eth0/100.rp_filter")).toBe(2);
    expect(values.number("net.ipv4.conf.eth0.rp_filter")).toBe(1);
  });

  it("has ip_forward as conf.all.forwarding, whose change is that of every device", () => {
    const values = valuesOf("6.1");
    values.set("net.ipv4.conf.eth0.forwarding", "1");
    values.set("net.ipv4.ip_forward", "1");
    values.set("net.ipv4.conf.eth1.forwarding", "0");
    values.set("net.ipv4.ip_forward", "1");
    const forwarding = (device: string): number => values.number(`net.ipv4.conf.${device}.forwarding`);
    expect(["all", "default", "eth0", "eth1", "eth2"].map(forwarding)).toEqual([1, 1, 1, 0, 1]);
    values.set("net.ipv4.conf.all.forwarding", "0");
    expect(["all", "default", "eth0", "eth1", "eth2"].map(forwarding)).toEqual([0, 0, 0, 0, 0]);
    expect(values.number("net.ipv4.ip_forward")).toBe(0);
  });

  it("shares what the machine has once, and only that", () => {
    const era = eraOf("6.1");
    const node = new SysctlValues(era);
    const pod = new SysctlValues(era, { globals: node });
    pod.set("net.netfilter.nf_conntrack_max", "8");
    node.set(RANGE, "1024 65000");
    node.set(RESERVED, "8080");
    expect(node.number("net.nf_conntrack_max")).toBe(8);
    expect(pod.number("net.netfilter.nf_conntrack_max")).toBe(8);
    expect(pod.localPortRange).toEqual([32768, 60999]);
    expect(pod.reservedPorts[8080]).toBe(0);
  });

  it("has one range and one list per machine on 3.10, and one list on el7", () => {
    const shares = (build: string): boolean[] => {
      const node = new SysctlValues(eraOf(build));
      const pod = new SysctlValues(eraOf(build), { globals: node });
      node.set(RANGE, "2000 3000");
      node.set(RESERVED, "8080");
      return [pod.localPortRange === node.localPortRange, pod.reservedPorts === node.reservedPorts];
    };
    expect(shares("3.10.108")).toEqual([true, true]);
    expect(shares("3.10.0-1160.el7")).toEqual([false, true]);
    expect(shares("4.1.19")).toEqual([false, false]);
  });

  it("tells its listeners of each write that took effect, also of a shared one", () => {
    const era = eraOf("6.1");
    const node = new SysctlValues(era);
    const pod = new SysctlValues(era, { globals: node });
    const heard: string[] = [];
    pod.onChange((name) => heard.push(name));
    pod.set("net/ipv4/ip_forward", "1");
    pod.set("net.ipv4.ip_forward", "x");
    node.set("net.ipv4.ip_forward", "1");
    node.set("net.nf_conntrack_max", "8");
    expect(heard).toEqual(["net.ipv4.ip_forward", "net.nf_conntrack_max"]);
  });

  it("keeps the same range and flags until they change", () => {
    const values = valuesOf("6.1");
    const [range, flags] = [values.localPortRange, values.reservedPorts];
    values.set("net.ipv4.ip_forward", "1");
    expect(values.localPortRange).toBe(range);
    expect(values.reservedPorts).toBe(flags);
  });

  it("breaks on a name that the kernel model should know and does not", () => {
    expect(() => valuesOf("6.1").number("net.ipv4.no_such")).toThrow("has a row for net.ipv4.no_such");
    expect(() => valuesOf("6.1").number(RANGE)).toThrow("is one number");
  });
});
