import type { Ipv4 } from "../units.ts";
import type { Jiffies } from "./jiffies.ts";

/** icmp_ratelimit: one error for each of these, on average. Source: net/ipv4/icmp.c icmp_sk_init, v6.1. */
const INTERVAL_MS = 1000;
/** XRLIM_BURST_FACTOR. */
const BURST = 6;
/** icmp_ratemask: destination unreachable, source quench, time exceeded, parameter problem. */
const LIMITED_TYPES = 0x1818;
/** Destinations that are remembered; the one that has been longest forgets its history. */
const PEERS_MOST = 65_536;

interface Peer {
  tokens: number;
  /** In ticks. */
  last: number;
}

/**
 * The limit on ICMP errors of one namespace: one a second to each destination, six at once after a pause.
 *
 * Source: net/ipv4/icmp.c icmpv4_xrlim_allow; net/ipv4/inetpeer.c inet_peer_xrlim_allow, v6.1. Not modelled: the sysctls
 * icmp_ratelimit and icmp_ratemask (their defaults hold), the limit of 1,000 a second in all.
 */
export class IcmpLimit {
  readonly #peers = new Map<Ipv4, Peer>();

  /** Whether an error of this type may go to a destination at tick `now`; it then counts. */
  allows(destination: Ipv4, type: number, now: number, { hz }: Jiffies): boolean {
    if (((LIMITED_TYPES >> type) & 1) === 0) return true;
    const interval = (INTERVAL_MS * hz) / 1000;
    const peer = this.#peers.get(destination) ?? this.#remember(destination, now - 60 * hz);
    peer.tokens = Math.min(peer.tokens + now - peer.last, BURST * interval);
    peer.last = now;
    if (peer.tokens < interval) return false;
    peer.tokens -= interval;
    return true;
  }

  #remember(destination: Ipv4, last: number): Peer {
    const [oldest] = this.#peers.keys();
    if (this.#peers.size >= PEERS_MOST && oldest !== undefined) this.#peers.delete(oldest);
    const peer = { tokens: 0, last };
    this.#peers.set(destination, peer);
    return peer;
  }
}
