import { formatEndpoint } from "../../units.ts";
import { IPVS_STATE_NAMES } from "../ipvs/ipvs_tcp_states.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import { mayBeScheduled } from "../ipvs/ipvs_in.ts";
import { Verdict, type VerdictValue } from "../netfilter/hooks.ts";
import type { Netns } from "../netns.ts";
import { formatFlags, type Packet, Protocol, TcpFlag } from "../packet.ts";
import type { Reason } from "./decision.ts";
import { changesOf } from "./rule_reasons.ts";

const IN = "net/netfilter/ipvs/ip_vs_core.c ip_vs_in_hook, v6.1";
const OUT = "net/netfilter/ipvs/ip_vs_core.c ip_vs_out_hook, v6.1";
const SCHEDULE = "net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_conn_schedule, v6.1";

/** Why IPVS takes a packet for a client's, and where it sends it; or why it lets it pass. */
export function explainIpvsIn(netns: Netns, packet: Packet): (verdict: VerdictValue) => Reason {
  const ipvs = netns.ipvs!;
  if (packet.isIpvsDone) return pass("IPVS has handled this packet already (ipvs_property)");
  if (packet.protocol === Protocol.ICMP) return pass("ICMP errors from clients pass");
  const { protocol, src, sport, dst, dport, flags } = packet;
  const row = ipvs.connections.findIn(protocol, src, sport, dst, dport);
  if (row >= 0) return explainKnown(ipvs, packet, row);
  const service = ipvs.findService(protocol, dst, dport);
  const virtual = formatEndpoint(dst, dport);
  if (!mayBeScheduled(ipvs, packet)) {
    const said = `flags [${formatFlags(flags)}] may not begin a connection`;
    return pass(`no IPVS connection has this tuple, and ${said}`, SCHEDULE);
  }
  if (service === undefined)
    return pass(`no virtual service stands on ${virtual}`, "net/netfilter/ipvs/ip_vs_ctl.c ip_vs_service_find, v6.1");
  return (verdict) => {
    const made = ipvs.connections.findIn(protocol, src, sport, dst, dport);
    const isSynAck = (flags & (TcpFlag.SYN | TcpFlag.ACK)) === (TcpFlag.SYN | TcpFlag.ACK);
    const taken = isSynAck
      ? `a virtual service stands on ${virtual}, and this SYN-ACK carries a SYN: it counts as a new client's`
      : `a virtual service stands on ${virtual}, and a SYN begins a connection`;
    if (made < 0) {
      return { changes: [], why: `${taken}, but the service has no server: port unreachable`, source: IN };
    }
    return {
      changes: [
        `scheduled to ${serverOf(ipvs, made)} by ${service.scheduler.name}`,
        `destination ${virtual} -> ${serverOf(ipvs, made)}`,
        `IPVS connection NONE -> ${IPVS_STATE_NAMES[ipvs.connections.state[made]!]!}`,
      ],
      why: verdict === Verdict.DROP ? `${taken}, but no route leads to its server` : taken,
      source: SCHEDULE,
    };
  };
}

/** Why IPVS takes a packet for a real server's answer; or why it lets it pass. */
export function explainIpvsOut(netns: Netns, packet: Packet): (verdict: VerdictValue) => Reason {
  const ipvs = netns.ipvs!;
  const wasDone = packet.isIpvsDone;
  const isIcmp = packet.protocol === Protocol.ICMP;
  const source = formatEndpoint(packet.src, packet.sport);
  const destination = formatEndpoint(packet.dst, packet.dport);
  const row = isIcmp
    ? -1
    : ipvs.connections.findOut(packet.protocol, packet.src, packet.sport, packet.dst, packet.dport);
  const before = row < 0 ? 0 : ipvs.connections.state[row]!;
  return (verdict) => {
    const changes = [...changesOf(packet, source, destination)];
    const reason = (why: string): Reason => ({ changes, why, source: OUT });
    if (wasDone) return reason("IPVS has handled this packet already (ipvs_property)");
    if (verdict === Verdict.DROP) return reason("it comes from a real server without a connection (nat_icmp_send)");
    if (row < 0)
      return reason(
        packet.isIpvsDone ? "the header it quotes belongs to an IPVS connection" : "it answers no IPVS connection",
      );
    changes.push(stateChange(before, ipvs.connections.state[row]!));
    return reason(`the answer of ${serverOf(ipvs, row)} gets its virtual address back`);
  };
}

/** A packet of a connection that IPVS knows. */
function explainKnown(ipvs: Ipvs, packet: Packet, row: number): (verdict: VerdictValue) => Reason {
  const before = ipvs.connections.state[row]!;
  const server = serverOf(ipvs, row);
  const virtual = formatEndpoint(packet.dst, packet.dport);
  const { protocol, src, sport, dst, dport } = packet;
  const isSyn = (packet.flags & TcpFlag.SYN) !== 0;
  const keeps = isSyn && ipvs.settings.connReuseMode === 0 ? ", and with conn_reuse_mode 0 a SYN keeps it" : "";
  return (verdict) => {
    const now = ipvs.connections.findIn(protocol, src, sport, dst, dport);
    if (verdict === Verdict.DROP) {
      const why = isSyn
        ? "the finished connection still has its conntrack entry, so the new one is put off"
        : "its server is gone or cannot be reached";
      return { changes: [], why, source: IN };
    }
    if (now !== row && now >= 0) {
      return {
        changes: [`scheduled anew to ${serverOf(ipvs, now)}`, `destination ${virtual} -> ${serverOf(ipvs, now)}`],
        why: "the old connection was finished or its server is gone",
        source: IN,
      };
    }
    return {
      changes: [`destination ${virtual} -> ${server}`, stateChange(before, ipvs.connections.state[row]!)],
      why: `IPVS knows this connection${keeps}: its server is ${server}`,
      source: IN,
    };
  };
}

function stateChange(before: number, after: number): string {
  const name = IPVS_STATE_NAMES[after]!;
  return before === after ? `IPVS connection stays ${name}` : `IPVS connection ${IPVS_STATE_NAMES[before]!} -> ${name}`;
}

function serverOf({ connections }: Ipvs, row: number): string {
  return formatEndpoint(connections.real[row]!, connections.realPort[row]!);
}

function pass(why: string, source = IN): () => Reason {
  return () => ({ changes: [], why, source });
}
