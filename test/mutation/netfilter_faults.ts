import type { Fault } from "./fault.ts";

/** Faults in rules, in ICMP errors, and in what tools show. */
export const NETFILTER_FAULTS: readonly Fault[] = [
  {
    wrong: "MARK --xor-mark cannot clear a bit.",
    file: "kernel/netfilter/compile_chain.ts",
    find: "((packet.mark & ~target.mask) ^ target.value)",
    replace: "((packet.mark & ~target.mask) | target.value)",
  },
  {
    wrong: "--mode nth takes packet 0 of every n whatever --packet says.",
    file: "kernel/netfilter/compile_chain.ts",
    find: "match.every - 1 - match.packet",
    replace: "match.every - 1",
  },
  {
    wrong: "A packet that comes to the end of a chain reached by goto goes on behind the goto.",
    file: "kernel/netfilter/compile_chain.ts",
    find: "return verdict === NEXT ? RETURN : verdict;",
    replace: "return verdict;",
  },
  {
    wrong: "The first number of numgen inc is 1.",
    file: "kernel/netfilter/nft_lookup.ts",
    find: "let count = modulus - 1;",
    replace: "let count = 0;",
  },
  {
    wrong: "--match-set src,dst looks for the destination address.",
    file: "kernel/netfilter/rule_match.ts",
    find: "members.get(packet.src)",
    replace: "members.get(packet.dst)",
  },
  {
    wrong: "An ICMP error quotes the destination port twice.",
    file: "kernel/icmp.ts",
    find: "packet.quotedSport = cause.sport;",
    replace: "packet.quotedSport = cause.dport;",
  },
  {
    wrong: "ICMP time exceeded is not limited.",
    file: "kernel/icmp_limit.ts",
    find: "const LIMITED_TYPES = 0x1818;",
    replace: "const LIMITED_TYPES = 0x1018;",
  },
  {
    wrong: "rp_filter and accept_local of all devices do not count.",
    file: "kernel/source_validation.ts",
    find: 'return Math.max(valueOf("all"), valueOf(device));',
    replace: "return valueOf(device);",
  },
  {
    wrong: "The log's interval ends one tick early.",
    file: "kernel/kernel_log.ts",
    find: "if (tick > this.#begin + INTERVAL_S * jiffies.hz) {",
    replace: "if (tick >= this.#begin + INTERVAL_S * jiffies.hz) {",
  },
  {
    wrong: "ipvsadm sorts addresses as unsigned numbers.",
    file: "kernel/show/ipvs_rows.ts",
    find: "return (a.address - b.address) | 0 || a.port - b.port;",
    replace: "return (a.address >>> 0) - (b.address >>> 0) || a.port - b.port;",
  },
  {
    wrong: "conntrack -S shows the drops as early drops.",
    file: "kernel/show/nstat_text.ts",
    find: "early_drop=${earlyDrop}",
    replace: "early_drop=${drop}",
  },
  {
    wrong: "ss shows a socket in FIN_WAIT2 like an open one.",
    file: "kernel/show/ss_rows.ts",
    find: "const isSmall = isTimeWait || state === TcpState.FIN_WAIT2;",
    replace: "const isSmall = isTimeWait;",
  },
  {
    wrong: "A range of several ports does not hold its last one.",
    file: "kernel/netfilter/rule_match.ts",
    find: "ranges.some(({ low, high }) => port >= low && port <= high);",
    replace: "ranges.some(({ low, high }) => port >= low && port < high);",
  },
  {
    wrong: "conntrack -L shows an entry at the moment at which it ends.",
    file: "kernel/show/conntrack_rows.ts",
    find: "if (table.expires(slot) <= netns.machine.loop.now) continue;",
    replace: "if (table.expires(slot) < netns.machine.loop.now) continue;",
  },
];
