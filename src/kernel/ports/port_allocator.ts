import { Errno } from "../errno.ts";
import type { KernelEra } from "../kernel_era.ts";
import type { Jiffies } from "../jiffies.ts";
import type { Netns } from "../netns.ts";
import type { RandomStreams } from "../../sim/random.ts";
import type { EventLoop } from "../../sim/event_loop.ts";
import type { Ipv4, Port } from "../../units.ts";
import type { PortRange } from "../sysctl_port_range.ts";
import { CursorNoise } from "./cursor_noise.ts";
import { PortHashes } from "./port_hashes.ts";
import { type PortCandidateTest, PortSearch } from "./port_search.ts";
import { TracedPortSearch } from "./traced_port_search.ts";
import { createPortWalk, type PortWalk } from "./port_walks.ts";

/** A port hash in two halves of 32 bits, signed or not. Walks before 5.18+ see the low half only. */
export interface PortHash {
  readonly low: number;
  readonly high: number;
}

/**
 * The ephemeral port allocator of a machine: the boot secret, the hash, the walk with its cursor. The cursor is shared
 * by all namespaces.
 *
 * Source: net/ipv4/inet_hashtables.c inet_hash_connect; net/core/secure_seq.c secure_ipv4_port_ephemeral, v6.1.
 */
export class PortAllocator {
  readonly walk: PortWalk;
  /** The random part of the walk. */
  readonly noise: CursorNoise;
  readonly #hashes: PortHashes;
  readonly #isResalted: boolean;
  readonly #loop: EventLoop;
  readonly #jiffies: Jiffies;
  readonly #bindZeroNoise;
  readonly #era: KernelEra;
  #search: PortSearch | undefined = undefined;
  readonly #test: PortCandidateTest;
  readonly #isExplained: boolean;
  /** The range of the socket that asks, if it has IP_LOCAL_PORT_RANGE: it stands for the namespace's. */
  socketRange: PortRange | undefined = undefined;
  /** What `pick` said last, and whether that is for the next one, too. */
  #picked = 0;
  #isKept = false;
  /** The hash of every search, in place of the boot secret's, for worked examples with given numbers. */
  givenHash: PortHash | undefined = undefined;

  constructor(options: {
    era: KernelEra;
    loop: EventLoop;
    jiffies: Jiffies;
    random: RandomStreams;
    test: PortCandidateTest;
    /** Whether each search notes why its candidates were taken or passed over. */
    isExplained?: boolean;
  }) {
    this.#era = options.era;
    this.#loop = options.loop;
    this.#jiffies = options.jiffies;
    this.#test = options.test;
    this.#isExplained = options.isExplained === true;
    this.#hashes = new PortHashes(options.random.stream("kernel/ports/boot-secret"));
    this.noise = new CursorNoise(options.random.stream("kernel/ports/perturbation"));
    this.walk = createPortWalk(options.era, this.noise);
    this.#isResalted = options.era.portHashIsResalted;
    this.#bindZeroNoise = options.random.stream("kernel/ports/bind-zero");
  }

  /**
   * Picks the source port of a connect.
   *
   * @returns the port, or -EADDRNOTAVAIL. `lastSearch` then tells what was examined and which TIME_WAIT row is reused.
   */
  pick(netns: Netns, saddr: Ipv4, daddr: Ipv4, dport: Port): Port | number {
    if (this.#isKept) {
      this.#isKept = false;
      return this.#picked;
    }
    const search = this.#prepare(netns);
    const range = this.socketRange ?? netns.sysctls.localPortRange;
    search.low = range[0];
    search.high = range[1];
    search.stepWidth = netns.portStepWidth;
    search.isOptionRange = this.socketRange !== undefined && this.#era.localPortRangeOption === "step-1";
    search.saddr = saddr;
    search.daddr = daddr;
    search.dport = dport;
    if (this.givenHash === undefined) this.#hashes.compute(saddr, daddr, dport, this.epoch);
    const hash = this.givenHash ?? this.#hashes;
    search.hashLow = hash.low | 0;
    search.hashHigh = hash.high | 0;
    if (this.#isExplained && search instanceof TracedPortSearch) {
      const row = this.walk.rowOf(search.hashLow);
      search.restart({ cursor: this.walk.cursorOf(search.hashLow), row });
    }
    const port = this.walk.search(search);
    netns.candidates.add(search.examined);
    this.#picked = port < 0 ? -Errno.EADDRNOTAVAIL : port;
    return this.#picked;
  }

