import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { Ipv4, Micros, Port } from "../../units.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { RealServer } from "../ipvs/virtual_service.ts";
import type { DnatDraws, Nat } from "../nat/nat.ts";
import type { MatchView } from "../netfilter/rule_match.ts";
import type { Netns } from "../netns.ts";
import { Protocol } from "../packet.ts";
import type { SocketOwner } from "../tcp/socket_owner.ts";
import type { Tcp } from "../tcp/tcp.ts";
import type { Exchange } from "./exchange.ts";
import type { ExchangeWatch } from "./exchange_watch.ts";

/** The listening socket that a flow's connections come to. */
export interface FlowServer {
  readonly netns: Netns;
  readonly tcp: Tcp;
  readonly listener: number;
  readonly owner: SocketOwner;
}

/** Where the rules stand that give connections another destination, and what they draw before. */
export interface FlowDnat extends DnatDraws {
  readonly nat: Nat;
}

/** What the tuples of a flow's connections have in common: all but the source port. */
export interface FlowTuple {
  readonly client: Netns;
  /** That of the client's machine. */
  readonly tcp: Tcp;
  readonly saddr: Ipv4;
  readonly daddr: Ipv4;
  readonly dport: Port;
  /** The reply tuple, as the server has it: another one where IPVS or DNAT lies between. Its destination port is `replyDport`. */
  readonly replySrc: Ipv4;
  readonly replyDst: Ipv4;
  readonly replySport: Port;
  /** The real server of IPVS that the connections are scheduled to, and where; `undefined` if they go through no service of it. */
  readonly real: RealServer | undefined;
  readonly ipvs: Ipvs | undefined;
  /** `undefined` if no rule translates their destination. */
  readonly dnat: FlowDnat | undefined;
  /** The NAT that draws the port which the server has for the client's; `undefined` if it has the source port. */
  readonly masquerading: Nat | undefined;
}

/** The port that the server has for the client's of the next connection, whose source port is `port`. */
export function replyDport({ masquerading, dnat }: FlowTuple, port: Port): Port {
  return masquerading === undefined ? port : masquerading.foreseePort(port, dnat);
}

/** Whether a packet is one from the client of a connection with this tuple. */
export function isFromClient({ saddr, daddr, dport }: FlowTuple, packet: MatchView): boolean {
  const { protocol, src, dst } = packet;
  return protocol === Protocol.TCP && src === saddr && dst === daddr && packet.dport === dport;
}

/** The connections of a flow that go through a service: what is known of them stands in a flow of each server. */
export interface ServiceFlows {
  /** That of the server which the next connection comes to, if any has been watched that did. */
  next(): Flow | undefined;
  /** The same, a new one if need be; `undefined` if the server cannot be told beforehand. */
  nextToLearn(): Flow | undefined;
}

/**
 * The connections that one client makes again and again, all alike: from the same namespace to the same address and
 * port, with the same request. Whoever asks `FlowPath.carry` for one has nothing else left to do in that event.
 */
export class Flow {
  // What each connection asks for comes first, since it then lies together.
  /** `MachineGroup.changes` and `listenerChanges` when this was learnt. */
  changes = -1;
  listenerChanges = -1;
  /** Connections that were carried since one was last compared with what is known. */
  sinceAudit = 0;
  /** What each connection does, where the server treats all alike and enough have been watched. */
  always: Exchange | undefined = undefined;
  server: FlowServer | undefined = undefined;
  /** The source port of the connection that was carried last, and how long its handshake took. */
  localPort: Port = 0;
  connectTime: Micros = DOUBLE_ZERO;
  /** Bytes of each connection's request; 0 if it has none. */
  readonly requestBytes: number;
  /** What each connection does, by the server's conduct; absent until enough of them have been watched. */
  exchanges: (Exchange | undefined)[] = [];
  /** The same way: how many have been watched from which nothing was learnt. */
  refused: number[] = [];
  /** Those beside which others sent packets, in the same way. */
  missed: number[] = [];
  /** Set where its connections go through a service, as of `changes`: then all that is known stands there. */
  services: ServiceFlows | undefined = undefined;
  /** As of `changes`; `undefined` if its ports are bound beforehand. */
  tuple: FlowTuple | undefined = undefined;
  /** The connection that is being watched. */
  watch: ExchangeWatch | undefined = undefined;

  constructor(requestBytes: number) {
    this.requestBytes = requestBytes;
  }

  /** What was learnt does not hold any longer: the server is to be looked for again. */
  forget(): void {
    this.listenerChanges = -1;
    this.server = undefined;
    this.always = undefined;
    this.refused = [];
    this.missed = [];
    this.exchanges = [];
  }
}
