import type { Mutation } from "./mutation.ts";

/** Rules of IP: forwarding, bridges, neighbours, ICMP errors. */
export const IP_MUTATIONS: readonly Mutation[] = [
  {
    rule: "A forwarded packet has one hop less to live.",
    instead: "It keeps its TTL.",
    file: "kernel/netns.ts",
    find: "    packet.ttl -= 1;\n    packet.outDevice",
    replace: "    packet.outDevice",
  },
  {
    rule: "With ip_forward=0 nothing is forwarded.",
    instead: "Everything is.",
    file: "kernel/netns.ts",
    find: "    if (!this.mayForward) {\n",
    replace: "    if (packet.ttl < 0) {\n",
  },
  {
    rule: "A packet that comes in with an address of this host as its source is dropped.",
    instead: "It is accepted.",
    file: "kernel/source_validation.ts",
    find: 'if (this.#number(device, "accept_local") !== 0) return true;',
    replace: 'if (this.#number(device, "accept_local") >= 0) return true;',
  },
  {
    rule: "With bridge-nf-call-iptables=0 no IPv4 hook sees bridged packets.",
    instead: "They see them.",
    file: "kernel/netns.ts",
    find: 'this.#hasBrNetfilter && this.sysctls.number("net.bridge.bridge-nf-call-iptables") !== 0;',
    replace: "this.#hasBrNetfilter;",
  },
  {
    rule: "With bridge-nf-call-iptables=1 the IPv4 hooks see bridged packets.",
    instead: "They do not.",
    file: "kernel/netns.ts",
    find: 'this.#hasBrNetfilter && this.sysctls.number("net.bridge.bridge-nf-call-iptables") !== 0;',
    replace: "false;",
  },
  {
    rule: "A bridged packet whose destination DNAT has changed to one behind the same bridge is bridged on.",
    instead: "It goes where its frame was addressed to.",
    file: "kernel/bridge.ts",
    find: "if (callsIptables && packet.dst !== dst) {",
    replace: "if (callsIptables && packet.ttl < 0) {",
  },
  {
    rule: "When nobody answers for an address, those who sent there get an ICMP host unreachable.",
    instead: "They get nothing.",
    file: "kernel/neighbours.ts",
    find: "sendIcmpError(waiting.netns, packet, Icmp.DEST_UNREACH, Icmp.HOST_UNREACH);",
    replace: "",
  },
  {
    rule: "The kernel asks three times for a neighbour, 1 s apart.",
    instead: "It asks once.",
    file: "kernel/neighbours.ts",
    find: "const SOLICITATIONS = 3;",
    replace: "const SOLICITATIONS = 1;",
  },
  {
    rule: "A blackhole route drops in silence.",
    instead: "It answers by an ICMP host unreachable.",
    file: "kernel/netns.ts",
    find: 'else if (route.kind === "unreachable") send',
    replace: 'else if (route.kind === "unreachable" || route.kind === "blackhole") send',
  },
  {
    rule: "An ICMP error comes from the address that the packet was sent to, if that is an own one.",
    instead: "It comes from the interface's address.",
    file: "kernel/icmp.ts",
    find: "netns.hasAddress(cause.dst) ? cause.dst : route.preferredSource",
    replace: "route.preferredSource",
  },
  {
    rule: "proxy_arp answers for addresses that are forwarded by another interface.",
    instead: "It answers for nobody.",
    file: "kernel/netns.ts",
    find: "if (!this.mayForward || !(",
    replace: "if (this.id >= 0 || !(",
  },
];
