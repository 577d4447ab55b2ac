import { Errno, errnoName } from "../kernel/errno.ts";
import type { Netns } from "../kernel/netns.ts";
import type { SocketOwner } from "../kernel/tcp/socket_owner.ts";
import type { Tcp } from "../kernel/tcp/tcp.ts";
import type { Micros, Port } from "../units.ts";
import type { Alarms } from "./alarms.ts";
import { readAddress } from "./case_address.ts";

/** Where a client connects to, and how its socket is made. */
export interface ClientOptions {
  readonly netns: Netns;
  readonly to: readonly [address: string, port: Port];
  readonly bind?: ClientBind | undefined;
  /** IP_LOCAL_PORT_RANGE. */
  readonly portRange?: readonly [low: Port, high: Port] | undefined;
}

/** What a client calls bind() with. */
export interface ClientBind {
  readonly address: string;
  readonly port: Port;
  readonly noPort?: boolean;
  readonly reuseAddress?: boolean;
}

/** User space is awake this long after its socket has become ready. */
const WAKE_UP: Micros = 50;

/** The machine that a client runs on. */
export interface ClientHost {
  readonly tcp: Tcp;
  readonly alarms: Alarms;
}

/** What a script wants to be told of its socket; each call may come at most once but `answered`. */
export interface ClientEvents {
  connected?(): void;
  /** Payload has come in. */
  answered?(): void;
  /** The connection is gone, or the peer has closed (errno 0). */
  ended?(errno: number): void;
}

/** A client socket of a script. */
export class ClientSocket implements SocketOwner {
  readonly tcp: Tcp;
  readonly netns: Netns;
  /** The script that waits for it now. */
  events: ClientEvents = {};
  /** The local port, -1 as long as there is none. */
  localPort = -1;
  readonly #alarms: Alarms;
  #slot = -1;
  #isOpen = false;

  private constructor({ tcp, alarms }: ClientHost, netns: Netns) {
    this.tcp = tcp;
    this.#alarms = alarms;
    this.netns = netns;
  }

  /**
   * socket(), bind() and connect() without waiting.
   *
   * @returns the socket, or what the call that failed returned in the words of the recordings' lists: `EADDRNOTAVAIL`,
   * `bind EADDRINUSE`, `setsockopt ENOPROTOOPT`.
   */
  static open(host: ClientHost, options: ClientOptions, events: ClientEvents): ClientSocket | string {
    const { tcp } = host;
    const client = new ClientSocket(host, options.netns);
    client.events = events;
    client.#slot = tcp.socket(options.netns, client, 0);
    const problem = client.#prepare(options);
    if (problem !== undefined) {
      tcp.destroy(client.#slot);
      return problem;
    }
    client.#isOpen = true;
    const slot = client.#slot;
    const outcome = tcp.connect(slot, readAddress(options.to[0]), options.to[1]);
    if (outcome < 0) return errnoName(-outcome);
    client.localPort = tcp.sockets.localPort(slot);
    return client;
  }

  /** Whether the socket may still be used. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The kernel's row of the socket while it is open. */
  get slot(): number {
    return this.#slot;
  }

  /** Sends a request. */
  send(bytes: number): void {
    this.tcp.send(this.#slot, bytes);
  }

  /** close(2), by a RST if asked; no word of the socket comes any more. */
  close(way: "fin" | "rst"): void {
    this.events = {};
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (way === "rst") this.tcp.setLingerReset(this.#slot);
    this.tcp.close(this.#slot);
  }

  connected(): void {
    this.#wake((events) => events.connected?.());
  }

  accepted(): void {
    // A client does not listen.
  }

  received(): void {
    this.#wake((events) => events.answered?.());
  }

  peerClosed(): void {
    this.#wake((events) => events.ended?.(0));
  }

  failed(_slot: number, _tag: number, errno: number): void {
    this.#isOpen = false;
    this.#wake((events) => events.ended?.(errno));
  }

  /** The script that waits when it is awake is told; if it has stopped waiting by then, nobody is. */
  #wake(tell: (events: ClientEvents) => void): void {
    this.#alarms.after(WAKE_UP, () => tell(this.events));
  }

  #prepare({ bind, portRange }: ClientOptions): string | undefined {
    if (portRange !== undefined) {
      const outcome = this.tcp.setLocalPortRange(this.#slot, portRange[0], portRange[1]);
      if (outcome < 0) return `setsockopt ${errnoName(-outcome)}`;
    }
    if (bind === undefined) return undefined;
    const outcome = this.tcp.bind(this.#slot, {
      address: readAddress(bind.address),
      port: bind.port,
      hasReuseAddress: bind.reuseAddress ?? false,
      hasNoPort: bind.noPort ?? false,
    });
    return outcome < 0 ? `bind ${errnoName(-outcome)}` : undefined;
  }
}

/** How a wait that ended with this errno is told after `connect` or `reading`. */
export function endText(phase: "connect" | "reading", errno: number): string {
  if (errno === 0) return `end of file in ${phase}`;
  return errno === Errno.ETIMEDOUT && phase === "connect" ? "connect ETIMEDOUT" : `${phase} ${errnoName(errno)}`;
}
