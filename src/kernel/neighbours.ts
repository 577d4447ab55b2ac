import type { EventLoop } from "../sim/event_loop.ts";
import { type Micros, SECOND } from "../units.ts";
import { Icmp, sendIcmpError } from "./icmp.ts";
import type { Jiffies } from "./jiffies.ts";
import type { Netns } from "./netns.ts";
import type { Packet } from "./packet.ts";
import type { Route } from "./routes.ts";

/** mcast_solicit and retrans_time_ms. Source: net/ipv4/arp.c arp_tbl, v6.1. */
const SOLICITATIONS = 3;
const RETRANS_TIME: Micros = SECOND;
/** Packets that wait for one neighbour; more are dropped. Source: net/core/neighbour.c unres_qlen_bytes, v6.1. */
const QUEUE_MOST = 64;

interface Waiting {
  readonly key: string;
  readonly netns: Netns;
  readonly packets: Packet[];
  solicitations: number;
}

/**
 * Next hops that nobody answers for: packets wait while the kernel asks three times, then their senders are told
 * "host unreachable". Neighbours that exist are always resolved already.
 *
 * Source: net/core/neighbour.c neigh_timer_handler, neigh_invalidate; net/ipv4/arp.c arp_error_report, v6.1.
 */
export class Neighbours {
  readonly #loop: EventLoop;
  readonly #jiffies: Jiffies;
  readonly #handler: number;
  readonly #byKey = new Map<string, Waiting>();
  readonly #byNumber = new Map<number, Waiting>();
  #nextNumber = 0;

  constructor(loop: EventLoop, jiffies: Jiffies) {
    this.#loop = loop;
    this.#jiffies = jiffies;
    this.#handler = loop.handler("neighbour/timer", (number) => this.#timeout(number));
  }

  /** Lets a packet wait for a neighbour that will not answer. */
  fail(netns: Netns, packet: Packet, route: Route): void {
    const key = `${netns.id}/${route.device?.name ?? ""}/${route.nextHop}`;
    const waiting = this.#byKey.get(key);
    if (waiting === undefined) {
      const number = this.#nextNumber;
      this.#nextNumber += 1;
      const entry: Waiting = { key, netns, packets: [packet], solicitations: 1 };
      this.#byKey.set(key, entry);
      this.#byNumber.set(number, entry);
      this.#armTimer(number);
    } else if (waiting.packets.length < QUEUE_MOST) waiting.packets.push(packet);
    else netns.drop(packet);
  }

  /** The packets that wait. */
  *waiting(): Generator<Packet> {
    for (const { packets } of this.#byKey.values()) yield* packets;
  }

  #armTimer(number: number): void {
    this.#loop.at(this.#jiffies.expiry(this.#loop.now, RETRANS_TIME), this.#handler, number);
  }

  #timeout(number: number): void {
    const waiting = this.#byNumber.get(number)!;
    if (waiting.solicitations < SOLICITATIONS) {
      waiting.solicitations += 1;
      this.#armTimer(number);
      return;
    }
    this.#byNumber.delete(number);
    this.#byKey.delete(waiting.key);
    for (const packet of waiting.packets) {
      sendIcmpError(waiting.netns, packet, Icmp.DEST_UNREACH, Icmp.HOST_UNREACH);
      waiting.netns.drop(packet);
    }
  }
}
