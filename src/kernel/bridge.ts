import type { Device } from "./device.ts";
import { Hook } from "./netfilter/hooks.ts";
import type { Packet } from "./packet.ts";

/**
 * Sends a frame down into a bridge from the host above it: out of the port behind which its target is.
 * Source: net/bridge/br_device.c br_dev_xmit, v6.1.
 */
export function bridgeTransmit(packet: Packet, bridge: Device, target: Device): void {
  const port = portTowards(bridge, target);
  if (port === undefined) bridge.netns.drop(packet);
  else leaveByPort(packet, port);
}

/**
 * Takes a frame from a bridge port: up to the host if it is addressed to the bridge, else on to another port.
 *
 * With br_netfilter and `bridge-nf-call-iptables` the IPv4 hooks run for bridged frames too, PRE_ROUTING once for all
 * and FORWARD and POST_ROUTING for what is bridged on; without it no IPv4 hook sees them.
 * Source: net/bridge/br_netfilter_hooks.c br_nf_pre_routing, br_nf_forward_ip, v6.1. Not modelled: flooding, STP,
 * VLANs, learning (a frame's target is always known), the ebtables hooks.
 */
export function bridgeReceive(packet: Packet, port: Device): void {
  const bridge = port.master!;
  const netns = bridge.netns;
  const callsIptables = netns.bridgeCallsIptables;
  const dst = packet.dst;
  packet.inDevice = bridge.name;
  if (callsIptables && !netns.runHook(Hook.PRE_ROUTING, packet)) return;
  if (callsIptables && packet.dst !== dst) {
    afterBridgedDnat(packet, bridge);
    return;
  }
  if (packet.target === bridge) passUp(packet, bridge, callsIptables);
  else if (packet.target !== undefined) forwardFrame(packet, bridge, packet.target);
  else netns.drop(packet);
}

function passUp(packet: Packet, bridge: Device, hasRunPreRouting: boolean): void {
  const netns = bridge.netns;
  netns.machine.trace?.packet(netns.machine.loop.now, bridge, "in", packet);
  // With br_netfilter the second pass over PRE_ROUTING is short-circuited (ip_sabotage_in).
  if (hasRunPreRouting) netns.routeInput(packet);
  else netns.input(packet);
}

/**
 * A bridged packet whose destination PRE_ROUTING rewrote: if the new destination is behind the same bridge the frame
 * is re-addressed and bridged on; else it goes up to be routed.
 *
 * Source: net/bridge/br_netfilter_hooks.c br_nf_pre_routing_finish, v6.1.
 */
function afterBridgedDnat(packet: Packet, bridge: Device): void {
  const netns = bridge.netns;
  const route = netns.routes.lookup(packet.dst);
  if (route.kind === "unicast" && route.device === bridge && netns.mayForward && route.neighbour !== undefined) {
    packet.target = route.neighbour;
    forwardFrame(packet, bridge, route.neighbour);
    return;
  }
  packet.target = bridge;
  passUp(packet, bridge, true);
}

function forwardFrame(packet: Packet, bridge: Device, target: Device): void {
  const netns = bridge.netns;
  const port = portTowards(bridge, target);
  if (port === undefined) {
    netns.drop(packet);
    return;
  }
  if (netns.bridgeCallsIptables) {
    packet.outDevice = bridge.name;
    if (!netns.runHook(Hook.FORWARD, packet)) return;
    if (!netns.runHook(Hook.POST_ROUTING, packet)) return;
  }
  leaveByPort(packet, port);
}

function leaveByPort(packet: Packet, port: Device): void {
  const machine = port.netns.machine;
  machine.trace?.packet(machine.loop.now, port, "out", packet);
  port.netns.cross(packet, port);
}

function portTowards(bridge: Device, target: Device): Device | undefined {
  const port = target.peer;
  return port !== undefined && port.master === bridge ? port : undefined;
}
