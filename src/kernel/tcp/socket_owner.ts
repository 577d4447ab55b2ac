import type { Micros } from "../../units.ts";

/**
 * The application behind a socket. The kernel calls it when something has happened; it answers with system calls.
 * `tag` is the number the owner gave when it made the socket (for an accepted one: the listener's tag).
 */
export interface SocketOwner {
  /** connect() has succeeded. */
  connected(slot: number, tag: number): void;
  /** A listening socket has a new connection; the owner accepts it at once. */
  accepted(slot: number, tag: number): void;
  /** Payload has come in and is read at once. */
  received(slot: number, tag: number, bytes: number): void;
  /** The peer has closed its side: read() gives 0. */
  peerClosed(slot: number, tag: number): void;
  /** The connection is gone: `errno` as read() or connect() would report it. The slot must not be used again. */
  failed(slot: number, tag: number, errno: number): void;
  /** A connection that `FlowPath` carries has succeeded and is closed; its handshake took so long. */
  carried?(tag: number, connectTime: Micros): void;
  /**
   * How a listening socket's owner treats connections that ask it with this many bytes (0: with none), if it can tell: a
   * small number for each way, after which connections do not differ in anything but their numbers; -1 if that varies.
   */
  conductOf?(bytes: number): number;
  /** How it will treat the next one, where that varies. */
  nextConductOf?(bytes: number): number;
  /** A connection has been treated so, without a call of the others. */
  hasConducted?(bytes: number): void;
}
