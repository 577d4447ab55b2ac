import type { Ipv4 } from "../units.ts";
import { prefixMask } from "../units.ts";
import type { Device } from "./device.ts";

/** What happens to packets to a destination. */
export type RouteKind = "local" | "unicast" | "blackhole" | "unreachable" | "prohibit" | "none";

/** A destination looked up: what the kernel caches in a socket and on a packet. */
export class Route {
  readonly kind: RouteKind;
  readonly device: Device | undefined;
  /** The neighbour's address: the gateway's, or the destination's own. */
  readonly nextHop: Ipv4;
  /** The source address of packets that have none yet. */
  readonly preferredSource: Ipv4;
  #neighbour: Device | undefined = undefined;
  #isResolved = false;

  constructor(kind: RouteKind, device: Device | undefined, nextHop: Ipv4, preferredSource: Ipv4) {
    this.kind = kind;
    this.device = device;
    this.nextHop = nextHop;
    this.preferredSource = preferredSource;
  }

  /** The device that answers for `nextHop`, or `undefined` if nobody does. */
  get neighbour(): Device | undefined {
    if (!this.#isResolved) {
      this.#neighbour = this.kind === "unicast" ? this.device?.resolve(this.nextHop) : this.device;
      this.#isResolved = true;
    }
    return this.#neighbour;
  }
}

/** An entry of the main table. */
export interface RouteEntry {
  readonly destination: Ipv4;
  readonly prefixLength: number;
  readonly kind: "unicast" | "blackhole" | "unreachable" | "prohibit";
  readonly device?: Device;
  readonly via?: Ipv4;
  readonly source?: Ipv4;
}

const CACHE_SIZE = 256;
/** Routes that a namespace keeps; a node with clients beyond number forgets them all and begins anew. */
const ROUTES_KEPT = 65_536;
/** 127.0.0.1, the source of what goes to any other address of 127.0.0.0/8. */
const LOOPBACK_ADDRESS: Ipv4 = 0x7f000001;
/** 0.0.0.0, which no host has: an address that is always the same kind of number as others. */
const NO_ADDRESS: Ipv4 = 0;

/**
 * The routes of one namespace: the local table, then the main table by longest prefix.
 *
 * Source: net/ipv4/fib_semantics.c, net/ipv4/route.c ip_route_output_key_hash_rcu, v6.1.
 * Not modelled: policy rules, multipath, metrics, TOS.
 */
export class RoutingTable {
  readonly #local = new Map<Ipv4, Device>();
  #entries: RouteEntry[] = [];
  readonly #cacheKeys = new Int32Array(CACHE_SIZE);
  /** Answers of `isLocal`: 0 unknown, 1 no, 2 yes. */
  readonly #localKeys = new Int32Array(CACHE_SIZE);
  readonly #localAnswers = new Uint8Array(CACHE_SIZE);
  readonly #cache: (Route | undefined)[] = [];
  /** All routes since the last flush: two addresses may share a place of the cache, and a route's neighbour costs a search. */
  readonly #known = new Map<Ipv4, Route>();
  /** A pod has one address and talks to one host: both are told without a look at the caches. */
  #firstLocal: Ipv4 = LOOPBACK_ADDRESS;
  #lastForeign: Ipv4 = NO_ADDRESS;
  #lastDestination: Ipv4 = 0;
  #lastRoute: Route | undefined = undefined;
  readonly #loopback: () => Device;
  #hasCached = false;

  constructor(loopback: () => Device) {
    this.#loopback = loopback;
  }

  addLocal(address: Ipv4, device: Device): void {
    this.#local.set(address, device);
    this.#firstLocal = this.#firstOfLocal();
    this.flush();
  }

  removeLocal(address: Ipv4): void {
    this.#local.delete(address);
    this.#firstLocal = this.#firstOfLocal();
    this.flush();
  }

  add(entry: RouteEntry): void {
    let place = this.#entries.length;
    while (place > 0 && this.#entries[place - 1]!.prefixLength < entry.prefixLength) place -= 1;
    this.#entries.splice(place, 0, entry);
    this.flush();
  }

  /** Removes the entries for exactly this network. */
  remove(destination: Ipv4, prefixLength: number): void {
    this.#entries = this.#entries.filter(
      (entry) => entry.destination !== destination || entry.prefixLength !== prefixLength,
    );
    this.flush();
  }

