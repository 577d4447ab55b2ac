import { CtState } from "../../src/kernel/packet.ts";
import type { MatchView, RuleChances } from "../../src/kernel/netfilter/rule_match.ts";
import { ip } from "./small_network.ts";

/** A SYN from outside, or whatever the fields say. */
export function synTo(dst: string, dport: number, fields: Partial<MatchView> = {}): MatchView {
  return {
    protocol: 6,
    src: ip("192.0.2.1"),
    dst: ip(dst),
    sport: 40000,
    dport,
    mark: 0,
    ctState: CtState.NEW,
    inDevice: "eth0",
    outDevice: undefined,
    ...fields,
  };
}

/** Rules draw these numbers, over and over. */
export function drawsFrom(units: readonly number[]): RuleChances {
  let drawn = 0;
  return {
    draw: (decide) => decide(units[drawn++ % units.length]!),
    noteCount: () => undefined,
    noteCounter: () => undefined,
  };
}
