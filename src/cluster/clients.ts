import { assert } from "../sim/assert.ts";
import { longerFloat64, longerInt32 } from "../sim/columns.ts";
import { DOUBLE_ZERO } from "../sim/double_zero.ts";
import type { EventLoop } from "../sim/event_loop.ts";
import type { Fingerprint } from "../sim/fingerprint.ts";
import { TimerColumn, type TimerColumnOwner } from "../sim/timer_column.ts";
import { Errno } from "../kernel/errno.ts";
import type { Machine } from "../kernel/machine.ts";
import type { Flow } from "../kernel/flow/flow.ts";
import type { Netns } from "../kernel/netns.ts";
import type { SocketOwner } from "../kernel/tcp/socket_owner.ts";
import { SocketFlag } from "../kernel/tcp/socket_table.ts";
import { TcpState } from "../kernel/tcp/tcp_states.ts";
import type { Ipv4, Micros, Port } from "../units.ts";
import type { FailureCause } from "./replication_result.ts";

/** How a connection went. `errno` is 0 unless the kernel gave one. */
export interface Outcome {
  readonly isSuccess: boolean;
  readonly cause: FailureCause;
  readonly errno: number;
  /** Whether the handshake was complete when it failed. */
  readonly wasConnected: boolean;
  readonly localPort: Port;
  /** From connect() to the end of the handshake; -1 if it did not end. */
  readonly connectTime: Micros;
}

/** What a client does with each of its connections; one object for all connections of one workload. */
export interface ClientSpec {
  readonly netns: Netns;
  readonly address: Ipv4;
  readonly port: Port;
  /** 0: connecting is all, and the client closes at once. */
  readonly requestBytes: number;
  /**
   * After the answer: `client` closes at once, `race` closes in a moment unless the server did, `server` waits for the
   * server's close, `reset` aborts.
   */
  readonly closes: "client" | "race" | "server" | "reset";
  /** Covers connecting, request and answer. */
  readonly timeout: Micros;
  /** How long the connection stays open after the answer (`closes: client` and `reset`); not at all if left out. */
  readonly lasts?: Micros;
  /**
   * Lets a connection be carried at once by the group's flow path, if it has one. Only for a workload that opens its
   * connections as the last thing that it does in an event.
   */
  readonly flow?: Flow;
  /** Binds the socket before it connects; without it connect() chooses the port. @returns 0 or -errno. */
  bind?(slot: number): number;
  /** @param outcome holds during the call: that of the next connection may be told with the same object. */
  finished(row: number, outcome: Outcome): void;
}

/** Hears of every connection of the clients on a machine; it must not change anything. */
export interface ClientObserver {
  /** A connection is about to begin; its row is its name until it is finished. */
  opens(row: number, spec: ClientSpec): void;
  /** connect() has not failed, and the connection has this source. */
  connects(row: number, spec: ClientSpec, source: { readonly address: Ipv4; readonly port: Port }): void;
  finished(row: number, spec: ClientSpec, outcome: Outcome): void;
}

/** A client's own work between the answer and its close(), in which the server's FIN may overtake it. */
const CLOSE_DELAY: Micros = 60;

const FIRST_CAPACITY = 64;

const SUCCESS_CODE = 0;
const TIMEOUT_CODE = 1;

/**
 * The open connections of all clients on a machine: probes, self-checks, agents. Every connection ends in exactly one
 * outcome with exactly one cause, and enters the run's outcome fingerprint as (time, connection, port, result).
 */