  /** Lets the next `pick`, which must be for the same connection in the same moment, answer as the last one did. */
  keepForNext(): void {
    this.#isKept = true;
  }

  /** The number of the 10-s epoch that the port hash is salted with now; 0 on kernels that never salt it anew. */
  get epoch(): number {
    return this.#isResalted ? this.#jiffies.epochAt(this.#loop.now) : 0;
  }

  /** The search that `pick` made last. */
  get lastSearch(): PortSearch {
    return this.#search!;
  }

  /**
   * Picks a port for bind(0) or listen() on an unbound socket: no cursor, a fresh random start each time; from 4.6 on
   * the parity opposite to the low bound first, and with SO_REUSEADDR the lower half of the range first.
   *
   * Source: net/ipv4/inet_connection_sock.c inet_csk_find_open_port, v6.1.
   * Not modelled: ip_autobind_reuse; up to 4.5 the least-shared bucket that a random walk may settle on.
   *
   * @param isFree whether bind would succeed on the port; reserved ports are passed over here.
   * @returns the port, or -EADDRINUSE.
   */
  pickForBindZero(netns: Netns, hasReuseAddress: boolean, isFree: (port: Port) => boolean): Port | number {
    const [low, high] = this.socketRange ?? netns.sysctls.localPortRange;
    const end = high + 1;
    const middle = low + (((end - low) >> 2) << 1);
    const hasHalves = this.#era.bindZeroPrefersOddOffset || this.#era.portWalk !== "3.10";
    const halves =
      hasReuseAddress && hasHalves && end - low >= 4
        ? [[low, middle] as const, [middle, end] as const]
        : [[low, end] as const];
    for (const [from, to] of halves) {
      const port = this.#era.bindZeroPrefersOddOffset
        ? this.#scanOddFirst(netns, from, to, isFree)
        : this.#scanAll(netns, from, to, isFree);
      if (port >= 0) return port;
    }
    return -Errno.EADDRINUSE;
  }

  #scanOddFirst(netns: Netns, from: Port, to: Port, isFree: (port: Port) => boolean): Port {
    const reserved = netns.sysctls.reservedPorts;
    const size = to - from > 1 ? (to - from) & ~1 : to - from;
    const first = this.#bindZeroNoise.below(size) | 1;
    for (const offset of [first, first - 1]) {
      let port = from + offset;
      for (let distance = 0; distance < size; distance += 2, port += 2) {
        if (port >= to) port -= size;
        if (reserved[port] === 0 && isFree(port)) return port;
      }
    }
    return -1;
  }

  #scanAll(netns: Netns, from: Port, to: Port, isFree: (port: Port) => boolean): Port {
    const reserved = netns.sysctls.reservedPorts;
    const size = to - from;
    const first = this.#bindZeroNoise.below(size);
    for (let step = 0; step < size; step += 1) {
      const port = from + ((first + step) % size);
      if (reserved[port] === 0 && isFree(port)) return port;
    }
    return -1;
  }

  #prepare(netns: Netns): PortSearch {
    let search = this.#search;
    if (search === undefined) {
      search = this.#isExplained ? new TracedPortSearch(netns, this.#test) : new PortSearch(netns, this.#test);
      this.#search = search;
    }
    search.begin(netns);
    return search;
  }
}
