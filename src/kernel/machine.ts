import type { EventLoop } from "../sim/event_loop.ts";
import type { RandomStreams } from "../sim/random.ts";
import { assert } from "../sim/assert.ts";
import { type Micros, SECOND } from "../units.ts";
import type { DecisionSink } from "./decisions/decision.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import type { Device } from "./device.ts";
import type { KernelEra } from "./kernel_era.ts";
import { Jiffies } from "./jiffies.ts";
import type { KernelLog } from "./kernel_log.ts";
import { MachineGroup } from "./machine_group.ts";
import { Nat } from "./nat/nat.ts";
import { Neighbours } from "./neighbours.ts";
import { registerFilter } from "./netfilter/filter.ts";
import { registerNft } from "./netfilter/nft_chains.ts";
import { type NftRuleset, nftUsesConntrack } from "./netfilter/nft_ruleset.ts";
import { RulePorts } from "./netfilter/rule_ports.ts";
import { type Ruleset, usesConntrack } from "./netfilter/ruleset.ts";
import { Netns, VETH_DELAY } from "./netns.ts";
import type { Packet, PacketPool } from "./packet.ts";
import { SysctlValues } from "./sysctl.ts";
import { Tcp } from "./tcp/tcp.ts";
import type { TraceSink } from "./trace.ts";
import { Udp } from "./udp/udp.ts";
import { Ipvs } from "./ipvs/ipvs.ts";

/** What a machine is made of. */
export interface MachineOptions {
  readonly loop: EventLoop;
  readonly era: KernelEra;
  readonly random: RandomStreams;
  /** How long it has been up at the start of the run; drawn when absent, since the 10-s epochs count from boot. */
  readonly uptime?: Micros;
  readonly memoryBytes?: number;
  readonly trace?: TraceSink;
  /** The machines that links join it to; absent for a machine by itself. */
  readonly group?: MachineGroup;
}

const DAY: Micros = 86_400 * SECOND;

/**
 * One booted kernel: what all its network namespaces share. The boot secret and the port cursor live here, the clock
 * ticks here, and packets in flight are kept here.
 */
export class Machine {
  readonly loop: EventLoop;
  readonly era: KernelEra;
  readonly random: RandomStreams;
  readonly jiffies: Jiffies;
  readonly group: MachineGroup;
  readonly packets: PacketPool;
  readonly neighbours: Neighbours;
  readonly tcp: Tcp;
  readonly udp: Udp;
  readonly trace: TraceSink | undefined;
  /** Who hears why things happen; nobody on a machine that is not explained. */
  readonly decisions: DecisionSink | undefined;
  /** The log that the kernel writes to, if anybody wants one. */
  log: KernelLog | undefined = undefined;
  /** Sysctls that exist once per kernel. */
  readonly globals: SysctlValues;
  readonly #memoryBytes: number | undefined;
  readonly #uptime: Micros;
  readonly #namespaces: Netns[] = [];
  readonly #arrivalHandler: number;
  #packetsSent = 0;

  constructor(options: MachineOptions) {
    this.loop = options.loop;
    this.era = options.era;
    this.random = options.random;
    this.trace = options.trace;
    this.decisions = options.trace?.decisions;
    this.group = options.group ?? new MachineGroup();
    this.group.add(this);
    this.packets = this.group.packets;
    this.#memoryBytes = options.memoryBytes;
    this.#uptime = options.uptime ?? DAY + this.random.stream("kernel/uptime").below(DAY);
    this.jiffies = new Jiffies(this.era, this.#uptime);
    this.globals = this.#makeSysctls();
    this.neighbours = new Neighbours(this.loop, this.jiffies);
    this.#arrivalHandler = this.loop.handler("packet/arrives", (row) => {
      const packet = this.packets.at(row);
      const device = packet.device!;
      device.netns.receive(packet, device);
    });
    this.loop.letOverlap(this.#arrivalHandler, "goes on");
    this.tcp = new Tcp(this, this.random);
    this.udp = new Udp(this);
  }

  /** Packets that sockets have sent. */
  get packetsSent(): number {
    return this.#packetsSent;
  }

  /** The handler of packets that arrive; its argument is the packet's row. */
  get arrivalHandler(): number {
    return this.#arrivalHandler;
  }

