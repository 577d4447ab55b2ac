import type { KernelEra } from "../kernel_era.ts";
import type { Scheduler, SchedulerName } from "./schedulers.ts";
import type { RealServer, VirtualService } from "./virtual_service.ts";

/** How busy a server is. */
type Overhead = (server: RealServer) => number;

/**
 * `lc`: the least overhead; of equal ones the first in the kernel's order.
 *
 * Source: net/netfilter/ipvs/ip_vs_lc.c ip_vs_lc_schedule, v6.1.
 */
export function leastConnections(era: KernelEra): Scheduler {
  const overhead = connectionOverhead(era);
  return stateless("lc", ({ servers }) => {
    let least: RealServer | undefined;
    for (const server of servers) {
      if (server.weight > 0 && (least === undefined || overhead(server) < overhead(least))) least = server;
    }
    return least;
  });
}

/**
 * `wlc`: the least overhead by weight.
 *
 * Source: net/netfilter/ipvs/ip_vs_wlc.c ip_vs_wlc_schedule, v6.1.
 */
export function weightedLeastConnections(era: KernelEra): Scheduler {
  const overhead = connectionOverhead(era);
  return stateless("wlc", (service) => leastByWeight(service, overhead));
}

/**
 * `sed`: the least of (active connections + 1) by weight.
 *
 * Source: net/netfilter/ipvs/ip_vs_sed.c ip_vs_sed_schedule, v6.1.
 */
export function shortestExpectedDelay(): Scheduler {
  return stateless("sed", (service) => leastByWeight(service, expectedDelay));
}

/**
 * `nq`: the first server without active connections, else as `sed`.
 *
 * Source: net/netfilter/ipvs/ip_vs_nq.c ip_vs_nq_schedule, v6.1.
 */
export function neverQueue(): Scheduler {
  return stateless("nq", (service) => {
    const idle = service.servers.find(({ weight, active }) => weight > 0 && active === 0);
    return idle ?? leastByWeight(service, expectedDelay);
  });
}

/** A scheduler that remembers nothing. */
export function stateless(
  name: SchedulerName,
  schedule: (service: VirtualService) => RealServer | undefined,
): Scheduler {
  return { name, schedule, serversChanged() {} };
}

/**
 * 256 times the active connections and once the inactive ones; from 7.2 on and in late stable builds the active ones
 * count once more. Source: include/net/ip_vs.h ip_vs_dest_conn_overhead, v6.1 and v6.12.117.
 */
function connectionOverhead(era: KernelEra): Overhead {
  const perActive = era.ipvsLcCountsActiveTwice ? 257 : 256;
  return ({ active, inactive }) => perActive * active + inactive;
}

function expectedDelay({ active }: RealServer): number {
  return active + 1;
}

/** Compares overhead / weight by cross products, so that a server of weight 0 behind the first candidate never wins. */
function leastByWeight({ servers }: VirtualService, overhead: Overhead): RealServer | undefined {
  let least: RealServer | undefined;
  for (const server of servers) {
    if (least === undefined) {
      if (server.weight > 0) least = server;
    } else if (overhead(least) * server.weight > overhead(server) * least.weight) least = server;
  }
  return least;
}
