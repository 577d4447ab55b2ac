import type { Port } from "../../units.ts";
import type { PortCandidateTest, PortSearch } from "../ports/port_search.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";
import { mayReuseBetween, mayReuseTimeWait } from "./time_wait.ts";

/**
 * The 4-tuple test of a port search: a candidate is free unless a socket stands there; a TIME_WAIT entry may be taken
 * over. What it finds taken is kept for the searches to come where that pays.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_check_established, v6.12.
 */
export class TupleTest implements PortCandidateTest {
  readonly #tcp: Tcp;

  constructor(tcp: Tcp) {
    this.#tcp = tcp;
  }

  isTupleFree(search: PortSearch, port: Port): boolean {
    const tcp = this.#tcp;
    const { sockets } = tcp;
    const other = this.#find(search, port);
    if (other < 0) return true;
    if (sockets.state(other) === TcpState.TIME_WAIT && mayReuseTimeWait(tcp, other, false)) {
      search.reusedTimeWait = other;
      return true;
    }
    if (search.taken !== undefined) sockets.noteTaken(other, search.taken);
    return false;
  }

  findTaken(search: PortSearch, port: Port, met: number): void {
    const { sockets } = this.#tcp;
    const { takenPorts } = sockets;
    const isDue = met >= takenPorts.patience;
    if (met > 1 && !isDue) return;
    const { netns, saddr, daddr, dport } = search;
    let taken = takenPorts.find(netns.id, saddr, daddr, dport);
    if (taken === undefined && isDue) {
      taken = takenPorts.make({ scope: netns.id, local: saddr, remote: daddr, remotePort: dport });
      sockets.noteTaken(this.#find(search, port), taken);
    }
    if (taken === undefined) return;
    search.taken = taken;
    // An entry that is too young today is old enough tomorrow: where any may be taken over, each is asked for.
    search.unusable = mayReuseBetween(netns, saddr, daddr) ? taken.open : taken.all;
  }

  #find({ netns, saddr, daddr, dport }: PortSearch, port: Port): number {
    return this.#tcp.find(netns, saddr, port, daddr, dport);
  }
}