  /** Whether the address belongs to this namespace (127.0.0.0/8 always does). */
  isLocal(address: Ipv4): boolean {
    if (address === this.#firstLocal) return true;
    if (address === this.#lastForeign) return false;
    const answer = this.#isLocal(address);
    if (!answer) this.#lastForeign = address;
    return answer;
  }

  #isLocal(address: Ipv4): boolean {
    const place = cachePlace(address);
    if (this.#localKeys[place] === address && this.#localAnswers[place] !== 0) return this.#localAnswers[place] === 2;
    const answer = this.#local.has(address) || address >>> 24 === 127;
    this.#hasCached = true;
    this.#localKeys[place] = address;
    this.#localAnswers[place] = answer ? 2 : 1;
    return answer;
  }

  /** An address that is local for certain. */
  #firstOfLocal(): Ipv4 {
    for (const address of this.#local.keys()) return address;
    return LOOPBACK_ADDRESS;
  }

  /** The namespace's own addresses, in the order in which they were added. */
  localAddresses(): Iterable<Ipv4> {
    return this.#local.keys();
  }

  /** Forgets all cached look-ups; called whenever an address, a route or a link changes on a machine of the group. */
  flush(): void {
    if (!this.#hasCached) return;
    this.#hasCached = false;
    this.#cache.length = 0;
    this.#known.clear();
    this.#lastRoute = undefined;
    this.#lastForeign = NO_ADDRESS;
    this.#localAnswers.fill(0);
  }

  /** The route to a destination. */
  lookup(destination: Ipv4): Route {
    if (this.#lastRoute !== undefined && destination === this.#lastDestination) return this.#lastRoute;
    const place = cachePlace(destination);
    const cached = this.#cache[place];
    if (cached !== undefined && this.#cacheKeys[place] === destination) return cached;
    return this.#lookUp(destination, place);
  }

  #lookUp(destination: Ipv4, place: number): Route {
    const route = this.#known.get(destination) ?? this.#learn(destination);
    this.#lastDestination = destination;
    this.#lastRoute = route;
    while (this.#cache.length <= place) this.#cache.push(undefined);
    this.#cacheKeys[place] = destination;
    this.#cache[place] = route;
    return route;
  }

  #learn(destination: Ipv4): Route {
    const route = this.#find(destination);
    this.#hasCached = true;
    if (this.#known.size === ROUTES_KEPT) this.#known.clear();
    this.#known.set(destination, route);
    return route;
  }

  #find(destination: Ipv4): Route {
    if (this.isLocal(destination)) {
      const source = this.#local.has(destination) ? destination : LOOPBACK_ADDRESS;
      return new Route("local", this.#loopback(), destination, source);
    }
    for (const entry of this.#entries) {
      if (((destination ^ entry.destination) & prefixMask(entry.prefixLength)) !== 0) continue;
      const source = entry.source ?? firstAddress(entry.device, entry.via ?? destination);
      return new Route(entry.kind, entry.device, entry.via ?? destination, source);
    }
    return new Route("none", undefined, destination, 0);
  }
}

function cachePlace(address: Ipv4): number {
  return Math.imul(address, 0x9e3779b1) >>> 24;
}

/**
 * The source address for packets out of a device: its first address in the next hop's network, else its first, else
 * the first of any other device of the namespace.
 *
 * Source: net/ipv4/devinet.c inet_select_addr, v6.1. Not modelled: address scopes and secondary flags.
 */
function firstAddress(device: Device | undefined, nextHop: Ipv4): Ipv4 {
  if (device === undefined) return 0;
  for (const { address, prefixLength } of device.addresses) {
    if (((address ^ nextHop) & prefixMask(prefixLength)) === 0) return address;
  }
  const first = device.addresses[0];
  if (first !== undefined) return first.address;
  for (const other of device.netns.devices()) {
    if (other.kind !== "loopback" && other.addresses[0] !== undefined) return other.addresses[0].address;
  }
  return 0;
}
