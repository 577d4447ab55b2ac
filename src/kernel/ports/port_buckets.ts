import type { Port } from "../../units.ts";
import { assert } from "../../sim/assert.ts";
import { PortBits } from "./port_bits.ts";
import { PortBlocks, type PortRun } from "./port_blocks.ts";

/** Ports of one page: few ports have words of their own, and a page is made when the first of its ports gets some. */
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
 * Nearly every port has no owner, or one that `connect()` bound. Two bits tell so, in sets that stay in the processor's
 * cache, since ports are picked at random; only the others have words.
 *
 * Source: net/ipv4/inet_hashtables.c inet_bind_bucket_create, v6.12; net/ipv4/inet_hashtables.c inet_bind_hash, v6.12.
 */
export class PortBuckets {
  /** Ports with at least one owner. */
  readonly #owned = new PortBits();
  /** Ports whose words count; any other that is owned has one owner, which `connect()` bound. */
  readonly #counted = new PortBits();
  /** Three words a port: owners; explicit owners times two, plus one if the bucket is closed; owners that share. */
  readonly #pages: (Int32Array | undefined)[] = Array.from({ length: 65536 >> PAGE_BITS }, () => undefined);
  #inUse = 0;
  #inUseMost = 0;
  /** Ports closed to `connect()`; made when the first search meets a port that is not usable. */
  #closed: PortBlocks | undefined = undefined;
  /** The reserved ports, and the flags that they were made of. */
  #reserved = new PortBlocks();
  #reservedFlags: Uint8Array | undefined = undefined;
  #hasReserved = false;

  /** Ports with at least one owner. */
  get inUse(): number {
    return this.#inUse;
  }

  /** The most ports that had an owner at once. */
  get inUseMost(): number {
    return this.#inUseMost;
  }

  owners(port: Port): number {
    if (!this.#counted.has(port)) return this.isOwned(port) ? 1 : 0;
    return this.#pageOf(port)[wordOf(port)]!;
  }

  isOwned(port: Port): boolean {
    return this.#owned.has(port);
  }

  /** Owners that were bound explicitly, or accepted by one that was. */
  explicitOwners(port: Port): number {
    return this.#counted.has(port) ? this.#pageOf(port)[wordOf(port) + 1]! >> 1 : 0;
  }

  /** Whether `connect()` passes over the port whatever the destination. */
  isClosedToConnect(port: Port): boolean {
    return this.#counted.has(port) && (this.#pageOf(port)[wordOf(port) + 1]! & 1) === 1;
  }

  /** @param reserved one flag a port, the same object until one changes. */
  isReserved(port: Port, reserved: Uint8Array): boolean {
    const blocks = this.#reservedOf(reserved);
    return this.#hasReserved && blocks.has(port);
  }

  /** How many ports of a run, from its first on, are reserved, closed to connect() or taken. @param reserved as of `isReserved`. */
  unusableRun(run: PortRun, reserved: Uint8Array, taken: PortBlocks): number {
    this.#closed ??= PortBlocks.of((port) => this.isClosedToConnect(port));
    return this.#closed.setRun(run, this.#reservedOf(reserved), taken);
  }

  /** Adds an owner that `connect()` bound. */
  addConnectOwner(port: Port): void {
    if (!this.isOwned(port)) {
      this.#beginUse(port);
      return;
    }
    const page = this.#countedPageOf(port);
    const word = wordOf(port);
    page[word] = page[word]! + 1;
  }

  /** Adds an owner bound by `bind()`, `listen()` or bind(0), or a connection that such a one accepted: the bucket closes. */
  addExplicitOwner(port: Port): void {
    const page = this.#countedPageOf(port);
    const word = wordOf(port);
    if (!this.isOwned(port)) this.#beginUse(port);
    page[word] = page[word]! + 1;
    page[word + 1] = (page[word + 1]! + 2) | 1;
    this.#closed?.set(port);
  }

  /**
   * Removes an owner. The bucket opens again when its last owner leaves, and from 6.18 on when its last explicit
   * owner leaves (`forgetsExplicit`).
   *
   * Source: net/ipv4/inet_hashtables.c inet_bind_bucket_destroy, v6.18.
   */
  removeOwner(port: Port, wasExplicit: boolean, forgetsExplicit: boolean): void {
    assert(this.isOwned(port), "a port that loses an owner has one");
    if (!this.#counted.has(port)) {
      this.#endUse(port);
      return;
    }
    const page = this.#pageOf(port);
    const word = wordOf(port);
    page[word] = page[word]! - 1;
    if (wasExplicit) page[word + 1] = page[word + 1]! - 2;
    if (page[word] === 0) {
      page[word + 1] = 0;
      this.#closed?.clear(port);
      this.#counted.clear(port);
      this.#endUse(port);
    } else if (forgetsExplicit && page[word + 1]! >> 1 === 0) {
      page[word + 1] = 0;
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
    if (!this.#counted.has(port)) return !this.isOwned(port);
    const page = this.#pageOf(port);
    return page[wordOf(port)] === page[wordOf(port) + 2];
  }

  /** An explicit owner has begun (1) or ceased (-1) to share its port with others that have SO_REUSEADDR. */
  countSharer(port: Port, change: 1 | -1): void {
    const page = this.#pageOf(port);
    const word = wordOf(port) + 2;
    page[word] = page[word]! + change;
  }

  #beginUse(port: Port): void {
    this.#owned.set(port);
    this.#inUse += 1;
    if (this.#inUse > this.#inUseMost) this.#inUseMost = this.#inUse;
  }

  #endUse(port: Port): void {
    this.#owned.clear(port);
    this.#inUse -= 1;
  }

  /** The page of a port whose words count. */
  #pageOf(port: Port): Int32Array {
    return this.#pages[port >> PAGE_BITS]!;
  }

  /** Lets a port's words count from now on. */
  #countedPageOf(port: Port): Int32Array {
    const page = (this.#pages[port >> PAGE_BITS] ??= new Int32Array(WORDS << PAGE_BITS));
    if (!this.#counted.has(port)) {
      page[wordOf(port)] = this.isOwned(port) ? 1 : 0;
      this.#counted.set(port);
    }
    return page;
  }

  #reservedOf(flags: Uint8Array): PortBlocks {
    if (this.#reservedFlags !== flags) {
      this.#reserved = new PortBlocks();
      this.#reserved.addFlags(flags);
      this.#hasReserved = flags.includes(1);
      this.#reservedFlags = flags;
    }
    return this.#reserved;
  }
}

/** A port's first word in its page. */
function wordOf(port: Port): number {
  return WORDS * (port & PAGE_MASK);
}
