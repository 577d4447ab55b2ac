import { formatIpv4 } from "../../units.ts";
import type { Netns } from "../netns.ts";
import type { Packet } from "../packet.ts";
import type { Reason } from "./decision.ts";
import { tell } from "./tell.ts";

const INPUT = "net/ipv4/route.c ip_route_input_slow, v6.1";
const FORWARD = "net/ipv4/ip_forward.c ip_forward, v6.1";

/** How a packet that came in is routed. */
export type InputRoute = "local" | "forward" | "source" | "no-forwarding" | "no-route" | "ttl";

/** Tells where a packet that came in goes, or why it is dropped. */
export function tellInputRoute(netns: Netns, packet: Packet, route: InputRoute): void {
  const isDropped = route !== "local" && route !== "forward";
  tell(
    netns,
    packet,
    { place: "route", name: "route", verdict: isDropped ? "DROP" : "" },
    reasonOf(netns, packet, route),
  );
}

function reasonOf(netns: Netns, packet: Packet, route: InputRoute): Reason {
  const address = formatIpv4(packet.dst);
  switch (route) {
    case "local":
      return reason(`${address} is an address of ${netns.name}`, INPUT);
    case "forward":
      return reason(`${address} is not of ${netns.name}: it leaves by ${packet.outDevice ?? "no device"}`, FORWARD);
    case "source": {
      const said = netns.hasAddress(packet.src) ? "is one of this host's own" : "fails rp_filter";
      const source = "net/ipv4/fib_frontend.c __fib_validate_source, v6.1";
      return reason(`the source ${formatIpv4(packet.src)} ${said}`, source);
    }
    case "no-forwarding":
      return reason(`${address} is not of ${netns.name}, and net.ipv4.ip_forward is 0`, INPUT);
    case "no-route":
      return reason(`no route leads to ${address}`, "net/ipv4/route.c ip_error, v6.1");
    case "ttl":
      return reason("its time to live is over", FORWARD);
  }
}

function reason(why: string, source: string): Reason {
  return { changes: [], why, source };
}
