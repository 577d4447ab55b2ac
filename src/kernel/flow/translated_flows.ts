import type { DnatDraws, Nat } from "../nat/nat.ts";
import type { HookNumber } from "../netfilter/hooks.ts";
import type { Decision, RuleDraws } from "../netfilter/rule_draws.ts";
import type { MatchView } from "../netfilter/rule_match.ts";
import type { DnatTarget } from "../netfilter/ruleset.ts";
import { Flow, type ServiceFlows } from "./flow.ts";

/** What rules do after some draws: draw once more, or end. */
interface Branch {
  /** What they draw next; `undefined` as long as no connection has come here, and where they end. */
  decide: Decision | undefined;
  /** By the outcome of that. */
  readonly ways: (Branch | undefined)[];
  /** Where they end with a translation. */
  flow: Flow | undefined;
}

/** Where a connection was translated, and the first packet of one as rules saw it. */
export interface SeenByDnat {
  readonly nat: Nat;
  readonly hook: HookNumber;
  readonly packet: MatchView;
}

/**
 * The connections of a flow that DNAT translates: what is known of them stands in a flow of each way that they may take
 * through the rules, by what these draw. A way that is known is found by its draws, without asking the rules again.
 */
export class TranslatedFlows implements ServiceFlows {
  readonly #flow: Flow;
  readonly #seen: SeenByDnat;
  readonly #root: Branch = branch();
  #draws: RuleDraws | undefined = undefined;

  /** @param flow its tuple is that of a client to the service. */
  constructor(flow: Flow, seen: SeenByDnat) {
    this.#flow = flow;
    this.#seen = seen;
  }

  next(): Flow | undefined {
    const draws = this.#draws;
    let at: Branch | undefined = this.#root;
    for (let before = 0; at?.decide !== undefined; before += 1) at = at.ways[draws!.outcomeOf(at.decide, before)];
    return at?.flow;
  }

  nextToLearn(): Flow | undefined {
    return this.next() ?? this.#follow();
  }

  /** Asks the rules which way the next connection takes. */
  #follow(): Flow | undefined {
    const { nat, hook, packet } = this.#seen;
    const foreseen = nat.foreseeDnat(hook, packet);
    if (foreseen === undefined) return undefined;
    const { draws, made, target } = foreseen;
    this.#draws = draws;
    let at = this.#root;
    for (const { decide, outcome } of made) {
      at.decide = decide;
      at = at.ways[outcome] ??= branch();
    }
    if (target !== undefined) at.flow ??= this.#flowTo(target, { draws, count: made.length });
    return at.flow;
  }

  #flowTo(target: DnatTarget, dnat: DnatDraws): Flow {
    const tuple = this.#flow.tuple!;
    const replySrc = target.address ?? tuple.daddr;
    const replySport = target.portLow ?? tuple.dport;
    const flow = new Flow(this.#flow.requestBytes);
    flow.changes = this.#flow.changes;
    flow.tuple = { ...tuple, replySrc, replySport, dnat: { ...dnat, nat: this.#seen.nat } };
    return flow;
  }
}

function branch(): Branch {
  return { decide: undefined, ways: [], flow: undefined };
}
