import { CtState } from "../kernel/packet.ts";
import type { Ruleset } from "../kernel/netfilter/ruleset.ts";

/**
 * The filter of hosts that take nothing their conntrack calls INVALID: a SYN-ACK whose SYN they have not seen is dropped
 * there without a word, where TCP would have answered with a RST. Network policies and stateful security groups do so.
 *
 * Source: net/netfilter/nf_conntrack_proto_tcp.c tcp_new, v6.1.
 */
export function dropInvalid(): Ruleset {
  const isInvalid = { kind: "ctState", states: CtState.INVALID, isNegated: false } as const;
  const rules = [{ line: 1, matches: [isInvalid], target: { kind: "drop" } as const }];
  return new Map([["filter", new Map([["INPUT", { policy: "ACCEPT" as const, rules }]])]]);
}