  /** Makes a network namespace with a loopback device and the kernel's default sysctls. */
  createNetns(name: string): Netns {
    const netns = new Netns(this, this.#namespaces.length, name, this.#makeSysctls(this.globals));
    this.#namespaces.push(netns);
    return netns;
  }

  /** All namespaces, in the order in which they were made. */
  get namespaces(): readonly Netns[] {
    return this.#namespaces;
  }

  netnsById(id: number): Netns {
    return this.#namespaces[id]!;
  }

  /** The namespace of this name, or `undefined`. */
  netns(name: string): Netns | undefined {
    return this.#namespaces.find((netns) => netns.name === name);
  }

  /** Makes a pair of veths, one in each namespace; these may be on two machines of a group. @param delay one way. */
  createVeth(
    a: { netns: Netns; name: string },
    b: { netns: Netns; name: string },
    delay: Micros = VETH_DELAY,
  ): [Device, Device] {
    assert(a.netns.machine.group === b.netns.machine.group, "a link joins machines of one group");
    const first = a.netns.addDevice(a.name, "veth", delay);
    const second = b.netns.addDevice(b.name, "veth", delay);
    first.peer = second;
    second.peer = first;
    this.flushRoutes();
    return [first, second];
  }

  /** Attaches a veth to a bridge of its namespace. */
  attachPort(bridge: Device, port: Device): void {
    bridge.ports.push(port);
    port.master = bridge;
    this.flushRoutes();
  }

  /**
   * Loads iptables rules into a namespace; whatever they need of conntrack and NAT starts to work there.
   *
   * @returns a function that takes the rules away; conntrack and NAT stay.
   */
  loadRules(netns: Netns, ruleset: Ruleset): () => void {
    this.requireRulePorts(netns).addRuleset(ruleset);
    if (usesConntrack(ruleset)) this.requireConntrack(netns);
    const hasNat = ruleset.has("nat") && netns.conntrack !== undefined;
    const removeNat = hasNat ? this.requireNat(netns).addTable(ruleset) : undefined;
    const removeFilter = registerFilter(netns, ruleset);
    return () => {
      removeNat?.();
      removeFilter();
    };
  }

  /**
   * Loads an nftables ruleset into a namespace, beside what iptables has there; conntrack and NAT as they are needed.
   *
   * @returns a function that takes the ruleset away; conntrack and NAT stay.
   */
  loadNft(netns: Netns, ruleset: NftRuleset): () => void {
    this.requireRulePorts(netns).addNft(ruleset);
    if (nftUsesConntrack(ruleset)) this.requireConntrack(netns);
    return registerNft(netns, ruleset);
  }

  /** The NAT of a namespace, which registers its hooks and those of conntrack once. */
  requireNat(netns: Netns): Nat {
    netns.nat ??= new Nat(netns, this.requireConntrack(netns));
    return netns.nat;
  }

  /** Where the ports stand that hook functions of a namespace look for. */
  requireRulePorts(netns: Netns): RulePorts {
    netns.rulePorts ??= new RulePorts();
    return netns.rulePorts;
  }

  /** Registers the conntrack hooks of a namespace, once. */
  requireConntrack(netns: Netns): Conntrack {
    netns.conntrack ??= new Conntrack(netns);
    return netns.conntrack;
  }

  /** The IPVS of a namespace; its hooks exist while it has services. */
  requireIpvs(netns: Netns): Ipvs {
    netns.ipvs ??= new Ipvs(netns);
    return netns.ipvs;
  }

  /** Lets a packet arrive at `packet.device` after a delay. */
  arriveLater(packet: Packet, delay: Micros): void {
    this.loop.after(delay, this.#arrivalHandler, packet.row);
  }

  countPacket(): void {
    this.#packetsSent += 1;
  }

  /** Counts packets that were sent without a call of `countPacket` for each. */
  countPackets(count: number): void {
    this.#packetsSent += count;
  }

  /** The monotonic clock, which counts from boot. */
  sinceBoot(time: Micros): Micros {
    return time + this.#uptime;
  }

  /** Seconds of the monotonic clock, which counts from boot. */
  monotonicSecond(time: Micros): number {
    return Math.floor((time + this.#uptime) / SECOND);
  }

  /** Forgets all cached routes: an address, a route or a link has changed somewhere, so neighbours may have, too. */
  flushRoutes(): void {
    this.group.flushRoutes();
  }

  /** Forgets the cached routes of this machine; `flushRoutes` is for those who change something. */
  flushOwnRoutes(): void {
    for (const netns of this.#namespaces) netns.routes.flush();
  }

  #makeSysctls(globals?: SysctlValues): SysctlValues {
    return new SysctlValues(this.era, {
      ...(this.#memoryBytes === undefined ? {} : { memoryBytes: this.#memoryBytes }),
      ...(globals === undefined ? {} : { globals }),
    });
  }
}
