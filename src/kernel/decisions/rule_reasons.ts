import { formatEndpoint } from "../../units.ts";
import { CtStatus } from "../conntrack/ct_status.ts";
import { Hook, type HookNumber, Verdict, type VerdictValue } from "../netfilter/hooks.ts";
import type { Netns } from "../netns.ts";
import { CtState, type Packet, Standing } from "../packet.ts";
import type { Reason } from "./decision.ts";

const NAT = "net/netfilter/nf_nat_core.c nf_nat_inet_fn, v6.1";

/** What NAT rewrote in a packet and why, or why it left it alone. */
export function explainNat(netns: Netns, packet: Packet, hook: HookNumber): (verdict: VerdictValue) => Reason {
  const isAlive = netns.conntrack?.isAlive(packet) === true;
  const wasSettled = packet.standing !== Standing.FRESH;
  const wasNew = packet.ctState === CtState.NEW;
  const isDestination = hook === Hook.PRE_ROUTING || hook === Hook.LOCAL_OUT;
  const done = isDestination ? CtStatus.DST_NAT_DONE : CtStatus.SRC_NAT_DONE;
  const wasAsked = isAlive && netns.conntrack!.table.has(packet.ct, done);
  const source = formatEndpoint(packet.src, packet.sport);
  const destination = formatEndpoint(packet.dst, packet.dport);
  return (verdict) => {
    const changes = changesOf(packet, source, destination);
    const reason = (why: string): Reason => ({ changes, why, source: NAT });
    if (verdict === Verdict.DROP) return reason("a rule of the nat table drops the connection");
    if (!isAlive) return reason("without a conntrack entry there is nothing to translate");
    if (wasSettled) return reason("the connection is answered and not translated");
    if (wasNew && !wasAsked && packet.ctDirection === 0)
      return reason(changes.length > 0 ? "a rule translates the connection" : "no rule translates the connection");
    return reason(changes.length > 0 ? "the connection's translation holds" : "the connection is not translated here");
  };
}

/** What a chain of filter rules decided. */
export function explainFilter(_netns: Netns, packet: Packet): (verdict: VerdictValue) => Reason {
  const mark = packet.mark;
  return (verdict) => ({
    changes: packet.mark === mark ? [] : [`mark 0x${mark.toString(16)} -> 0x${packet.mark.toString(16)}`],
    why: verdict === Verdict.ACCEPT ? "no rule drops the packet" : "a rule or the chain's policy drops the packet",
    source: "net/ipv4/netfilter/ip_tables.c ipt_do_table, v6.1",
  });
}

/** The ends of a packet that are no longer what they were. */
export function changesOf(packet: Packet, source: string, destination: string): readonly string[] {
  const changes: string[] = [];
  const newSource = formatEndpoint(packet.src, packet.sport);
  const newDestination = formatEndpoint(packet.dst, packet.dport);
  if (newSource !== source) changes.push(`source ${source} -> ${newSource}`);
  if (newDestination !== destination) changes.push(`destination ${destination} -> ${newDestination}`);
  return changes;
}
