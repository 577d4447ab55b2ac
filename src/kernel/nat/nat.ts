import type { RandomStream } from "../../sim/random.ts";
import type { Ipv4, Port } from "../../units.ts";
import type { Conntrack } from "../conntrack/conntrack.ts";
import { CtStatus } from "../conntrack/ct_status.ts";
import { compileChain, type ChainFunction, type ChainVerdict } from "../netfilter/compile_chain.ts";
import { ruleEnvironment } from "../netfilter/filter.ts";
import { Hook, type HookFunction, type HookNumber, Priority, Verdict, type VerdictValue } from "../netfilter/hooks.ts";
import { type ForeseenDraw, RuleDraws } from "../netfilter/rule_draws.ts";
import type { MatchView } from "../netfilter/rule_match.ts";
import type { BuiltinChainName, DnatTarget, MasqueradeTarget, Ruleset } from "../netfilter/ruleset.ts";
import type { Netns } from "../netns.ts";
import { CtState, type Packet, Protocol, Standing } from "../packet.ts";
import { packPorts } from "../tuple_index.ts";
import { chooseUniqueSource, drawOffset, firstPortTried, type NatRange } from "./unique_tuple.ts";

type Manip = "src" | "dst";

interface NatChain {
  readonly priority: number;
  readonly run: ChainFunction;
  /** What its rules decide by chance. */
  readonly draws: RuleDraws;
}

/** The draws that rules make for a connection before they choose its destination. */
export interface DnatDraws {
  readonly draws: RuleDraws;
  readonly count: number;
}

/** What rules will decide of the next connection that is like one they have seen. */
export interface ForeseenDnat {
  /** `undefined` if they leave its destination as it is, or drop it, or draw a port for it. */
  readonly target: DnatTarget | undefined;
  readonly draws: RuleDraws;
  /** What they draw on the way. */
  readonly made: readonly ForeseenDraw[];
}

/** The chains of iptables' nat table. */
const TABLE_CHAINS: readonly (readonly [HookNumber, number, BuiltinChainName])[] = [
  [Hook.PRE_ROUTING, Priority.NAT_DST, "PREROUTING"],
  [Hook.LOCAL_IN, Priority.NAT_SRC, "INPUT"],
  [Hook.LOCAL_OUT, Priority.NAT_DST, "OUTPUT"],
  [Hook.POST_ROUTING, Priority.NAT_SRC, "POSTROUTING"],
];

/** Asks chains until one translates or drops. */
function verdictOf(chains: readonly NatChain[], packet: MatchView): ChainVerdict {
  for (let index = 0; index < chains.length; index += 1) {
    const verdict = chains[index]!.run(packet);
    if (verdict !== Verdict.ACCEPT) return verdict;
  }
  return Verdict.ACCEPT;
}

/** The target of DNAT, if that is what a chain has decided and no port is drawn for it. */
function plainTarget(verdict: ChainVerdict): DnatTarget | undefined {
  if (typeof verdict !== "object" || verdict.kind !== "dnat") return undefined;
  const { portLow, portHigh } = verdict;
  return portHigh === undefined || portHigh === portLow ? verdict : undefined;
}

/**
 * Network address translation of one namespace: rules are asked once per connection and direction of translation;
 * every later packet gets the recorded translation.
 *
 * Source: net/netfilter/nf_nat_core.c nf_nat_inet_fn, nf_nat_setup_info, nf_nat_packet, v6.1.
 */
export class Nat {
  readonly netns: Netns;
  readonly #conntrack: Conntrack;
  readonly #random: RandomStream;
  /** What the rules of iptables decide by chance: they draw from the same stream. */
  readonly #draws: RuleDraws;
  /** The chains by hook, in order of priority. */
  readonly #chains: NatChain[][] = [[], [], [], [], []];

  constructor(netns: Netns, conntrack: Conntrack) {
    this.netns = netns;
    this.#conntrack = conntrack;
    this.#random = netns.machine.random.stream(`kernel/nat/${netns.name}`);
    this.#draws = new RuleDraws(this.#random, netns.machine.group);
    const translate: HookFunction = (packet, hook) => this.translate(packet, hook);
    netns.hooks.register(Hook.PRE_ROUTING, Priority.NAT_DST, translate, "nat");
    netns.hooks.register(Hook.LOCAL_OUT, Priority.NAT_DST, translate, "nat");
    netns.hooks.register(Hook.LOCAL_IN, Priority.NAT_SRC, translate, "nat");
    netns.hooks.register(Hook.POST_ROUTING, Priority.NAT_SRC, translate, "nat");
  }

