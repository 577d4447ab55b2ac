import { formatEndpoint, formatIpv4 } from "../../units.ts";
import type { Netns } from "../netns.ts";
import type { Packet } from "../packet.ts";
import type { Route } from "../routes.ts";
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

/** Tells that a packet that is about to leave has no route, or a next hop that nobody answers for. */
export function tellNoWayOut(netns: Netns, packet: Packet, { kind, device, nextHop }: Route): void {
  if (kind !== "unicast" && kind !== "local") {
    const why = `no route leads to ${formatIpv4(packet.dst)}`;
    tell(
      netns,
      packet,
      { place: "route", name: "route", verdict: "DROP" },
      reason(why, "net/ipv4/route.c ip_error, v6.1"),
    );
    return;
  }
  const why =
    `nobody answers for the next hop ${formatIpv4(nextHop)} on ${device?.name ?? "no device"}: ` +
    "the packet waits while ARP asks, and is dropped after three questions";
  tell(
    netns,
    packet,
    { place: "route", name: "neighbour", verdict: "" },
    reason(why, "net/core/neighbour.c neigh_timer_handler, v6.1"),
  );
}

/** Tells that a tunnel puts a packet into another one, or knows no node for it. @param outer `undefined` for the latter. */
export function tellTunnel(netns: Netns, packet: Packet, outer: Packet | undefined): void {
  const source = "drivers/net/vxlan/vxlan_core.c vxlan_xmit, v6.1";
  const heading = { place: "route", name: "vxlan", verdict: outer === undefined ? "DROP" : "" } as const;
  if (outer === undefined) {
    tell(netns, packet, heading, reason("no forwarding entry names the node of its next hop", source));
    return;
  }
  const change = `put into UDP ${formatEndpoint(outer.src, outer.sport)} > ${formatEndpoint(outer.dst, outer.dport)}`;
  const why = `the next hop is behind the tunnel to ${formatIpv4(outer.dst)}`;
  tell(netns, packet, heading, { changes: [change], why, source });
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
