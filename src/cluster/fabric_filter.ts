import { Icmp, sendIcmpError } from "../kernel/icmp.ts";
import { Hook, type HookFunction, Priority, Verdict } from "../kernel/netfilter/hooks.ts";
import type { Netns } from "../kernel/netns.ts";
import { type Packet, Protocol, TcpFlag } from "../kernel/packet.ts";
import type { Ipv4, Port } from "../units.ts";
import type { ClusterOptions } from "./options.ts";

interface Block {
  readonly protocol: number;
  readonly port: Port;
  readonly isRejected: boolean;
}

/**
 * Puts the firewalls and checks between the nodes on the hooks of the network that joins them; without any the network
 * has no hook at all.
 *
 * A security group is stateful: a blocked TCP port loses what would open a connection to it, a blocked UDP port all. It
 * drops without a word, and only a firewall that rejects says "port unreachable".
 *
 * The source/destination check of a cloud looks at what an interface sends and gets: the source must be an address of
 * the interface that sent it, the destination that of some interface or of a host outside. It drops without a word.
 *
 * @param isHost whether an interface of a node, or the network itself, has the address.
 */
export function filterFabric(netns: Netns, options: ClusterOptions, isHost: (address: Ipv4) => boolean): void {
  const blocks = blocksOf(options);
  const isChecked = options.cloud?.sourceDestCheck === true;
  if (blocks.length === 0 && !isChecked) return;
  // Frames between two nodes of one subnet are bridged; with br_netfilter they meet the hooks.
  netns.loadBrNetfilter();
  const firewall = firewallOf(netns, blocks);
  if (blocks.length > 0) {
    netns.hooks.register(Hook.PRE_ROUTING, Priority.FILTER, firewall);
    netns.hooks.register(Hook.LOCAL_OUT, Priority.FILTER, firewall);
  }
  if (isChecked) {
    netns.hooks.register(Hook.PRE_ROUTING, Priority.FILTER, (packet) =>
      hasAddressOfSender(packet) && isHost(packet.dst) ? Verdict.ACCEPT : Verdict.DROP,
    );
  }
}

function blocksOf({ overlay, cloud }: ClusterOptions): readonly Block[] {
  const blocks: Block[] = (cloud?.blockedPorts ?? []).map(({ port, protocol }) => ({
    protocol: protocol === "TCP" ? Protocol.TCP : Protocol.UDP,
    port,
    isRejected: false,
  }));
  if (overlay !== undefined && overlay.kind === "vxlan" && overlay.blocked !== "off") {
    blocks.push({ protocol: Protocol.UDP, port: overlay.port, isRejected: overlay.blocked === "reject" });
  }
  return blocks;
}

function firewallOf(netns: Netns, blocks: readonly Block[]): HookFunction {
  return (packet) => {
    const block = blocks.find(({ protocol, port }) => packet.protocol === protocol && packet.dport === port);
    if (block === undefined || !isOpening(packet)) return Verdict.ACCEPT;
    if (block.isRejected) sendIcmpError(netns, packet, Icmp.DEST_UNREACH, Icmp.PORT_UNREACH);
    return Verdict.DROP;
  };
}

function isOpening(packet: Packet): boolean {
  return packet.protocol !== Protocol.TCP || (packet.flags & (TcpFlag.SYN | TcpFlag.ACK)) === TcpFlag.SYN;
}

function hasAddressOfSender(packet: Packet): boolean {
  return packet.device?.peer?.addresses.some(({ address }) => address === packet.src) === true;
}
