import { Errno } from "../errno.ts";
import type { Route } from "../routes.ts";

/** The error that connect() gives at once for a route; 0 for one that leads somewhere. */
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
