import type { EventLoop } from "../../sim/event_loop.ts";
import type { Machine } from "../../kernel/machine.ts";
import type { Netns } from "../../kernel/netns.ts";
import type { SocketOwner } from "../../kernel/tcp/socket_owner.ts";
import { type Ipv4, type Micros, type Port, SECOND } from "../../units.ts";

/** After a failed attempt the next one waits so long. */
const RETRY: Micros = SECOND;

/** Where the connections go and how long each is kept. */
export interface KeptConnectionsOptions {
  readonly name: string;
  readonly netns: Netns;
  readonly address: Ipv4;
  readonly port: Port;
  readonly count: number;
  readonly lifetime: Micros;
}

/**
 * Connections that a load balancer keeps open to a target for its clients (HTTP keep-alive): each is closed when its
 * time is over, and another one takes its place.
 *
 * Not modelled: the requests on them; a connection whose server is gone is noticed when its time is over.
 */
export class KeptConnections implements SocketOwner {
  readonly #options: KeptConnectionsOptions;
  readonly #machine: Machine;
  readonly #loop: EventLoop;
  readonly #handler: number;
  /** The socket of each place, -1 while there is none, and how many it has had. */
  readonly #slots: number[] = [];
  #isOpen = false;
  #connects = 0;
  #failed = 0;

  constructor(options: KeptConnectionsOptions) {
    this.#options = options;
    this.#machine = options.netns.machine;
    this.#loop = this.#machine.loop;
    this.#handler = this.#loop.handler(`load-balancer/${options.name}/connection`, (place) => this.#turn(place));
    for (let place = 0; place < options.count; place += 1) this.#slots.push(-1);
  }

  /** Attempts to connect, and those that no server answered. */
  get counts(): { readonly connects: number; readonly failed: number } {
    return { connects: this.#connects, failed: this.#failed };
  }

  /** Opens the connections one by one over their lifetime, so that they do not all end at once. */
  start(): void {
    this.#isOpen = true;
    const { count, lifetime } = this.#options;
    for (let place = 0; place < count; place += 1) {
      this.#loop.after(Math.floor((lifetime * place) / count), this.#handler, place);
    }
  }

  /** Whether new connections are opened; those that are open end with their time. */
  setInService(isInService: boolean): void {
    this.#isOpen = isInService;
  }

  connected(): void {
    // It is kept until its time is over.
  }

  accepted(): void {
    // A load balancer's side that connects does not listen.
  }

  received(): void {
    // Servers that speak first are not waited for.
  }

  peerClosed(slot: number, place: number): void {
    this.#machine.tcp.close(slot);
    this.#slots[place] = -1;
  }

  failed(_slot: number, place: number): void {
    this.#failed += 1;
    this.#slots[place] = -1;
  }

  #turn(place: number): void {
    const slot = this.#slots[place]!;
    if (slot >= 0) this.#machine.tcp.close(slot);
    this.#slots[place] = -1;
    if (this.#isOpen) this.#open(place);
    this.#loop.after(this.#slots[place] >= 0 ? this.#options.lifetime : RETRY, this.#handler, place);
  }

  #open(place: number): void {
    const { netns, address, port } = this.#options;
    const { tcp } = this.#machine;
    const slot = tcp.socket(netns, this, place);
    this.#connects += 1;
    if (tcp.connect(slot, address, port) === 0) this.#slots[place] = slot;
    else this.#failed += 1;
  }
}
