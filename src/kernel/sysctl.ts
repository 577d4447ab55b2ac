import { assert } from "../sim/assert.ts";
import type { Port } from "../units.ts";
import type { KernelEra } from "./kernel_era.ts";
import { sysctlProblem, sysctlScope, type IntegerSysctl, type SysctlDefinition } from "./sysctl_definition.ts";
import { parseInteger } from "./sysctl_integer.ts";
import { formatPortList, parsePortList } from "./sysctl_port_list.ts";
import { parsePortRange, type PortRange } from "./sysctl_port_range.ts";
import type { SysctlProblem } from "./sysctl_problem.ts";
import { SYSCTL_TABLE } from "./sysctl_table.ts";

export type { SysctlProblem } from "./sysctl_problem.ts";

const GIB = 1_073_741_824;
const RANGE = "net.ipv4.ip_local_port_range";
const RESERVED = "net.ipv4.ip_local_reserved_ports";
const UNPRIVILEGED_START = "net.ipv4.ip_unprivileged_port_start";
const FORWARDING = "net.ipv4.conf.all.forwarding";

const BY_NAME = new Map(SYSCTL_TABLE.map((definition) => [definition.name, definition]));
const NAMES = SYSCTL_TABLE.map((definition) => definition.name);

/** All flags 0; shared by every namespace whose list is empty, and never written. */
const NO_PORTS = new Uint8Array(65_536);

/**
 * The row of a sysctl. A name has dots, or slashes as below `/proc/sys`; in a name with dots a slash stands for the dot
 * of a device: `net.ipv4.conf.eth0/100.rp_filter`. A name with a device has the row with `*`.
 */
export function findSysctl(name: string): SysctlDefinition | undefined {
  const plain = canonicalName(name);
  return BY_NAME.get(plain) ?? BY_NAME.get(plain.replace(/^(net\.ipv4\.(?:conf|neigh))\.[^.]+\./, "$1.*."));
}

/** The name of a device's own setting: a dot in the device's name, as `eth0.100` has, becomes a slash. */
export function deviceSysctl(device: string, setting: string): string {
  return `net.ipv4.conf.${device.replaceAll(".", "/")}.${setting}`;
}

/** The names of all rows, `*` included, in the order of the table. */
export function sysctlNames(): readonly string[] {
  return NAMES;
}

/** What values depend on beside the build. */
export interface SysctlValuesOptions {
  /** Memory of the machine, 16 GiB if absent. */
  readonly memoryBytes?: number;
  /** Who holds the values of which the machine has one; these values hold them themselves if absent. */
  readonly globals?: SysctlValues;
}

/**
 * The sysctls of one network namespace: written as text with the kernel's own parsers, read as numbers. Values of which
 * the machine has one are read from and written to `globals`.
 *
 * Not modelled: that what the machine has once cannot be written, or is not even there, in another namespace than the
 * first; that a new namespace starts with the device settings of the first (devconf_inherit_init_net); that a device
 * which exists when `conf.default.forwarding` is written keeps its own value.
 */
export class SysctlValues {
  readonly #era: KernelEra;
  readonly #memoryBytes: number;
  readonly #globals: SysctlValues | undefined;
  readonly #numbers = new Map<string, number>();
  readonly #listeners: ((name: string) => void)[] = [];
  readonly #rangeOwner: SysctlValues;
  readonly #reservedOwner: SysctlValues;
  #range: PortRange;
  #reserved: Uint8Array = NO_PORTS;

