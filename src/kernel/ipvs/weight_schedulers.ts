import { stateless } from "./least_connections.ts";
import type { Scheduler } from "./schedulers.ts";
import type { RealServer } from "./virtual_service.ts";

/**
 * `fo`: the server of the greatest weight takes all; of equal ones the first in the kernel's order.
 *
 * Source: net/netfilter/ipvs/ip_vs_fo.c ip_vs_fo_schedule, v6.1.
 */
export function failover(): Scheduler {
  return stateless("fo", ({ servers }) => heaviest(servers));
}

/**
 * `ovf`: the server of the greatest weight until it has more active connections than its weight, then the next.
 *
 * Source: net/netfilter/ipvs/ip_vs_ovf.c ip_vs_ovf_schedule, v6.1.
 */
export function overflow(): Scheduler {
  return stateless("ovf", ({ servers }) => heaviest(servers.filter(({ active, weight }) => active <= weight)));
}

function heaviest(servers: readonly RealServer[]): RealServer | undefined {
  let best: RealServer | undefined;
  for (const server of servers) if (server.weight > (best?.weight ?? 0)) best = server;
  return best;
}
