import type { Micros } from "../../units.ts";
import { type Conntrack, IN_THE_WAY, NOTHING } from "../conntrack/conntrack.ts";
import { CtStatus } from "../conntrack/ct_status.ts";
import { Protocol } from "../packet.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { packPorts, reversePorts } from "../tuple_index.ts";
import type { EntryFacts, IpvsFacts, WaitFacts } from "./exchange_facts.ts";
import type { SequenceRules } from "./exchange_sequences.ts";
import { type FlowTuple, replyDport } from "./flow.ts";

/** A connection that is carried: when it begins, and its client's and its server's initial sequence numbers. */
export interface CarriedConnection {
  begins: Micros;
  client: number;
  server: number;
}

/** The TIME_WAIT entry that a kind of connection leaves behind at one side. */
export class WaitEnd {
  readonly #begins: Micros;
  readonly #flags: number;
  readonly #rules: SequenceRules;
  readonly #first: number;

  /** @param first the rule of its first sequence number, in the order of `waitSequences`. */
  constructor({ begins, flags }: WaitFacts, rules: SequenceRules, first: number) {
    this.#begins = begins;
    this.#flags = flags;
    this.#rules = rules;
    this.#first = first;
  }

  /** Makes a socket whose tuple stands in the table the entry. */
  leave(tcp: Tcp, slot: number, connection: CarriedConnection): void {
    const { timeWaits } = tcp;
    if ((this.#flags & SocketFlag.HAS_PORT) === 0) tcp.releasePort(slot);
    this.#write(tcp, slot, connection);
    const time = connection.begins + this.#begins;
    timeWaits.expire(time);
    timeWaits.begin(slot, time);
  }

  /** The same now, at the moment at which the entry begins. `TcpExtTW` has been counted, or will be with all others. */
  begin(tcp: Tcp, slot: number, connection: CarriedConnection): void {
    this.#write(tcp, slot, connection);
    tcp.netnsOf(slot).counters.TcpExtTW -= 1;
    tcp.timeWaits.enter(slot);
  }

  /** The same, of a connection that began some time ago. */
  leaveLate(tcp: Tcp, slot: number, connection: CarriedConnection): void {
    this.#write(tcp, slot, connection);
    tcp.timeWaits.beginLate(slot, connection.begins + this.#begins);
  }

  #write({ sockets }: Tcp, slot: number, { client, server }: CarriedConnection): void {
    sockets.set(slot, this.#flags);
    sockets.setSndNxt(slot, this.#rules.value(this.#first, client, server));
    sockets.setRcvNxt(slot, this.#rules.value(this.#first + 1, client, server));
  }
}

/** The connection of IPVS that a kind of connection leaves behind. */
export class IpvsEnd {
  readonly #facts: IpvsFacts;

  constructor(facts: IpvsFacts) {
    this.#facts = facts;
  }

  /** Makes it; its real server is chosen. @param ports of the client's tuple. */
  leave({ saddr, daddr, ipvs, real }: FlowTuple, ports: number): void {
    ipvs!.leaveConnection(saddr, daddr, ports, real!, this.#facts);
    real!.service.scheduler.choose?.(real!);
  }
}

/** The conntrack entry that a kind of connection leaves behind in one namespace. */
export class EntryEnd {
  readonly #conntrack: Conntrack;
  readonly #tuples: EntryFacts["tuples"];
  readonly #status: number;
  readonly #state: number;
  readonly #lastDirection: number;
  readonly #lastInput: number;
  readonly #retransmits: number;
  readonly #expires: Micros;
  readonly #timer: Micros;
  readonly #rules: SequenceRules;
  readonly #first: number;
  /** What `findPredecessor` said last. */
  predecessor = NOTHING;

  /** @param first the rule of its first sequence number, in the order of `entrySequences`. */
  // oxlint-disable-next-line max-params -- made once per kind of connection
  constructor(facts: EntryFacts, conntrack: Conntrack, rules: SequenceRules, first: number) {
    this.#conntrack = conntrack;
    this.#tuples = facts.tuples;
    this.#status = facts.status;
    this.#state = facts.state;
    this.#lastDirection = facts.lastDirection;
    this.#lastInput = facts.lastInput;
    this.#retransmits = facts.retransmits;
    this.#expires = facts.expires;
    this.#timer = facts.timer;
    this.#rules = rules;
    this.#first = first;
  }

  /** Whether the table takes so many entries in before it is full. */
  hasRoomFor(entries: number): boolean {
    return this.#conntrack.hasRoomFor(entries);
  }

  /** Whether the table takes the entry in, in the place of one that its SYN replaces if need be. @param ports of the original direction. */
  mayFollow(src: number, dst: number, ports: number): boolean {
    const reverse = reversePorts(ports);
    this.predecessor = this.#conntrack.findPredecessor(src, dst, ports, reverse);
    return this.predecessor !== IN_THE_WAY;
  }

  /** Puts the entry of a connection into the table, `mayFollow` having said yes. @param ports of the client's tuple. */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  leave(tuple: FlowTuple, ports: number, { begins, client, server }: CarriedConnection, predecessor: number): void {
    const conntrack = this.#conntrack;
    const { table } = conntrack;
    const { memory } = table;
    const rules = this.#rules;
    const first = this.#first;
    const slot = conntrack.allocateAfter(predecessor, Protocol.TCP);
    const original = 2 * slot;
    const reply = original + 1;
    if (this.#tuples === "client") table.setOriginal(slot, tuple.saddr, tuple.daddr, ports);
    else this.#setTuples(slot, tuple, ports);
    table.set(slot, this.#status);
    table.setState(slot, this.#state);
    memory.setMaxAck(original, rules.value(first, client, server));
    memory.setMaxAck(reply, rules.value(first + 1, client, server));
    memory.setSentEnd(original, rules.value(first + 2, client, server));
    memory.setSentEnd(reply, rules.value(first + 3, client, server));
    memory.setLastData(slot, rules.value(first + 4, client, server), rules.value(first + 5, client, server));
    table.setLast(slot, this.#lastDirection, this.#lastInput, rules.value(first + 6, client, server));
    table.setRetransmits(slot, this.#retransmits);
    table.setExpires(slot, begins + this.#expires);
    conntrack.insert(slot, begins + this.#timer);
  }

  /** Gives an entry its tuples, of which the server has others than the client. */
  #setTuples(slot: number, tuple: FlowTuple, ports: number): void {
    const { saddr, daddr, replySrc, replyDst, replySport } = tuple;
    const { table, netns } = this.#conntrack;
    const port = replyDport(tuple, ports >>> 16);
    const reply = packPorts(replySport, port);
    if (this.#tuples === "server") {
      table.setOriginal(slot, replyDst, replySrc, reversePorts(reply));
      return;
    }
    table.setOriginal(slot, saddr, daddr, ports);
    table.setReply(slot, replySrc, replyDst, reply);
    if ((this.#status & CtStatus.SRC_NAT) !== 0) netns.countSourceNat(port);
  }
}
