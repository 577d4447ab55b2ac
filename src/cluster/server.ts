import type { Machine } from "../kernel/machine.ts";
import type { Netns } from "../kernel/netns.ts";
import type { SocketOwner } from "../kernel/tcp/socket_owner.ts";
import { TcpState } from "../kernel/tcp/tcp_states.ts";
import type { RandomStream } from "../sim/random.ts";
import type { Ipv4, Micros, Port } from "../units.ts";

/** How a server treats its connections. */
export interface ServerOptions {
  /** From the request to the answer; 0 answers at once. */
  readonly responseDelay: Micros;
  readonly responseBytes: number;
  /** Share of connections on which it waits for the client to close; on the others it closes right after its answer. */
  readonly waitsForClientShare: number;
  /** Draws which; needed only where the share is neither 0 nor 1. */
  readonly choice?: RandomStream;
  /** Requests of these lengths ask to keep the connection open (no `Connection: close`, or HTTP/2), so their client closes. */
  readonly keepAliveRequestBytes?: readonly number[];
  /** Requests of this length are those of clients that wait for the server's close: it always closes first. */
  readonly closeRequestBytes?: number;
}

/** The ways in which it treats a connection, for `conductOf`. */
const SERVER_CLOSES = 0;
const CLIENT_CLOSES = 1;
const VARIES = -1;

/**
 * A server process: it accepts, answers each request once, and closes either first or after its client. A client that
 * closes without a request is closed in turn.
 */
export class Server implements SocketOwner {
  readonly #machine: Machine;
  readonly #options: ServerOptions;
  readonly #responseHandler: number;
  readonly #listeners: number[] = [];
  /** When the answer that a socket waits for is due, by the socket's place, so that a slot used again does not get it. */
  readonly #owed: number[] = [];
  /** What a socket's request asked for, by the socket's place, as `#keepsOpenFor` says. */
  readonly #keepsOpen: (boolean | undefined)[] = [];
  /** The next choice, if somebody has asked for it before its connection came. */
  #waitsNext: boolean | undefined = undefined;

  constructor(machine: Machine, name: string, options: ServerOptions) {
    this.#machine = machine;
    this.#options = options;
    this.#responseHandler = machine.loop.handler(`${name}/answers`, (slot) => this.#answer(slot));
    machine.loop.letOverlap(this.#responseHandler, "goes on");
  }

  /** Starts to listen. @returns 0 or -errno. */
  listen(netns: Netns, address: Ipv4, port: Port): number {
    const tcp = this.#machine.tcp;
    const slot = tcp.socket(netns, this, 0);
    let outcome = tcp.bind(slot, { address, port, hasReuseAddress: true });
    if (outcome === 0) outcome = tcp.listen(slot);
    if (outcome < 0) tcp.close(slot);
    else this.#listeners.push(slot);
    return outcome;
  }

  /** Stops listening. Not modelled: the reset of connections that are open when the process dies. */
  stop(): void {
    for (const slot of this.#listeners) this.#machine.tcp.close(slot);
    this.#listeners.length = 0;
  }

  connected(): void {
    // Servers do not connect.
  }

  accepted(): void {
    // The request is waited for.
  }

  received(slot: number, _tag: number, bytes: number): void {
    const place = this.#machine.tcp.sockets.place(slot);
    this.#keepsOpen[place] = this.#keepsOpenFor(bytes);
    if (this.#options.responseDelay === 0) {
      this.#owed[place] = this.#machine.loop.now;
      this.#answer(slot);
      return;
    }
    this.#owed[place] = this.#machine.loop.now + this.#options.responseDelay;
    this.#machine.loop.after(this.#options.responseDelay, this.#responseHandler, slot);
  }

  conductOf(bytes: number): number {
    if (bytes === 0) return CLIENT_CLOSES;
    const keepsOpen = this.#keepsOpenFor(bytes);
    if (keepsOpen === undefined) return VARIES;
    return keepsOpen ? CLIENT_CLOSES : SERVER_CLOSES;
  }

  nextConductOf(): number {
    this.#waitsNext ??= this.#waitsForClient();
    return this.#waitsNext ? CLIENT_CLOSES : SERVER_CLOSES;
  }

  hasConducted(): void {
    this.#waitsNext = undefined;
  }

  peerClosed(slot: number): void {
    this.#machine.tcp.close(slot);
  }

  failed(slot: number): void {
    this.#owed[this.#machine.tcp.sockets.place(slot)] = -1;
  }

  #answer(slot: number): void {
    const tcp = this.#machine.tcp;
    const place = tcp.sockets.place(slot);
    if (tcp.sockets.owner(slot) !== this || this.#owed[place] !== this.#machine.loop.now) return;
    const state = tcp.sockets.state(slot);
    if (state !== TcpState.ESTABLISHED) return;
    tcp.send(slot, this.#options.responseBytes);
    if (!(this.#keepsOpen[place] ?? this.#takeChoice())) tcp.close(slot);
  }

  /** Whether a request of so many bytes asks to keep the connection open (true) or to close it (false); else chance decides. */
  #keepsOpenFor(bytes: number): boolean | undefined {
    const { keepAliveRequestBytes = [], closeRequestBytes } = this.#options;
    for (const kept of keepAliveRequestBytes) if (kept === bytes) return true;
    return bytes === closeRequestBytes ? false : undefined;
  }

  #takeChoice(): boolean {
    const drawn = this.#waitsNext ?? this.#waitsForClient();
    this.#waitsNext = undefined;
    return drawn;
  }

  #waitsForClient(): boolean {
    const { waitsForClientShare: share, choice } = this.#options;
    if (share <= 0) return false;
    if (share >= 1 || choice === undefined) return true;
    return choice.uniform() < share;
  }
}
