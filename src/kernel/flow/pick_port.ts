import type { Port } from "../../units.ts";
import type { FlowTuple } from "./flow.ts";

/** Picks the source port of a connection; -1 if there is none, or if it takes over a TIME_WAIT entry, and is not like others. */
export function pickPort({ client, tcp, saddr, daddr, dport }: FlowTuple): Port {
  const { ports } = tcp;
  tcp.timeWaits.expire();
  ports.socketRange = undefined;
  const port = ports.pick(client, saddr, daddr, dport);
  if (port >= 0 && ports.lastSearch.reusedTimeWait < 0) return port;
  ports.keepForNext();
  return -1;
}
