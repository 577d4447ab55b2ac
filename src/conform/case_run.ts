import { assert } from "../sim/assert.ts";
import type { Machine } from "../kernel/machine.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Tcp } from "../kernel/tcp/tcp.ts";
import type { Micros } from "../units.ts";
import { Alarms } from "./alarms.ts";
import type { CaseNetwork } from "./build_network.ts";
import type { ClientSocket } from "./case_clients.ts";
import type { KernelCase } from "./case_file.ts";
import type { ObservedResult, ObservedSocketState } from "./observation.ts";

/** User space calls connect() again this long after a connect has ended; the recordings took 0.1 to 5 ms for one. */
export const PAUSE_BETWEEN_CONNECTS: Micros = 100;

/** What a run of one case has at hand, and what it has observed so far. */
export class CaseRun {
  readonly kernelCase: KernelCase;
  readonly machine: Machine;
  readonly alarms: Alarms;
  /** The machine's uptime when the run started: kernel clock = time of the run + uptime. */
  readonly uptime: Micros;
  /** The moment of the run from which `at_ms` counts. */
  origin: Micros;
  network: CaseNetwork;
  /** When the latest action with `mark_start` began. */
  markedAt: Micros = 0;
  /** Actions that have not ended, and closed sockets that are still looked at. */
  unfinished: number;
  /** The sockets of `probe` and `connect` by the index of the action: the last one of each. */
  readonly clients = new Map<number, ClientSocket>();
  /** What `release` closes. */
  readonly kept: ClientSocket[] = [];
  /** How to close what `hold` holds, by id. */
  readonly holders = new Map<string, () => void>();
  readonly results: ObservedResult[] = [];
  readonly groups = new Map<string, (number | string)[]>();
  readonly connectTimes = new Map<string, Micros[]>();
  readonly storm = new Map<string, number>();
  readonly socketStates = new Map<string, ObservedSocketState[]>();
  readonly closeTook = new Map<string, Micros>();
  #problem: string | undefined = undefined;

  constructor(options: {
    kernelCase: KernelCase;
    machine: Machine;
    network: CaseNetwork;
    uptime: Micros;
    origin: Micros;
  }) {
    this.kernelCase = options.kernelCase;
    this.machine = options.machine;
    this.network = options.network;
    this.uptime = options.uptime;
    this.origin = options.origin;
    this.unfinished = options.kernelCase.actions.length;
    this.alarms = new Alarms(options.machine.loop);
  }

  /** Whether the case recorded packets: such cases time their actions, and list what connect() returned instead of ports. */
  get isCaptured(): boolean {
    return this.kernelCase.observed.packets !== undefined;
  }

  /** What the model cannot do of the case; the run is worthless then. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** TCP of the machine. */
  get tcp(): Tcp {
    return this.machine.tcp;
  }

  /** The present moment of the run. */
  get now(): Micros {
    return this.machine.loop.now;
  }

  /** The present moment as recordings tell it. */
  get sinceOrigin(): Micros {
    return this.now - this.origin;
  }

  /** Says that the case asks for something that the model cannot do. */
  refuse(reason: string): void {
    this.#problem ??= reason;
  }

  /** The namespace of a checked case. */
  netns(name: string): Netns {
    const netns = this.network.namespaces.get(name);
    assert(netns !== undefined, `the checked case has the namespace ${name}`);
    return netns;
  }

  /** Appends to a list; nothing if there is no name. @param startedAt when the connect began. */
  addEntry(group: string | undefined, entry: number | string, startedAt?: Micros): void {
    if (group === undefined) return;
    append(this.groups, group, entry);
    if (startedAt !== undefined) append(this.connectTimes, group, startedAt + this.uptime);
  }
}

function append<Value>(lists: Map<string, Value[]>, name: string, value: Value): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
