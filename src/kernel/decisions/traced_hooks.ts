import { type HookFunction, type HookFunctionName, type HookNumber, NetfilterHooks } from "../netfilter/hooks.ts";
import type { HookLabel, VerdictValue } from "../netfilter/hooks.ts";
import type { Netns } from "../netns.ts";
import type { Packet } from "../packet.ts";
import { explainConfirm, explainConntrack } from "./conntrack_reasons.ts";
import type { Reason } from "./decision.ts";
import { explainFilter, explainNat } from "./rule_reasons.ts";
import { explainIpvsIn, explainIpvsOut } from "./ipvs_reasons.ts";
import { beginDecision } from "./tell.ts";

/** Looks at what a hook function will see, and once it has decided says what it changed and why. */
export type HookExplainer = (netns: Netns, packet: Packet, hook: HookNumber) => (verdict: VerdictValue) => Reason;

const EXPLAINERS: Readonly<Record<HookFunctionName, HookExplainer>> = {
  conntrack: explainConntrack,
  confirm: explainConfirm,
  nat: explainNat,
  filter: explainFilter,
  ip_vs_in: explainIpvsIn,
  ip_vs_out: explainIpvsOut,
};

const HOOK_NAMES: readonly string[] = ["PRE_ROUTING", "LOCAL_IN", "FORWARD", "LOCAL_OUT", "POST_ROUTING"];
const VERDICT_NAMES: readonly string[] = ["DROP", "ACCEPT", "STOLEN"];

/** The hooks of a namespace whose machine is watched: each function is followed by a listener to its verdict. */
export class TracedHooks extends NetfilterHooks {
  readonly #netns: Netns;
  readonly #listeners: { readonly hook: HookNumber; readonly run: HookFunction; readonly listener: HookFunction }[] =
    [];

  constructor(netns: Netns) {
    super(() => netns.machine.group.noteChange());
    this.#netns = netns;
  }

  // oxlint-disable-next-line max-params -- the shape of the method it stands for.
  override register(
    hook: HookNumber,
    priority: number,
    run: HookFunction,
    name: HookFunctionName | HookLabel = "filter",
  ): void {
    const listener: HookFunction = (packet) => this.#judge(packet, { hook, priority, run, name });
    this.#listeners.push({ hook, run, listener });
    // Without the name, so that even those that have nothing to do are called and tell so.
    super.register(hook, priority, listener);
  }

  override unregister(hook: HookNumber, run: HookFunction): void {
    const place = this.#listeners.findIndex((known) => known.hook === hook && known.run === run);
    const listener = this.#listeners[place]?.listener;
    if (listener === undefined) return;
    this.#listeners.splice(place, 1);
    super.unregister(hook, listener);
  }

  /** Nothing: even functions that have nothing to do are called and tell so. */
  override spare(): void {}

  #judge(
    packet: Packet,
    function_: {
      readonly hook: HookNumber;
      readonly priority: number;
      readonly run: HookFunction;
      readonly name: HookFunctionName | HookLabel;
    },
  ): VerdictValue {
    const { hook, priority, run } = function_;
    const { name, explainer } = explainerOf(function_.name);
    const netns = this.#netns;
    const sink = netns.machine.decisions;
    if (sink === undefined || !sink.wants(packet)) return run(packet, hook);
    const decision = beginDecision(netns, packet, { place: "hook", name, hook: HOOK_NAMES[hook]!, priority });
    const explain = explainer(netns, packet, hook);
    netns.ruleLog?.take();
    sink.begin(decision);
    const verdict = run(packet, hook);
    Object.assign(decision, explain(verdict), {
      verdict: VERDICT_NAMES[verdict]!,
      rules: netns.ruleLog?.take() ?? [],
    });
    sink.end(decision, packet);
    return verdict;
  }
}

function explainerOf(label: HookFunctionName | HookLabel): {
  readonly name: string;
  readonly explainer: HookExplainer;
} {
  if (typeof label === "string") return { name: label, explainer: EXPLAINERS[label] };
  return { name: label.name, explainer: (_netns, packet) => (verdict) => label.explain(packet, verdict) };
}
