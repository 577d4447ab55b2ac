import type { Fault } from "./fault.ts";

/** Faults in connection tracking and address translation. */
export const CONNTRACK_FAULTS: readonly Fault[] = [
  {
    wrong: "A FIN of the client in SYN_RECV is INVALID.",
    file: "kernel/conntrack/tcp_state_table.ts",
    find: '"IG SR FW ES CL"',
    replace: '"IG SR IV ES CL"',
  },
  {
    wrong: "An entry outlives one retransmission more than nf_conntrack_tcp_max_retrans.",
    file: "kernel/conntrack/tcp_tracking.ts",
    find: "table.retransmits(slot) >= timeouts.retransMax",
    replace: "table.retransmits(slot) > timeouts.retransMax",
  },
  {
    wrong: "The garbage collector of a nearly full table spares entries in FIN_WAIT.",
    file: "kernel/conntrack/tcp_tracking.ts",
    find: "return state >= CtTcpState.FIN_WAIT &&",
    replace: "return state > CtTcpState.FIN_WAIT &&",
  },
  {
    wrong: "Data of one direction is noted as unacknowledged data of the other.",
    file: "kernel/conntrack/tcp_tracking.ts",
    find: "isReply ? CtStatus.UNACKNOWLEDGED_REPLY : CtStatus.UNACKNOWLEDGED_ORIGINAL",
    replace: "isReply ? CtStatus.UNACKNOWLEDGED_ORIGINAL : CtStatus.UNACKNOWLEDGED_REPLY",
  },
  {
    wrong: "A new entry takes over where the last segment of its slot's former entry ended.",
    file: "kernel/conntrack/tracker_memory.ts",
    find: "    if (this.#oddEnds.size > 0) this.#oddEnds.delete(slot);\n",
    replace: "",
  },
  {
    wrong: "A RST of either side lets a SYN reopen the connection.",
    file: "kernel/conntrack/tcp_tracking.ts",
    find: "return table.lastDirection(slot) === direction && table.lastInput(slot) === CtTcpInput.RST;",
    replace: "return table.lastInput(slot) === CtTcpInput.RST;",
  },
  {
    wrong: "early_drop looks at seven buckets.",
    file: "kernel/conntrack/early_drop.ts",
    find: "const EARLY_DROP_BUCKETS = 8;",
    replace: "const EARLY_DROP_BUCKETS = 7;",
  },
  {
    wrong: "A UDP flow is a stream when it is 3 s old.",
    file: "kernel/conntrack/conntrack.ts",
    find: "table.memory.startedAt(slot) + 2 * jiffies.hz",
    replace: "table.memory.startedAt(slot) + 3 * jiffies.hz",
  },
  {
    wrong: "An ICMP error has to be addressed to the other end.",
    file: "kernel/conntrack/conntrack.ts",
    find: "this.table.dst(node) !== packet.dst",
    replace: "this.table.src(node) !== packet.dst",
  },
  {
    wrong: "A packet that loses its race at confirmation counts as no drop.",
    file: "kernel/conntrack/conntrack.ts",
    find: "        this.netns.counters.nf_conntrack_drop += 1;\n        return Verdict.DROP;",
    replace: "        return Verdict.DROP;",
  },
  {
    wrong: "The search for a unique port does without its last round, of 8 tries.",
    file: "kernel/nat/unique_tuple.ts",
    find: "const ATTEMPTS_LEAST = 16;",
    replace: "const ATTEMPTS_LEAST = 32;",
  },
  {
    wrong: "A source port from 512 to 1023 may become one below 600.",
    file: "kernel/nat/unique_tuple.ts",
    find: "return [600, 1023];",
    replace: "return [512, 1023];",
  },
  {
    wrong: "An ICMP error quotes the wrong one of two translated ports.",
    file: "kernel/nat/nat.ts",
    find: "packet.quotedDport = table.ports(target) & 0xffff;",
    replace: "packet.quotedDport = table.ports(target) >>> 16;",
  },
  {
    wrong: "The collector comes half as often.",
    file: "kernel/conntrack/conntrack.ts",
    find: "collectGarbage(this);\n    const { loop, era } = this.netns.machine;\n    loop.after(",
    replace:
      "collectGarbage(this);\n    const { loop, era } = this.netns.machine;\n    loop.after(era.conntrackGcSeconds * SECOND + ",
  },
  {
    wrong: "An entry whose timer was put off never ends.",
    file: "kernel/conntrack/entry_timers.ts",
    find: "      if (isThere) this.arm(slot);\n",
    replace: "",
  },
  {
    wrong: "A SYN of the server in TIME_WAIT is INVALID.",
    file: "kernel/conntrack/tcp_state_table.ts",
    find: '"SS IG TW TW CL"',
    replace: '"IV IG TW TW CL"',
  },
  {
    wrong: "A RST with sequence number 0 does not close a handshake.",
    file: "kernel/conntrack/tcp_tracking.ts",
    find: "  if (packet.seq === 0 && !isEstablished) return true;\n",
    replace: "",
  },
  {
    wrong: "DNAT never draws the last port of a range.",
    file: "kernel/nat/nat.ts",
    find: "this.#random.below(high - low + 1)",
    replace: "this.#random.below(high - low)",
  },
];
