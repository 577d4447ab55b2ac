import type { Ipv4 } from "../../units.ts";

/**
 * Addresses for pods, given out in their order and from the start again at the end, so that an address rests as long as
 * it can before another pod gets it.
 *
 * Source: plugins/ipam/host-local/backend/allocator/allocator.go Get, v1.1. The repository is containernetworking/plugins.
 */
export class AddressPool {
  readonly #addresses: readonly Ipv4[];
  readonly #taken = new Set<Ipv4>();
  #next = 0;

  /** @param taken those that pods have already. */
  constructor(addresses: readonly Ipv4[], taken: readonly Ipv4[]) {
    this.#addresses = addresses;
    for (const address of taken) this.#taken.add(address);
  }

  /** Takes the next free address. O(addresses). @returns `undefined` if all are taken. */
  take(): Ipv4 | undefined {
    for (let looked = 0; looked < this.#addresses.length; looked += 1) {
      const address = this.#addresses[this.#next]!;
      this.#next = (this.#next + 1) % this.#addresses.length;
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      return address;
    }
    return undefined;
  }

  /** Gives an address back. */
  release(address: Ipv4): void {
    this.#taken.delete(address);
  }
}
