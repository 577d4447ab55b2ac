import type { EventLoop } from "../../sim/event_loop.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { Ipv4, Micros } from "../../units.ts";
import { KeyedHash } from "../keyed_hash.ts";
import type { Packet } from "../packet.ts";
import { packPorts } from "../tuple_index.ts";

/** Sequence numbers per microsecond: one for each 64 ns. Source: net/core/secure_seq.c seq_scale, v6.1. */
const PER_MICROSECOND = 15.625;

/**
 * The initial sequence numbers of a machine: a keyed hash of the tuple plus the time in units of 64 ns.
 *
 * Source: net/core/secure_seq.c secure_tcp_seq, v6.1.
 */
export class InitialSequences {
  readonly #loop: EventLoop;
  readonly #hash: KeyedHash;

  /** @param secret drawn once per boot. */
  constructor(loop: EventLoop, secret: RandomStream) {
    this.#loop = loop;
    this.#hash = new KeyedHash(secret);
  }

  /** The number of a connection that begins now, or at `time`. @param ports as `packPorts` has them, the local one first. */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  of(local: Ipv4, remote: Ipv4, ports: number, time: Micros = this.#loop.now): number {
    this.#hash.compute(local, remote, ports, 0);
    return (this.#hash.low + Math.floor(time * PER_MICROSECOND)) | 0;
  }

  /** A keyed hash of a segment's four numbers, 32 bits. Source: net/ipv4/inet_hashtables.c inet_ehashfn, v6.1. */
  hashOf({ src, dst, sport, dport }: Packet): number {
    this.#hash.compute(dst, src, packPorts(dport, sport), 1);
    return this.#hash.low;
  }
}
