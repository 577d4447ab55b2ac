import { Icmp, sendIcmpError } from "../kernel/icmp.ts";
import {
  Hook,
  type HookFunction,
  type HookLabel,
  Priority,
  Verdict,
  type VerdictValue,
} from "../kernel/netfilter/hooks.ts";
import type { Netns } from "../kernel/netns.ts";
import { type Packet, Protocol, TcpFlag } from "../kernel/packet.ts";
import { formatIpv4, type Ipv4, type Port } from "../units.ts";
import type { ClusterOptions } from "./options.ts";

interface Block {
  readonly protocol: number;
  readonly port: Port;
  readonly isRejected: boolean;
}

const FIREWALL: HookLabel = {
  name: "firewall",
  explain: ({ protocol, dport }, verdict) => {
    const port = `${dport}/${protocol === Protocol.TCP ? "TCP" : "UDP"}`;
    const why = verdict === Verdict.DROP ? `it lets nothing through to port ${port}` : "it blocks no such port";
    return { changes: [], why, source: "" };
  },
};

const SOURCE_DEST_CHECK: HookLabel = {
  name: "source/destination check",
  explain: (packet, verdict) => ({ changes: [], why: whyChecked(packet, verdict), source: "" }),
};

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
    const named = netns.machine.requireRulePorts(netns);
    for (const { port } of blocks) named.add(port, port);
    netns.hooks.register(Hook.PRE_ROUTING, Priority.FILTER, firewall, FIREWALL);
    netns.hooks.register(Hook.LOCAL_OUT, Priority.FILTER, firewall, FIREWALL);
  }
  if (isChecked) {
    const check: HookFunction = (packet) =>
      hasAddressOfSender(packet) && isHost(packet.dst) ? Verdict.ACCEPT : Verdict.DROP;
    netns.hooks.register(Hook.PRE_ROUTING, Priority.FILTER, check, SOURCE_DEST_CHECK);
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

function whyChecked(packet: Packet, verdict: VerdictValue): string {
  if (verdict !== Verdict.DROP) return "source and destination are addresses of interfaces";
  if (!hasAddressOfSender(packet))
    return `the interface that sent it does not have the source address ${formatIpv4(packet.src)}`;
  return `no interface has the destination address ${formatIpv4(packet.dst)}`;
}
