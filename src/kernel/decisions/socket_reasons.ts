import { formatIpv4, type Ipv4, type Port, SECOND } from "../../units.ts";
import { errnoName } from "../errno.ts";
import { Protocol } from "../packet.ts";
import { TracedPortSearch } from "../ports/traced_port_search.ts";
import type { Route } from "../routes.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { SS_STATE_NAMES, TcpState } from "../tcp/tcp_states.ts";
import type { Decision, Flow, PortChoice } from "./decision.ts";
import { beginDecision, tell } from "./tell.ts";

const CONNECT = "net/ipv4/tcp_ipv4.c tcp_v4_connect, v6.1";

/** A call of connect() and what came of its two searches: a route, and a port or -errno. */
export interface ConnectOutcome {
  readonly route: Route;
  readonly saddr: Ipv4;
  readonly daddr: Ipv4;
  readonly dport: Port;
  /** The source port, or -errno. */
  readonly outcome: number;
}

/** Tells how connect() came by its route, its source address and its port, or why it failed. */
export function tellConnect(tcp: Tcp, slot: number, connect: ConnectOutcome): void {
  const { route, saddr, daddr, dport, outcome } = connect;
  const isBound = tcp.sockets.has(slot, SocketFlag.BOUND);
  const netns = tcp.netnsOf(slot);
  const sink = netns.machine.decisions;
  const flow = { protocol: Protocol.TCP, src: saddr, dst: daddr, sport: Math.max(0, outcome), dport };
  if (sink === undefined || !sink.wants(flow)) return;
  const way = `leaves by ${route.device!.name}`;
  tell(
    netns,
    flow,
    { place: "route", name: "route" },
    {
      changes: [],
      why: `${formatIpv4(daddr)} ${way}, so the source address is ${formatIpv4(saddr)}`,
      source: "net/ipv4/route.c ip_route_output_key_hash_rcu, v6.1",
    },
  );
  const verdict = outcome < 0 ? `-${errnoName(-outcome)}` : `port ${outcome}`;
  const decision: Decision = beginDecision(netns, flow, { place: "connect", name: "connect", verdict });
  decision.source = isBound ? CONNECT : `net/ipv4/inet_hashtables.c __inet_hash_connect, v${walkVersion(tcp)}`;
  decision.changes = outcome < 0 ? [] : ["socket UNCONN -> SYN-SENT"];
  const choice = isBound ? undefined : choiceOf(tcp);
  if (choice !== undefined) decision.port = choice;
  decision.why = isBound ? "the socket was bound beforehand" : whyPort(outcome, choice);
  sink.begin(decision);
  sink.end(decision);
}

/** Tells what close() does to a connection. */
export function tellClose(tcp: Tcp, slot: number): void {
  const state = tcp.sockets.state(slot);
  if (state === TcpState.LISTEN || state === TcpState.CLOSE) return;
  const sent = tcp.sockets.has(slot, SocketFlag.LINGER_RESET) ? "a RST is sent (SO_LINGER of 0 s)" : "a FIN is sent";
  const why =
    state === TcpState.SYN_SENT
      ? "in SYN-SENT nothing is sent: port and tuple are free at once"
      : `in ${SS_STATE_NAMES[state] ?? ""} ${sent}`;
  tell(
    tcp.netnsOf(slot),
    flowOfSocket(tcp, slot),
    { place: "close", name: "close" },
    { changes: [], why, source: "net/ipv4/tcp.c __tcp_close, v6.1" },
  );
}

/** Tells that a retransmission timer has fired and is armed again. */
export function tellTimeout(tcp: Tcp, slot: number, said: { readonly what: string; readonly source: string }): void {
  const { sockets } = tcp;
  const count = sockets.retransmits(slot);
  const wait = (sockets.due(slot) - tcp.machine.loop.now) / SECOND;
  tell(
    tcp.netnsOf(slot),
    flowOfSocket(tcp, slot),
    { place: "timer", name: "timer" },
    { changes: [`retransmission ${count}, the next one ${wait} s later`], why: said.what, source: said.source },
  );
}

function flowOfSocket({ sockets }: Tcp, slot: number): Flow {
  return {
    protocol: Protocol.TCP,
    src: sockets.local(slot),
    dst: sockets.remote(slot),
    sport: sockets.localPort(slot),
    dport: sockets.remotePort(slot),
  };
}

function choiceOf(tcp: Tcp): PortChoice | undefined {
  const search = tcp.ports.lastSearch;
  return search instanceof TracedPortSearch ? search.choice() : undefined;
}

function whyPort(outcome: number, choice: PortChoice | undefined): string {
  const examined = choice?.examined ?? 0;
  if (outcome < 0) return `every one of ${examined} candidates is unusable`;
  return examined === 1 ? "the first candidate is free" : `candidate ${examined} is the first that may be taken`;
}

/** The oldest kernel that the walk of this one was read from. */
function walkVersion(tcp: Tcp): string {
  switch (tcp.machine.era.portWalk) {
    case "3.10":
      return "3.10";
    case "4.2-4.5":
      return "4.4";
    case "4.6-5.11":
      return "5.4";
    case "5.12-5.17":
      return "5.15";
    case "5.18+":
      return "5.18";
  }
}
