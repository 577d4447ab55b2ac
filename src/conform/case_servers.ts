import { assert } from "../sim/assert.ts";
import type { Netns } from "../kernel/netns.ts";
import type { SocketOwner } from "../kernel/tcp/socket_owner.ts";
import type { Tcp } from "../kernel/tcp/tcp.ts";
import { readAddress } from "./case_address.ts";
import type { CaseListener } from "./setup_schema.ts";

/** Bytes of an answer by who closes first. */
const ANSWER_BYTES = { "client-first": 54, "server-first": 60 } as const;

/** A TCP server of a case: one thread that reads at once, answers one request and closes as the case says. */
export class CaseServer implements SocketOwner {
  readonly #tcp: Tcp;
  readonly #closeWay: CaseListener["close"];
  /** Accepted connections that the server has not closed, the oldest first. */
  readonly #open = new Set<number>();

  private constructor(tcp: Tcp, closeWay: CaseListener["close"]) {
    this.#tcp = tcp;
    this.#closeWay = closeWay;
  }

  /**
   * Starts a server. Not modelled: its backlog, since connections are accepted at once.
   *
   * @returns the server, or -errno if the port cannot be had.
   */
  static start(tcp: Tcp, netns: Netns, listener: CaseListener): CaseServer | number {
    const server = new CaseServer(tcp, listener.close);
    const slot = tcp.socket(netns, server, 0);
    const place = { address: readAddress(listener.address), port: listener.port, hasReuseAddress: true };
    const bound = tcp.bind(slot, place);
    const outcome = bound < 0 ? bound : tcp.listen(slot);
    if (outcome < 0) tcp.destroy(slot);
    return outcome < 0 ? outcome : server;
  }

  /** The open connection whose client is this one, else the one accepted last; `undefined` if there is none. */
  findAccepted(isClient: (slot: number) => boolean): number | undefined {
    const slots = [...this.#open];
    return slots.findLast((slot) => isClient(slot)) ?? slots.at(-1);
  }

  /** Closes one accepted connection. */
  close(slot: number): void {
    assert(this.#open.delete(slot), "a server closes a connection that it has");
    this.#tcp.close(slot);
  }

  connected(): void {
    assert(false, "a server's sockets do not connect");
  }

  accepted(slot: number): void {
    this.#open.add(slot);
  }

  received(slot: number): void {
    if (this.#closeWay !== "client-first" && this.#closeWay !== "server-first") return;
    this.#tcp.send(slot, ANSWER_BYTES[this.#closeWay]);
    if (this.#closeWay === "server-first") this.close(slot);
  }

  peerClosed(slot: number): void {
    if (this.#closeWay !== "by action") this.close(slot);
  }

  failed(slot: number): void {
    this.#open.delete(slot);
  }
}
