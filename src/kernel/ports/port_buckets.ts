import type { Port } from "../../units.ts";
import { assert } from "../../sim/assert.ts";
import { PortBits, type PortRun } from "./port_bits.ts";

/** Ports of one page: most namespaces use few, and a page is made when the first of its ports gets an owner. */
const PAGE_BITS = 10;
const PAGE_MASK = (1 << PAGE_BITS) - 1;
const WORDS = 3;

/**
 * The bind buckets of one namespace: for each port how many sockets and TIME_WAIT entries own it, how many of them were
 * bound explicitly (or accepted by one that was), and whether the bucket is closed to `connect()`.
 *
 * A bucket that only `connect()` has used stays open to it (fastreuse and fastreuseport -1); an explicit bind, listen
 * or bind(0) closes it, whatever the local address.
 *
 * Source: net/ipv4/inet_hashtables.c inet_bind_bucket_create, v6.12; net/ipv4/inet_hashtables.c inet_bind_hash, v6.12.
 */
export class PortBuckets {
  /** Three words a port: owners; explicit owners times two, plus one if the bucket is closed; owners that share. */
  readonly #pages: (Int32Array | undefined)[] = Array.from({ length: 65536 >> PAGE_BITS }, () => undefined);
  #inUse = 0;
  #inUseMost = 0;
  /** Ports closed to `connect()`; made when the first search meets a port that is not usable. */
  #closed: PortBits | undefined = undefined;
  /** The reserved ports, and the flags that they were made of. */
  #reserved: PortBits | undefined = undefined;
  #reservedFlags: Uint8Array | undefined = undefined;

  /** Ports with at least one owner. */
  get inUse(): number {
    return this.#inUse;
  }

  /** The most ports that had an owner at once. */
  get inUseMost(): number {
    return this.#inUseMost;
  }

  owners(port: Port): number {
    const page = this.#pages[port >> PAGE_BITS];
    return page === undefined ? 0 : page[WORDS * (port & PAGE_MASK)]!;
  }

  /** Owners that were bound explicitly, or accepted by one that was. */
  explicitOwners(port: Port): number {
    const page = this.#pages[port >> PAGE_BITS];
    return page === undefined ? 0 : page[WORDS * (port & PAGE_MASK) + 1]! >> 1;
  }

  /** Whether `connect()` passes over the port whatever the destination. */
  isClosedToConnect(port: Port): boolean {
    const page = this.#pages[port >> PAGE_BITS];
    return page !== undefined && (page[WORDS * (port & PAGE_MASK) + 1]! & 1) === 1;
  }

  /** How many ports of a run, from its first on, are reserved, closed to connect() or taken. @param reserved one flag a port. */
  unusableRun(run: PortRun, reserved: Uint8Array, taken: PortBits): number {
    this.#closed ??= PortBits.of((port) => this.isClosedToConnect(port));
    if (this.#reserved === undefined || this.#reservedFlags !== reserved) {
      this.#reserved = PortBits.of((port) => reserved[port] === 1);
      this.#reservedFlags = reserved;
    }
    return this.#closed.setRun(run, this.#reserved, taken);
  }

  /** Adds an owner that `connect()` bound. */
  addConnectOwner(port: Port): void {
    this.#add(port);
  }

  /** Adds an owner bound by `bind()`, `listen()` or bind(0), or a connection that such a one accepted: the bucket closes. */
  addExplicitOwner(port: Port): void {
    const page = this.#add(port);
    const place = WORDS * (port & PAGE_MASK) + 1;
    page[place] = (page[place]! + 2) | 1;
    this.#closed?.set(port);
  }

  /**
   * Removes an owner. The bucket opens again when its last owner leaves, and from 6.18 on when its last explicit
   * owner leaves (`forgetsExplicit`).
   *
   * Source: net/ipv4/inet_hashtables.c inet_bind_bucket_destroy, v6.18.
   */
  removeOwner(port: Port, wasExplicit: boolean, forgetsExplicit: boolean): void {
    const page = this.#pages[port >> PAGE_BITS];
    const place = WORDS * (port & PAGE_MASK);
    assert(page !== undefined && page[place]! > 0, "a port that loses an owner has one");
    page[place] = page[place]! - 1;
    if (wasExplicit) page[place + 1] = page[place + 1]! - 2;
    if (page[place] === 0) {
      this.#inUse -= 1;
      page[place + 1] = 0;
      this.#closed?.clear(port);
    } else if (forgetsExplicit && page[place + 1]! >> 1 === 0) {
      page[place + 1] = 0;
      this.#closed?.clear(port);
    }
  }

  /**
   * Whether every owner has SO_REUSEADDR and none listens, as far as that is counted: for the owners that `bind()` bound or
   * that were accepted.
   *
   * Source: net/ipv4/inet_connection_sock.c inet_csk_update_fastreuse, v6.1.
   */
  isShared(port: Port): boolean {
    const page = this.#pages[port >> PAGE_BITS];
    const place = WORDS * (port & PAGE_MASK);
    return page === undefined || page[place] === page[place + 2];
  }

  /** An owner has begun (1) or ceased (-1) to share its port with others that have SO_REUSEADDR. */
  countSharer(port: Port, change: 1 | -1): void {
    const page = this.#pages[port >> PAGE_BITS]!;
    const place = WORDS * (port & PAGE_MASK) + 2;
    page[place] = page[place]! + change;
  }

  #add(port: Port): Int32Array {
    const page = (this.#pages[port >> PAGE_BITS] ??= new Int32Array(WORDS << PAGE_BITS));
    const place = WORDS * (port & PAGE_MASK);
    if (page[place] === 0) {
      this.#inUse += 1;
      if (this.#inUse > this.#inUseMost) this.#inUseMost = this.#inUse;
    }
    page[place] = page[place]! + 1;
    return page;
  }
}