export class Clients implements SocketOwner {
  /** Who hears of connections, if anybody does. */
  observer: ClientObserver | undefined = undefined;
  readonly #machine: Machine;
  readonly #loop: EventLoop;
  readonly #fingerprint: Fingerprint;
  /** The outcome of a connection that was carried: most are, and each tells two numbers of its own. */
  readonly #success = {
    isSuccess: true,
    cause: "other" as const,
    errno: 0,
    wasConnected: true,
    localPort: 0,
    connectTime: DOUBLE_ZERO,
  };
  /** What an outcome adds to it: the time in two words, the connection, its port and its result. */
  readonly #noted = new Int32Array(5);
  readonly #specs: (ClientSpec | undefined)[] = [];
  readonly #generations: number[] = [];
  /** By row its socket; of a free row the next free one, or -1. */
  #slots = new Int32Array(FIRST_CAPACITY);
  #ports = new Int32Array(FIRST_CAPACITY);
  #serials = new Int32Array(FIRST_CAPACITY);
  /** When each row's connection was begun, and when its handshake ended (-1: not yet). */
  #begins = new Float64Array(FIRST_CAPACITY);
  #handshakes = new Float64Array(FIRST_CAPACITY);
  #firstFree = -1;
  readonly #timeouts = new Map<Micros, TimerColumn>();
  readonly #closes: TimerColumn;
  readonly #holds = new Map<Micros, TimerColumn>();
  readonly #timeoutOwner: ConnectionTimers;
  readonly #endOwner: ConnectionTimers;
  #opened = 0;
  #finished = 0;

  constructor(machine: Machine, fingerprint: Fingerprint) {
    this.#machine = machine;
    this.#loop = machine.loop;
    this.#fingerprint = fingerprint;
    this.#timeoutOwner = new ConnectionTimers(this.#generations, (row) => this.timeOut(row));
    this.#endOwner = new ConnectionTimers(this.#generations, (row) => this.#closeAndSucceed(row));
    this.#closes = new TimerColumn(this.#loop, "client/closes", CLOSE_DELAY, this.#endOwner);
    this.#closes.letOverlap("goes on");
  }

  /** Begins a connection, which may be over before this returns. @returns its row, until it is finished; -1 if it was carried. */
  open(spec: ClientSpec): number {
    const flow = this.observer === undefined && spec.bind === undefined ? spec.flow : undefined;
    if (flow !== undefined && this.#machine.group.flowPath?.carry(flow) === true) {
      this.#succeedAtOnce(spec, flow);
      return -1;
    }
    const row = this.#takeRow();
    this.#specs[row] = spec;
    this.#generations[row] = this.#generations[row]! + 1;
    this.#opened += 1;
    this.#serials[row] = this.#opened;
    const tcp = this.#machine.tcp;
    const slot = tcp.socket(spec.netns, this, row);
    this.#slots[row] = slot;
    this.#ports[row] = 0;
    this.observer?.opens(row, spec);
    this.#begins[row] = this.#loop.now;
    this.#handshakes[row] = -1;
    if (spec.closes === "reset") tcp.setLingerReset(slot);
    const bound = spec.bind === undefined ? 0 : spec.bind(slot);
    if (bound < 0) tcp.close(slot);
    const outcome = bound < 0 ? bound : tcp.connect(slot, spec.address, spec.port, flow);
    if (outcome < 0) {
      this.#fail(row, -outcome, false);
      return row;
    }
    const port = tcp.sockets.localPort(slot);
    this.#ports[row] = port;
    this.observer?.connects(row, spec, { address: tcp.sockets.local(slot), port });
    this.#columnOf(spec.timeout).arm(row, this.#generations[row]);
    return row;
  }

  connected(slot: number, row: number): void {
    const spec = this.#specs[row]!;
    this.#handshakes[row] = this.#loop.now;
    if (spec.requestBytes > 0) this.#machine.tcp.send(slot, spec.requestBytes);
    else if (spec.closes !== "server") this.#closeAndSucceed(row);
  }

  carried(row: number, connectTime: Micros): void {
    this.#handshakes[row] = this.#begins[row]! + connectTime;
    this.#succeed(row);
  }

  accepted(): void {
    // Clients do not listen.
  }

  received(_slot: number, row: number): void {
    const spec = this.#specs[row]!;
    if (spec.lasts !== undefined) this.#hold(row, spec.lasts);
    else if (spec.closes === "race") this.#closes.arm(row, this.#generations[row]!);
    else if (spec.closes !== "server") this.#closeAndSucceed(row);
  }

  peerClosed(_slot: number, row: number): void {
    this.#closeAndSucceed(row);
  }

  failed(slot: number, row: number, errno: number): void {
    this.#fail(row, errno, this.#machine.tcp.sockets.state(slot) !== TcpState.SYN_SENT);
  }

  /** The timeout of a connection: its socket is closed in whatever state it is. */
  timeOut(row: number): void {
    const tcp = this.#machine.tcp;
    const slot = this.#slots[row]!;
    const isConnecting = tcp.sockets.state(slot) === TcpState.SYN_SENT;
    const cause = this.#causeOfSilence(slot, isConnecting);
    tcp.close(slot);
    this.#finish(row, TIMEOUT_CODE, {
      isSuccess: false,
      cause,
      errno: 0,
      wasConnected: !isConnecting,
      localPort: this.#ports[row]!,
      connectTime: this.#connectTime(row),
    });
  }

  /** Connections that have ended, in whatever outcome. */
  get finished(): number {
    return this.#finished;
  }

  /**
   * What does not hold between two events, one sentence each: every connection that was begun has ended or is open, an
   * open one has its socket, every socket of ours has its connection, and none outlasts its time. It changes nothing.
   */
  *broken(): Generator<string> {
    const { sockets } = this.#machine.tcp;
    let open = 0;
    for (const [row, spec] of this.#specs.entries()) {
      if (spec === undefined) continue;
      open += 1;
      const slot = this.#slots[row]!;
      if (sockets.owner(slot) !== this || sockets.tag(slot) !== row)
        yield `an open connection has its socket: connection ${this.#serials[row]} does not own row ${slot}`;
      const latest = this.#begins[row]! + spec.timeout + (spec.lasts ?? 0);
      if (latest < this.#loop.now)
        yield `no connection outlasts its time: connection ${this.#serials[row]} was to end by ${latest} us, now is ${this.#loop.now} us`;
    }
    if (this.#opened !== this.#finished + open)
      yield `every connection ends in one outcome: ${this.#opened} were begun, ${this.#finished} have ended, ${open} are open`;
    const free = this.#freeRows();
    if (free + open !== this.#specs.length)
      yield `a connection's row is free or open: of ${this.#specs.length}, ${free} are free and ${open} open`;
    for (let slot = 0; slot < sockets.extent; slot += 1) {
      if (sockets.owner(slot) !== this) continue;
      const row = sockets.tag(slot);
      if (this.#specs[row] !== undefined && this.#slots[row] === slot) continue;
      yield `a client's socket has its connection: row ${slot} has none`;
    }
  }

  #takeRow(): number {
    const row = this.#firstFree;
    if (row >= 0) {
      this.#firstFree = this.#slots[row]!;
      return row;
    }
    if (this.#specs.length === this.#slots.length) this.#grow();
    this.#generations.push(0);
    return this.#specs.push(undefined) - 1;
  }

  #grow(): void {
    const capacity = 2 * this.#slots.length;
    this.#slots = longerInt32(this.#slots, capacity);
    this.#ports = longerInt32(this.#ports, capacity);
    this.#serials = longerInt32(this.#serials, capacity);
    this.#begins = longerFloat64(this.#begins, capacity);
    this.#handshakes = longerFloat64(this.#handshakes, capacity);
  }

  /** How many rows are free; a row that was given back twice counts for more than there are. */
  #freeRows(): number {
    let count = 0;
    for (let row = this.#firstFree; row >= 0 && count <= this.#specs.length; row = this.#slots[row]!) count += 1;
    return count;
  }

  #closeAndSucceed(row: number): void {
    this.#machine.tcp.close(this.#slots[row]!);
    this.#specs[row]!.flow?.watch?.finish(this.#loop.now, this.#connectTime(row));
    this.#succeed(row);
  }

  #succeed(row: number): void {
    this.#finish(row, SUCCESS_CODE, {
      isSuccess: true,
      cause: "other",
      errno: 0,
      wasConnected: true,
      localPort: this.#ports[row]!,
      connectTime: this.#connectTime(row),
    });
  }

  /** A connection was carried, and is over. */
  #succeedAtOnce(spec: ClientSpec, { localPort, connectTime }: Flow): void {
    this.#opened += 1;
    this.#finished += 1;
    this.#note(this.#opened, localPort, SUCCESS_CODE);
    const outcome = this.#success;
    outcome.localPort = localPort;
    outcome.connectTime = connectTime;
    spec.finished(-1, outcome);
  }

  /** The answer has come in time: from now on only the connection's own length counts. */
  #hold(row: number, lasts: Micros): void {
    this.#generations[row] = this.#generations[row]! + 1;
    let column = this.#holds.get(lasts);
    if (column === undefined) {
      column = new TimerColumn(this.#loop, `client/lasts/${lasts}us`, lasts, this.#endOwner);
      column.letOverlap("goes on");
      this.#holds.set(lasts, column);
    }
    column.arm(row, this.#generations[row]);
  }

  #connectTime(row: number): Micros {
    const end = this.#handshakes[row]!;
    return end < 0 ? -1 : end - this.#begins[row]!;
  }

  #fail(row: number, errno: number, wasConnected: boolean): void {
    const cause = causeOfErrno(errno, wasConnected);
    const localPort = this.#ports[row]!;
    const connectTime = this.#connectTime(row);
    this.#finish(row, 1000 + errno, { isSuccess: false, cause, errno, wasConnected, localPort, connectTime });
  }

  #causeOfSilence(slot: number, isConnecting: boolean): FailureCause {
    const sockets = this.#machine.tcp.sockets;
    if (sockets.has(slot, SocketFlag.DIVERTED)) return "nodeport-collision";
    if (sockets.has(slot, SocketFlag.CONNTRACK_FULL)) return "conntrack-full";
    return isConnecting ? "connect-timeout" : "slow-server";
  }

  #finish(row: number, code: number, outcome: Outcome): void {
    const spec = this.#specs[row];
    assert(spec !== undefined, "a connection ends in one outcome");
    this.#finished += 1;
    this.#note(this.#serials[row]!, outcome.localPort, code);
    this.#specs[row] = undefined;
    this.#generations[row] = this.#generations[row]! + 1;
    this.#slots[row] = this.#firstFree;
    this.#firstFree = row;
    this.observer?.finished(row, spec, outcome);
    spec.finished(row, outcome);
  }

  #note(serial: number, localPort: Port, code: number): void {
    const words = this.#noted;
    const { now } = this.#loop;
    words[0] = now;
    words[1] = now / 0x1_0000_0000;
    words[2] = serial;
    words[3] = localPort;
    words[4] = code;
    this.#fingerprint.addWords(words);
  }

  #columnOf(timeout: Micros): TimerColumn {
    let column = this.#timeouts.get(timeout);
    if (column === undefined) {
      column = new TimerColumn(this.#loop, `client/timeout/${timeout}us`, timeout, this.#timeoutOwner);
      column.letOverlap("goes on");
      this.#timeouts.set(timeout, column);
    }
    return column;
  }
}

/** Timers of connections by row, each under the generation that its row had when it was armed. */
class ConnectionTimers implements TimerColumnOwner {
  readonly #generations: readonly number[];
  readonly #fire: (row: number) => void;

  constructor(generations: readonly number[], fire: (row: number) => void) {
    this.#generations = generations;
    this.#fire = fire;
  }

  isLive(row: number, generation: number): boolean {
    return this.#generations[row] === generation;
  }

  fire(row: number): void {
    this.#fire(row);
  }
}

function causeOfErrno(errno: number, wasConnected: boolean): FailureCause {
  if (errno === Errno.EADDRNOTAVAIL) return "port-exhaustion";
  if (errno === Errno.ECONNREFUSED) return "connection-refused";
  if (errno === Errno.ETIMEDOUT) return wasConnected ? "slow-server" : "connect-timeout";
  if (errno === Errno.EHOSTUNREACH || errno === Errno.ENETUNREACH) return "host-unreachable";
  return "other";
}
