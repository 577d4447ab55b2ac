import type { Port } from "../../units.ts";
import { assert } from "../../sim/assert.ts";

/** Ports of one page: most namespaces use few, and a page is made when the first of its ports gets an owner. */
const PAGE_BITS = 10;
const PAGE_MASK = (1 << PAGE_BITS) - 1;

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
  /** Two words a port: owners; explicit owners times two, plus one if the bucket is closed. */
  readonly #pages: (Int32Array | undefined)[] = Array.from({ length: 65536 >> PAGE_BITS }, () => undefined);
  #inUse = 0;
  #inUseMost = 0;

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
    return page === undefined ? 0 : page[2 * (port & PAGE_MASK)]!;
  }

  /** Owners that were bound explicitly, or accepted by one that was. */
  explicitOwners(port: Port): number {
    const page = this.#pages[port >> PAGE_BITS];
    return page === undefined ? 0 : page[2 * (port & PAGE_MASK) + 1]! >> 1;
  }

  /** Whether `connect()` passes over the port whatever the destination. */
  isClosedToConnect(port: Port): boolean {
    const page = this.#pages[port >> PAGE_BITS];
    return page !== undefined && (page[2 * (port & PAGE_MASK) + 1]! & 1) === 1;
  }

  /** Adds an owner that `connect()` bound. */
  addConnectOwner(port: Port): void {
    this.#add(port);
  }

  /** Adds an owner bound by `bind()`, `listen()` or bind(0), or a connection that such a one accepted: the bucket closes. */
  addExplicitOwner(port: Port): void {
    const page = this.#add(port);
    const place = 2 * (port & PAGE_MASK) + 1;
    page[place] = (page[place]! + 2) | 1;
  }

  /**
   * Removes an owner. The bucket opens again when its last owner leaves, and from 6.18 on when its last explicit
   * owner leaves (`forgetsExplicit`).
   *
   * Source: net/ipv4/inet_hashtables.c inet_bind_bucket_destroy, v6.18.
   */
  removeOwner(port: Port, wasExplicit: boolean, forgetsExplicit: boolean): void {
    const page = this.#pages[port >> PAGE_BITS];
    const place = 2 * (port & PAGE_MASK);
    assert(page !== undefined && page[place]! > 0, "a port that loses an owner has one");
    page[place] = page[place]! - 1;
    if (wasExplicit) page[place + 1] = page[place + 1]! - 2;
    if (page[place] === 0) {
      this.#inUse -= 1;
      page[place + 1] = 0;
    } else if (forgetsExplicit && page[place + 1]! >> 1 === 0) {
      page[place + 1] = 0;
    }
  }

  #add(port: Port): Int32Array {
    const page = (this.#pages[port >> PAGE_BITS] ??= new Int32Array(2 << PAGE_BITS));
    const place = 2 * (port & PAGE_MASK);
    if (page[place] === 0) {
      this.#inUse += 1;
      if (this.#inUse > this.#inUseMost) this.#inUseMost = this.#inUse;
    }
    page[place] = page[place]! + 1;
    return page;
  }
}