  constructor(era: KernelEra, options: SysctlValuesOptions = {}) {
    this.#era = era;
    this.#memoryBytes = options.memoryBytes ?? 16 * GIB;
    this.#globals = options.globals;
    const range = BY_NAME.get(RANGE);
    assert(range?.kind === "port-range", "the sysctl table has ip_local_port_range");
    this.#range = range.default(era);
    this.#rangeOwner = this.#ownerOf(RANGE);
    this.#reservedOwner = this.#ownerOf(RESERVED);
    options.globals?.onChange((name) => {
      const definition = findSysctl(name);
      if (definition !== undefined && this.#isGlobal(definition)) this.#notify(name);
    });
  }

  /**
   * Writes a value as `sysctl NAME=TEXT` does, all of it or nothing.
   *
   * @returns `undefined`, or why the kernel refuses: ENOENT for a name that this kernel has not, EACCES for one that can
   * only be read, EINVAL for a value it does not take.
   */
  set(name: string, text: string): SysctlProblem | undefined {
    const definition = findSysctl(name);
    const plain = canonicalName(name);
    if (definition === undefined || plain.includes("*")) {
      const mend =
        definition === undefined ? "write the name of a sysctl" : "write all, default or the name of a device";
      return { errno: "ENOENT", message: `there is no sysctl "${name}"`, mend };
    }
    const missing = sysctlProblem(definition, this.#era);
    if (missing !== undefined) {
      const message = `kernel ${this.#era.build} has no "${name}": ${missing}`;
      return { errno: "ENOENT", message, mend: "delete it, or choose a kernel that has it" };
    }
    if (definition.isReadOnly === true) {
      return { errno: "EACCES", message: `"${name}" can only be read`, mend: "delete it" };
    }
    return this.#isGlobal(definition) && this.#globals !== undefined
      ? this.#globals.set(name, text)
      : this.#write(definition, plain, text);
  }

  /**
   * The value of a sysctl that is a number; where the kernel has no such sysctl, the value that describes what it does.
   * A device without a value of its own has that of `default`. O(1), but not cheap: callers keep it until `onChange`.
   */
  number(name: string): number {
    const definition = findSysctl(name);
    assert(definition !== undefined, `the sysctl table has a row for ${name}`);
    assert(definition.kind === "integer" || definition.kind === "boolean", `${name} is one number`);
    if (sysctlProblem(definition, this.#era) !== undefined && definition.valueWhereAbsent !== undefined) {
      return definition.valueWhereAbsent;
    }
    if (this.#isGlobal(definition) && this.#globals !== undefined) return this.#globals.number(name);
    const key = definition.aliasOf ?? canonicalName(name);
    return this.#numbers.get(key) ?? this.#defaultOf(definition, key);
  }

  /** The value as `/proc` prints it, without the line end. An unknown name is a broken invariant. */
  text(name: string): string {
    const definition = findSysctl(name);
    assert(definition !== undefined, `the sysctl table has a row for ${name}`);
    if (definition.kind === "port-range") return this.localPortRange.join("\t");
    if (definition.kind === "port-list") return formatPortList(this.reservedPorts);
    return `${this.number(name)}`;
  }

  /** `ip_local_port_range`, both ends included; the same object until it changes. */
  get localPortRange(): PortRange {
    const owner = this.#rangeOwner;
    return owner.#range;
  }

  /** One flag per port of `ip_local_reserved_ports`; the same object until it changes. The caller must not write it. */
  get reservedPorts(): Uint8Array {
    const owner = this.#reservedOwner;
    return owner.#reserved;
  }

  /** Has `listener` called with the name after each write, also after one of a machine-wide value elsewhere. */
  onChange(listener: (name: string) => void): void {
    this.#listeners.push(listener);
  }

  #write(definition: SysctlDefinition, name: string, text: string): SysctlProblem | undefined {
    if (definition.kind === "port-range") {
      const parsed = parsePortRange(text, this.#range, this.#unprivilegedStart());
      if (!parsed.ok) return parsed.problem;
      this.#range = parsed.range;
    } else if (definition.kind === "port-list") {
      const parsed = parsePortList(text);
      if (!parsed.ok) return parsed.problem;
      this.#reserved = parsed.flags;
    } else {
      const parsed = parseInteger(definition, this.#era, text);
      if (!parsed.ok) return parsed.problem;
      const problem = name === UNPRIVILEGED_START ? this.#startProblem(parsed.value) : undefined;
      if (problem !== undefined) return problem;
      this.#store(definition.aliasOf ?? name, parsed.value);
    }
    this.#notify(name);
    return undefined;
  }

  /** Source: net/ipv4/devinet.c devinet_sysctl_forward; net/ipv4/devinet.c inet_forward_change, v6.12. */
  #store(key: string, value: number): void {
    if (key === FORWARDING && this.number(FORWARDING) !== value) {
      // A changed ip_forward is the value of every device, and of those to come.
      for (const other of this.#numbers.keys()) {
        if (/^net\.ipv4\.conf\.[^.]+\.forwarding$/.test(other)) this.#numbers.delete(other);
      }
      this.#numbers.set("net.ipv4.conf.default.forwarding", value);
    }
    this.#numbers.set(key, value);
  }

  #defaultOf(definition: IntegerSysctl, key: string): number {
    const device = /^net\.ipv4\.(?:conf|neigh)\.([^.]+)\./.exec(key)?.[1];
    if (device !== undefined && device !== "all" && device !== "default") {
      const byDefault = this.#numbers.get(key.replace(`.${device}.`, ".default."));
      if (byDefault !== undefined) return byDefault;
    }
    if (typeof definition.default === "number") return definition.default;
    return definition.default({ era: this.#era, memoryBytes: this.#memoryBytes });
  }

  /** 0 where the kernel does not compare the range with it. */
  #unprivilegedStart(): Port {
    const definition = BY_NAME.get(UNPRIVILEGED_START);
    const isThere = definition !== undefined && sysctlProblem(definition, this.#era) === undefined;
    return isThere ? this.number(UNPRIVILEGED_START) : 0;
  }

  /** Source: net/ipv4/sysctl_net_ipv4.c ipv4_privileged_ports, v6.12. */
  #startProblem(start: Port): SysctlProblem | undefined {
    const [low] = this.#range;
    if (start <= low) return undefined;
    const message = `${start} is above the low end of ${RANGE}, which is ${low}`;
    return { errno: "EINVAL", message, mend: `write ${low} or less, or raise ${RANGE} first` };
  }

  #isGlobal(definition: SysctlDefinition): boolean {
    return sysctlScope(definition, this.#era) === "global";
  }

  #ownerOf(name: string): SysctlValues {
    const definition = BY_NAME.get(name);
    assert(definition !== undefined, `the sysctl table has a row for ${name}`);
    return this.#isGlobal(definition) ? (this.#globals ?? this) : this;
  }

  #notify(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }
}

/** With dots between the parts, and a slash where a device's name has a dot. */
function canonicalName(name: string): string {
  const isPath = name.search(/[./]/) >= 0 && name[name.search(/[./]/)] === "/";
  return isPath ? name.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/")) : name;
}
