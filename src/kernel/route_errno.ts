import { Errno } from "./errno.ts";
import type { Route } from "./routes.ts";

/**
 * The error that a system call gives at once for a route that leads nowhere, 0 for one that leads somewhere.
 *
 * Source: net/ipv4/route.c ip_route_output_key_hash_rcu; net/ipv4/fib_semantics.c fib_props, v6.1.
 */
export function routeErrno(route: Route): number {
  switch (route.kind) {
    case "local":
    case "unicast":
      return 0;
    case "none":
      return Errno.ENETUNREACH;
    case "unreachable":
      return Errno.EHOSTUNREACH;
    case "prohibit":
      return Errno.EACCES;
    case "blackhole":
      return Errno.EINVAL;
  }
}
