import type { Port } from "../../units.ts";
import { assert } from "../../sim/assert.ts";

/**
 * The bind buckets of one namespace: for each port how many sockets and TIME_WAIT entries own it, how many of them
 * were bound explicitly, and whether the bucket is closed to `connect()`.
 *
 * A bucket that only `connect()` has used stays open to it (fastreuse and fastreuseport -1); an explicit bind, listen
 * or bind(0) closes it, whatever the local address.
 *
 * Source: net/ipv4/inet_hashtables.c inet_bind_bucket_create, inet_bind_hash, v6.12.
 */
export class PortBuckets {
  #owners: Uint32Array | undefined = undefined;
  #explicitOwners = new Uint16Array(0);
  #isClosed = new Uint8Array(0);
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
    return this.#owners === undefined ? 0 : this.#owners[port]!;
  }

  /** Whether `connect()` passes over the port whatever the destination. */
  isClosedToConnect(port: Port): boolean {
    return this.#owners !== undefined && this.#isClosed[port] === 1;
  }

  /** Adds an owner that `connect()` bound. */
  addConnectOwner(port: Port): void {
    this.#add(port);
  }

  /** Adds an owner bound by `bind()`, `listen()` or bind(0): the bucket closes. */
  addExplicitOwner(port: Port): void {
    this.#add(port);
    this.#explicitOwners[port] = this.#explicitOwners[port]! + 1;
    this.#isClosed[port] = 1;
  }

  /**
   * Removes an owner. The bucket opens again when its last owner leaves, and from 6.18 on when its last explicit
   * owner leaves (`forgetsExplicit`).
   *
   * Source: net/ipv4/inet_hashtables.c inet_bind_bucket_destroy, v6.18.
   */
  removeOwner(port: Port, wasExplicit: boolean, forgetsExplicit: boolean): void {
    const owners = this.#owners;
    assert(owners !== undefined && owners[port]! > 0, "a port that loses an owner has one");
    owners[port] = owners[port]! - 1;
    if (wasExplicit) this.#explicitOwners[port] = this.#explicitOwners[port]! - 1;
    if (owners[port] === 0) {
      this.#inUse -= 1;
      this.#isClosed[port] = 0;
    } else if (forgetsExplicit && this.#explicitOwners[port] === 0) {
      this.#isClosed[port] = 0;
    }
  }

  #add(port: Port): void {
    if (this.#owners === undefined) {
      this.#owners = new Uint32Array(65536);
      this.#explicitOwners = new Uint16Array(65536);
      this.#isClosed = new Uint8Array(65536);
    }
    if (this.#owners[port] === 0) {
      this.#inUse += 1;
      if (this.#inUse > this.#inUseMost) this.#inUseMost = this.#inUse;
    }
    this.#owners[port] = this.#owners[port]! + 1;
  }
}
