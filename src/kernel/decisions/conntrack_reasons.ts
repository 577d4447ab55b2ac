import { CT_TCP_STATE_NAMES } from "../conntrack/tcp_state_table.ts";
import { CtStatus } from "../conntrack/ct_status.ts";
import { Verdict, type VerdictValue } from "../netfilter/hooks.ts";
import type { Netns } from "../netns.ts";
import { CtState, formatFlags, type Packet, Protocol } from "../packet.ts";
import { packPorts } from "../tuple_index.ts";
import type { Reason } from "./decision.ts";

const CORE = "net/netfilter/nf_conntrack_core.c nf_conntrack_in, v6.1";
const TCP = "net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet, v6.1";

/** Why conntrack gives a packet the entry and the state that it gets. */
export function explainConntrack(netns: Netns, packet: Packet): (verdict: VerdictValue) => Reason {
  const conntrack = netns.conntrack!;
  const { table } = conntrack;
  if (packet.ctState === CtState.UNTRACKED)
    return () => ({ changes: [], why: "the packet is untracked: IPVS without vs.conntrack said so", source: CORE });
  if (conntrack.isAlive(packet))
    return () => ({
      changes: [],
      why: "the packet carries its entry already: it was here before, or crossed the loopback device",
      source: CORE,
    });
  const isIcmp = packet.protocol === Protocol.ICMP;
  const ports = packPorts(packet.sport, packet.dport);
  const known = isIcmp ? -1 : table.find(packet.src, packet.dst, ports, packet.protocol);
  const isLive = known >= 0 && table.expires(known >> 1) > netns.machine.loop.now;
  const before = isLive ? table.state(known >> 1) : -1;
  const generation = isLive ? table.generation(known >> 1) : -1;
  const flags = formatFlags(packet.flags);
  return (verdict) => {
    if (verdict === Verdict.DROP) {
      const why = `the table is full (nf_conntrack_max ${conntrack.max}) and no entry could be dropped early`;
      return { changes: [], why, source: "net/netfilter/nf_conntrack_core.c __nf_conntrack_alloc, v6.1" };
    }
    if (packet.ctState === CtState.INVALID) return invalid(before, flags, isIcmp);
    const after = table.state(packet.ct);
    const state = stateName(after);
    if (isIcmp) return { changes: ["RELATED"], why: "the header it quotes belongs to an entry", source: CORE };
    const isAnew = isLive && (packet.ct !== known >> 1 || packet.ctGeneration !== generation);
    if (before < 0 || isAnew) {
      const why = isAnew ? "the old entry is closed, so this SYN begins a new one" : "no entry has this tuple";
      return {
        changes: [packet.protocol === Protocol.TCP ? `new entry, NEW, ${state}` : "new entry, NEW"],
        why,
        source: "net/netfilter/nf_conntrack_core.c init_conntrack, v6.1",
      };
    }
    const direction = packet.ctDirection === 0 ? "original" : "reply";
    if (packet.protocol !== Protocol.TCP)
      return { changes: [], why: `${direction} direction of a known flow`, source: CORE };
    const change = before === after ? `entry stays ${state}` : `entry ${stateName(before)} -> ${state}`;
    return { changes: [change], why: `${direction} direction of a known connection, flags [${flags}]`, source: TCP };
  };
}

/** Why a packet's entry enters the table, or need not. */
export function explainConfirm(netns: Netns, packet: Packet): (verdict: VerdictValue) => Reason {
  const conntrack = netns.conntrack!;
  const isAlive = conntrack.isAlive(packet);
  const wasConfirmed = conntrack.hasConfirmed(packet);
  return (verdict) => {
    const source = "net/netfilter/nf_conntrack_core.c __nf_conntrack_confirm, v6.1";
    if (verdict === Verdict.DROP)
      return { changes: [], why: "another entry has one of its tuples by now (insert_failed)", source };
    if (!isAlive) return { changes: [], why: "the packet has no entry", source };
    if (wasConfirmed) return { changes: [], why: "the entry stands in the table already", source };
    const isTranslated = conntrack.table.has(packet.ct, CtStatus.SRC_NAT | CtStatus.DST_NAT);
    return {
      changes: [`entry confirmed${isTranslated ? ", with its translation" : ""}`],
      why: "the connection's first packet has passed all hooks",
      source,
    };
  };
}

function invalid(before: number, flags: string, isIcmp: boolean): Reason {
  const changes = ["INVALID"];
  if (isIcmp) return { changes, why: "the header it quotes belongs to no entry", source: CORE };
  const why =
    before < 0
      ? `no entry has this tuple, and a segment with flags [${flags}] may not begin one`
      : `flags [${flags}] do not fit an entry in ${stateName(before)}`;
  return { changes, why, source: before < 0 ? "net/netfilter/nf_conntrack_proto_tcp.c tcp_new, v6.1" : TCP };
}

function stateName(state: number): string {
  return CT_TCP_STATE_NAMES[state] ?? "NONE";
}
