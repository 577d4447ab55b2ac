import type { Ipv4, Port } from "../../units.ts";
import type { Netns } from "../netns.ts";

/**
 * One search for a source port: what is wanted, what each candidate is tested for, and what came of it. One object
 * serves all searches of a machine, so that none is allocated.
 */
export class PortSearch {
  /** The bounds of `ip_local_port_range`, both inclusive. */
  low: Port = 0;
  high: Port = 0;
  /** The 64-bit port hash of (source, destination, destination port, epoch), in two halves. */
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
  readonly #candidate: PortCandidateTest;
  /** Whether the last candidate's 4-tuple was looked at: then it was not closed to all connections. */
  #isTupleAsked = false;

  constructor(netns: Netns, candidate: PortCandidateTest) {
    this.netns = netns;
    this.#candidate = candidate;
  }

  /**
   * Whether `connect()` may take this port.
   *
   * Source: net/ipv4/inet_hashtables.c __inet_hash_connect and __inet_check_established, v6.12.
   */
  isUsable(port: Port): boolean {
    this.examined += 1;
    this.#isTupleAsked = false;
    const { ports: buckets, sysctls } = this.netns;
    if (buckets.isReserved(port, sysctls.reservedPorts)) return false;
    if (!buckets.isOwned(port)) return true;
    if (buckets.isClosedToConnect(port)) return false;
    this.#isTupleAsked = true;
    return this.#candidate.isTupleFree(this, port);
  }

  /** Passes over a block of reserved ports and of ports that are closed to connect(), 32 at a time. */
  passOver(port: Port, step: 1 | 2, most: number): number {
    if (this.#isTupleAsked) return 0;
    const passed = this.netns.ports.closedRun({ port, step, most }, this.netns.sysctls.reservedPorts);
    this.examined += passed;
    return passed;
  }
}

/** The 4-tuple test, which the socket table answers; it may set `search.reusedTimeWait`. */
export interface PortCandidateTest {
  isTupleFree(search: PortSearch, port: Port): boolean;
}