  /** Sets up the connection's translation, once for source and destination each, and translates the packet by it. */
  translate(packet: Packet, hook: HookNumber): VerdictValue {
    if (packet.standing !== Standing.FRESH) return Verdict.ACCEPT;
    if (!this.#conntrack.isAlive(packet)) return Verdict.ACCEPT;
    const slot = packet.ct;
    const table = this.#conntrack.table;
    const manip: Manip = hook === Hook.PRE_ROUTING || hook === Hook.LOCAL_OUT ? "dst" : "src";
    if (packet.ctState === CtState.NEW) {
      const done = manip === "dst" ? CtStatus.DST_NAT_DONE : CtStatus.SRC_NAT_DONE;
      if (!table.has(slot, done) && packet.ctDirection === 0) {
        if (!this.#setUp(packet, slot, hook, manip)) return Verdict.DROP;
        table.set(slot, done);
      }
    }
    if (table.has(slot, CtStatus.SRC_NAT | CtStatus.DST_NAT)) this.#rewrite(packet, slot, manip);
    return Verdict.ACCEPT;
  }

  /** Adds the nat table of iptables. @returns a function that takes it away again. */
  addTable(ruleset: Ruleset): () => void {
    const draws = this.#draws;
    const environment = ruleEnvironment(this.netns, draws);
    const added: ChainFunction[] = [];
    for (const [hook, priority, name] of TABLE_CHAINS) {
      const run = compileChain(ruleset, "nat", name, environment);
      if (run === undefined) continue;
      this.addChain(hook, { priority, run, draws });
      added.push(run);
    }
    return () => {
      for (const chain of added) this.removeChain(chain);
    };
  }

  /**
   * Adds a chain to those that are asked on a hook. Its priority only orders these among themselves, the latest first
   * where it is the same: they all run where `Priority` puts NAT.
   *
   * Source: net/netfilter/nf_nat_core.c nf_nat_register_fn, v6.1; net/netfilter/core.c nf_hook_entries_grow, v6.1.
   */
  addChain(hook: HookNumber, chain: NatChain): void {
    const chains = this.#chains[hook]!;
    const place = chains.findIndex(({ priority }) => chain.priority <= priority);
    chains.splice(place < 0 ? chains.length : place, 0, chain);
    this.netns.machine.group.noteChange();
  }

  /** Asks a chain no more. Connections keep the translation that it gave them. */
  removeChain(run: ChainFunction): void {
    for (const chains of this.#chains) {
      const place = chains.findIndex((chain) => chain.run === run);
      if (place >= 0) chains.splice(place, 1);
    }
    this.netns.machine.group.noteChange();
  }

  /**
   * Asks the hook's chains until one translates or drops; without a translation the connection keeps its addresses
   * (null binding). @returns false to drop.
   */
  #setUp(packet: Packet, slot: number, hook: HookNumber, manip: Manip): boolean {
    const { mark } = packet;
    const verdict = verdictOf(this.#chains[hook]!, packet);
    if (verdict === Verdict.DROP) return false;
    if (verdict === Verdict.ACCEPT) {
      if (manip === "src") this.#bindSource(slot, undefined);
    } else if (verdict.kind === "dnat") {
      this.netns.machine.group.flowPath?.noteDnat(this, hook, packet, mark);
      this.#bindDestination(slot, verdict);
    } else if (verdict.kind === "masquerade") this.#masquerade(packet, slot, verdict);
    return true;
  }

  /**
   * What the hook's chains will decide of the next packet that is like this one; `undefined` if that cannot be told
   * before it comes. Nothing is drawn and nothing counted.
   */
  foreseeDnat(hook: HookNumber, packet: MatchView): ForeseenDnat | undefined {
    const chains = this.#chains[hook]!;
    const draws = chains[0]?.draws;
    const { ruleLog, ruleTally } = this.netns;
    if (draws === undefined || ruleLog !== undefined || chains.some((chain) => chain.draws !== draws)) return undefined;
    const tally = ruleTally?.natDestination;
    const before = { ...tally };
    let verdict: ChainVerdict = Verdict.ACCEPT;
    const made = draws.foresee(() => {
      verdict = verdictOf(chains, { ...packet });
    });
    if (tally !== undefined) Object.assign(tally, before);
    return made && { target: plainTarget(verdict), draws, made };
  }

  /** DNAT: the reply tuple comes from the new destination. A port that is not given stays. */
  #bindDestination(slot: number, target: DnatTarget): void {
    const table = this.#conntrack.table;
    const reply = 2 * slot + 1;
    const oldAddress = table.src(reply);
    const oldPort = table.ports(reply) >>> 16;
    const address = target.address ?? oldAddress;
    const port = target.portLow === undefined ? oldPort : this.#portWithin(target.portLow, target.portHigh);
    if (address === oldAddress && port === oldPort) return;
    table.setReply(slot, address, table.dst(reply), packPorts(port, table.ports(reply) & 0xffff));
    table.set(slot, CtStatus.DST_NAT);
  }

  /**
   * A port of a range for DNAT. Source: net/netfilter/nf_nat_core.c nf_nat_l4proto_unique_tuple, v6.1. Not modelled: that a
   * port which lies in the range is kept; from 6.8 on that the first of the range is taken, unless `--random` is given.
   */
  #portWithin(low: Port, high: Port | undefined): Port {
    return high === undefined || high === low ? low : low + this.#random.below(high - low + 1);
  }

