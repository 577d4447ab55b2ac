import type { Fault } from "./fault.ts";

/** Faults in the table of kernel builds, in sysctls and in what is written of them. */
export const ERA_FAULTS: readonly Fault[] = [
  {
    wrong: "5.15.6 lacks its change of conn_reuse_mode=0, which comes with 5.15.7.",
    file: "kernel/era_table.ts",
    find: '"5.10.83", "5.15.6"]',
    replace: '"5.10.83", "5.15.7"]',
  },
  {
    wrong: "The timer wheel of 4.8 comes with 4.9.",
    file: "kernel/era_table.ts",
    find: '{ firsts: ["4.8"], gives: { timerWheel: "granules" } }',
    replace: '{ firsts: ["4.9"], gives: { timerWheel: "granules" } }',
  },
  {
    wrong: "The first build of a stable line that has a change does not have it.",
    file: "kernel/eras.ts",
    find: "return isLine ? release[2] >= patch",
    replace: "return isLine ? release[2] > patch",
  },
  {
    wrong: "A walk that a request names keeps the salt of the build's own.",
    file: "kernel/eras.ts",
    find: 'portHashIsResalted: portWalk === "5.18+" };',
    replace: "portHashIsResalted: era.portHashIsResalted };",
  },
  {
    wrong: "A number may have 21 characters.",
    file: "kernel/sysctl_numbers.ts",
    find: "if (end - start >= LONGEST)",
    replace: "if (end - start > LONGEST)",
  },
  {
    wrong: "ip_unprivileged_port_start may not be the low end of the port range.",
    file: "kernel/sysctl.ts",
    find: "if (start <= low) return undefined;",
    replace: "if (start < low) return undefined;",
  },
  {
    wrong: "A changed ip_forward is not the value of devices to come.",
    file: "kernel/sysctl.ts",
    find: '      this.#numbers.set("net.ipv4.conf.default.forwarding", value);\n',
    replace: "",
  },
  {
    wrong: "The port range may not begin at ip_unprivileged_port_start.",
    file: "kernel/sysctl_port_range.ts",
    find: "if (low < unprivilegedStart) {",
    replace: "if (low <= unprivilegedStart) {",
  },
  {
    wrong: "A sysctl keeps what was written where the kernel keeps another value.",
    file: "kernel/sysctl_integer.ts",
    find: "value: definition.keeps === undefined ? value : definition.keeps(value) }",
    replace: "value }",
  },
  {
    wrong: "conf.all has the value of conf.default.",
    file: "kernel/sysctl.ts",
    find: 'if (device !== undefined && device !== "all" && device !== "default") {',
    replace: 'if (device !== undefined && device !== "default") {',
  },
];
