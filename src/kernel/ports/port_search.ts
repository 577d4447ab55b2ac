import type { Ipv4, Port } from "../../units.ts";
import type { Netns } from "../netns.ts";
import { NO_PORTS, type PortBlocks, PortRun } from "./port_blocks.ts";
import type { TakenPorts } from "./taken_ports.ts";

/**
 * One search for a source port: what is wanted, what each candidate is tested for, and what came of it. One object
 * serves all searches of a machine, so that none is allocated.
 */
export class PortSearch {
  /** The bounds of `ip_local_port_range`, both inclusive. */
  low: Port = 0;
  high: Port = 0;
  /** The 64-bit port hash of (source, destination, destination port, epoch), in two halves, signed. */
  hashLow = 0;
  hashHigh = 0;
  /** Whether the range is the socket's own (IP_LOCAL_PORT_RANGE) on a kernel that then tries all its ports in turn. */
  isOptionRange = false;
  /** `ip_local_port_step_width`, 0 for off. */
  stepWidth = 0;
  netns: Netns;
  saddr: Ipv4 = 0;
  daddr: Ipv4 = 0;
  dport: Port = 0;
  /** Candidates examined so far, as the kernel would count them. */
  examined = 0;
  /** The TIME_WAIT row that the chosen tuple takes over, or -1. */
  reusedTimeWait = -1;
  /** The ports whose 4-tuple is known to be taken, once the search has met one and if they are kept. */
  taken: TakenPorts | undefined = undefined;
  /** Those of them that it may not take over from TIME_WAIT. */
  unusable: PortBlocks = NO_PORTS;
  readonly #candidate: PortCandidateTest;
  /** What `passOver` asks about. */
  readonly #run = new PortRun();
  /** Candidates whose tuple was taken, as long as no taken ports are kept. */
  #met = 0;
  /** The last candidate if its 4-tuple was looked at, or -1: it was then not closed to all connections. */
  #asked: Port = -1;

  constructor(netns: Netns, candidate: PortCandidateTest) {
    this.netns = netns;
    this.#candidate = candidate;
  }

  /** Begins a search: nothing is examined yet. */
  begin(netns: Netns): void {
    this.netns = netns;
    this.examined = 0;
    this.reusedTimeWait = -1;
    this.isOptionRange = false;
    this.taken = undefined;
    this.unusable = NO_PORTS;
    this.#met = 0;
  }

  /**
   * Whether `connect()` may take this port.
   *
   * Source: net/ipv4/inet_hashtables.c __inet_hash_connect and __inet_check_established, v6.12.
   */
  isUsable(port: Port): boolean {
    this.examined += 1;
    this.#asked = -1;
    const { ports: buckets, sysctls } = this.netns;
    if (buckets.isReserved(port, sysctls.reservedPorts)) return false;
    if (!buckets.isOwned(port)) return true;
    if (buckets.isClosedToConnect(port)) return false;
    this.#asked = port;
    return this.#candidate.isTupleFree(this, port);
  }

  /** Passes over a block of reserved ports, of ports closed to connect() and of taken ones that are kept, by words. */
  passOver(port: Port, step: 1 | 2, most: number): number {
    if (this.#asked >= 0 && this.taken === undefined) {
      this.#met += 1;
      this.#candidate.findTaken?.(this, this.#asked, this.#met);
      if (this.taken === undefined) return 0;
    }
    const run = this.#run;
    run.port = port;
    run.step = step;
    run.most = most;
    const passed = this.netns.ports.unusableRun(run, this.netns.sysctls.reservedPorts, this.unusable);
    this.examined += passed;
    return passed;
  }
}

/** The 4-tuple test, which the socket table answers. */
export interface PortCandidateTest {
  /** It may set `search.reusedTimeWait`, and adds to `search.taken`. */
  isTupleFree(search: PortSearch, port: Port): boolean;
  /**
   * Sets `search.taken` and `search.unusable` if taken ports are kept for such a search, or will be from now on. Absent:
   * they never are.
   *
   * @param port the candidate whose tuple has just been found taken. @param met how many the search has met, with it.
   */
  findTaken?(search: PortSearch, port: Port, met: number): void;
}
