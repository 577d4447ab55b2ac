import type { Reason } from "../decisions/decision.ts";
import { type Packet, Standing } from "../packet.ts";

/** The five IPv4 hooks. */
export const Hook = { PRE_ROUTING: 0, LOCAL_IN: 1, FORWARD: 2, LOCAL_OUT: 3, POST_ROUTING: 4 } as const;

/** One of `Hook`. */
export type HookNumber = (typeof Hook)[keyof typeof Hook];

/** What a hook function decides: the packet goes on, is thrown away, or belongs to the function from now on. */
export const Verdict = { DROP: 0, ACCEPT: 1, STOLEN: 2 } as const;

/** One of `Verdict`. */
export type VerdictValue = (typeof Verdict)[keyof typeof Verdict];

/**
 * Priorities: low runs first.
 *
 * Source: include/uapi/linux/netfilter_ipv4.h; net/netfilter/ipvs/ip_vs_core.c ip_vs_ops4, v6.1.
 */
export const Priority = {
  CONNTRACK: -200,
  NAT_DST: -100,
  IP_VS_OUT_LOCAL_OUT: -99,
  IP_VS_IN_LOCAL_OUT: -98,
  FILTER: 0,
  IP_VS_OUT_LOCAL_IN: 98,
  IP_VS_IN_LOCAL_IN: 99,
  IP_VS_FORWARD_ICMP: 99,
  IP_VS_OUT_FORWARD: 100,
  NAT_SRC: 100,
  CONNTRACK_CONFIRM: 2147483647,
} as const;

/** A function on a hook. */
export type HookFunction = (packet: Packet, hook: HookNumber) => VerdictValue;

/** What a hook function is called when a watched machine tells of its verdicts. */
export type HookFunctionName = "conntrack" | "confirm" | "nat" | "filter" | "ip_vs_in" | "ip_vs_out";

/** The same for a hook function that is not the kernel's own: it says itself why it has decided so. */
export interface HookLabel {
  readonly name: string;
  /** @param packet as it is after the verdict, not yet thrown away. */
  explain(packet: Packet, verdict: VerdictValue): Reason;
}

/** The function that comes next for a packet of each `Standing`; `undefined` behind the last one. */
interface Next {
  readonly fresh: Registration | undefined;
  readonly settled: Registration | undefined;
  readonly midway: Registration | undefined;
}

interface Registration {
  readonly priority: number;
  readonly run: HookFunction;
  /** Packets of this `Standing` and above are none of its business. */
  sparedFrom: number;
  /** Whom it hands packets on to. */
  next: Next;
}

const HOOKS = Object.keys(Hook).length;
const NOBODY: Next = { fresh: undefined, settled: undefined, midway: undefined };

/**
 * The hook functions of one network namespace, run in order of priority; of equal ones the one registered last comes
 * first.
 *
 * Source: net/netfilter/core.c nf_hook_entries_grow, v6.1. Not modelled: up to 4.13 the one registered first came first,
 * which iptables and nftables rules of one priority would show.
 *
 * A function whose verdict depends on a packet's ports names them in the namespace's `rulePorts`; one that depends on
 * what may change while it stays registered tells the group of each change (`MachineGroup.noteChange`).
 */
export class NetfilterHooks {
  readonly #chains: Registration[][] = [[], [], [], [], []];
  /** The beginnings of the chains. */
  readonly #first: Next[] = [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY];
  readonly #changed: () => void;
  /** A bit for each hook that `concerns` packets of a standing. */
  #populated = 0;

  /** @param changed called whenever a function comes or goes. */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed;
  }

  /** @param name NAT and confirmation are not called for a settled packet. */
  // oxlint-disable-next-line max-params -- the four parts of a registration; it is no packet path.
  register(hook: HookNumber, priority: number, run: HookFunction, name: HookFunctionName | HookLabel = "filter"): void {
    const chain = this.#chains[hook]!;
    let place = chain.length;
    while (place > 0 && chain[place - 1]!.priority >= priority) place -= 1;
    const sparedFrom = name === "nat" || name === "confirm" ? Standing.SETTLED : Standing.NONE;
    this.#setChain(hook, chain.toSpliced(place, 0, { priority, run, sparedFrom, next: NOBODY }));
  }

  /** Whether a hook has a function that is called for packets of this `Standing`: most have none, and need no look at the chains. */
  concerns(hook: HookNumber, standing: number): boolean {
    return ((this.#populated >>> (HOOKS * standing + hook)) & 1) !== 0;
  }

  unregister(hook: HookNumber, run: HookFunction): void {
    this.#setChain(
      hook,
      this.#chains[hook]!.filter((registration) => registration.run !== run),
    );
  }

  /** From now on a function is called only for packets below this `Standing`: it has nothing to do for the others. */
  spare(run: HookFunction, from: number): void {
    for (const [hook, chain] of this.#chains.entries()) {
      for (const registration of chain) if (registration.run === run) registration.sparedFrom = from;
      this.#lineUp(hook);
    }
  }

  /** Passes a packet through one hook. Source: net/netfilter/core.c nf_hook_slow, v6.1. */
  run(hook: HookNumber, packet: Packet): VerdictValue {
    let next = this.#first[hook]!;
    for (;;) {
      const { standing } = packet;
      const registration =
        standing === Standing.MIDWAY ? next.midway : standing === Standing.FRESH ? next.fresh : next.settled;
      if (registration === undefined) return Verdict.ACCEPT;
      const verdict = registration.run(packet, hook);
      if (verdict !== Verdict.ACCEPT) return verdict;
      next = registration.next;
    }
  }

  #setChain(hook: HookNumber, chain: Registration[]): void {
    this.#changed();
    this.#chains[hook] = chain;
    this.#lineUp(hook);
  }

  /** Tells the functions of a chain whom they hand packets on to, so that a packet takes no look at those that it is spared. */
  #lineUp(hook: number): void {
    let next = NOBODY;
    for (const registration of this.#chains[hook]!.toReversed()) {
      registration.next = next;
      const { sparedFrom } = registration;
      next = {
        fresh: Standing.FRESH < sparedFrom ? registration : next.fresh,
        settled: Standing.SETTLED < sparedFrom ? registration : next.settled,
        midway: Standing.MIDWAY < sparedFrom ? registration : next.midway,
      };
    }
    this.#first[hook] = next;
    for (const [standing, first] of [next.fresh, next.settled, next.midway].entries()) {
      const bit = 1 << (HOOKS * standing + hook);
      this.#populated = first === undefined ? this.#populated & ~bit : this.#populated | bit;
    }
  }
}