  /** MASQUERADE: the source becomes the outgoing device's address. Source: net/netfilter/nf_nat_masquerade.c nf_nat_masquerade_ipv4, v6.1. */
  #masquerade(packet: Packet, slot: number, target: MasqueradeTarget): void {
    const range: NatRange = {
      address: this.netns.routes.lookup(packet.dst).preferredSource,
      portLow: target.portLow,
      portHigh: target.portHigh ?? target.portLow,
      isRandom: target.isRandom,
    };
    this.#bindSource(slot, range);
  }

  /**
   * The port that the next connection gets if its source is masqueraded to any port and nobody has that one.
   *
   * @param oldPort that of the client.
   * @param drawn what DNAT draws for it before.
   */
  foreseePort(oldPort: Port, drawn: DnatDraws | undefined): Port {
    return firstPortTried(this.#random, oldPort, drawn?.draws.areFrom(this.#random) === true ? drawn.count : 0);
  }

  /** A connection of which no packet was sent has got that port. */
  takeForeseenPort(): void {
    drawOffset(this.#random);
  }

  /** Gives the connection a source whose reply tuple nobody else has, and records it in the reply tuple. */
  #bindSource(slot: number, range: NatRange | undefined): void {
    const table = this.#conntrack.table;
    const reply = 2 * slot + 1;
    const oldAddress: Ipv4 = table.dst(reply);
    const oldPort = table.ports(reply) & 0xffff;
    const chosen = chooseUniqueSource(this.#conntrack, this.#random, slot, range);
    if (chosen.address === oldAddress && chosen.port === oldPort) return;
    const replySourcePort = table.ports(reply) >>> 16;
    table.setReply(slot, table.src(reply), chosen.address, packPorts(replySourcePort, chosen.port));
    table.set(slot, CtStatus.SRC_NAT);
    this.netns.countSourceNat(chosen.port);
  }

  /**
   * Rewrites source or destination as the other direction's tuple says. In the reply direction the roles change:
   * what was SNATed gets its destination back before routing.
   */
  #rewrite(packet: Packet, slot: number, manip: Manip): void {
    const table = this.#conntrack.table;
    if (packet.protocol === Protocol.ICMP) {
      this.#rewriteIcmpError(packet, slot, manip);
      return;
    }
    const isOriginal = packet.ctDirection === 0;
    const needs = (manip === "src") === isOriginal ? CtStatus.SRC_NAT : CtStatus.DST_NAT;
    if (!table.has(slot, needs)) return;
    const target = isOriginal ? 2 * slot + 1 : 2 * slot;
    if (manip === "src") {
      packet.src = table.dst(target);
      packet.sport = table.ports(target) & 0xffff;
    } else {
      packet.dst = table.src(target);
      packet.dport = table.ports(target) >>> 16;
    }
  }

  /** An ICMP error of a translated connection: outer address and quoted header. Source: net/netfilter/nf_nat_proto.c nf_nat_icmp_reply_translation, v6.1. */
  #rewriteIcmpError(packet: Packet, slot: number, manip: Manip): void {
    const table = this.#conntrack.table;
    const isOriginal = packet.ctDirection === 0;
    const needs = (manip === "src") === isOriginal ? CtStatus.SRC_NAT : CtStatus.DST_NAT;
    if (!table.has(slot, needs)) return;
    const target = isOriginal ? 2 * slot + 1 : 2 * slot;
    if (manip === "src") {
      packet.quotedDst = table.dst(target);
      packet.quotedDport = table.ports(target) & 0xffff;
      packet.src = table.dst(target);
    } else {
      packet.quotedSrc = table.src(target);
      packet.quotedSport = table.ports(target) >>> 16;
      packet.dst = table.src(target);
    }
  }
}
