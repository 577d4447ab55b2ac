import type { Fault } from "./fault.ts";

/** Faults in TCP and UDP sockets. */
export const SOCKET_FAULTS: readonly Fault[] = [
  {
    wrong: "An orphan gives up after 7 retransmissions.",
    file: "kernel/tcp/tcp_timers.ts",
    find: "const ORPHAN_RETRIES = 8;",
    replace: "const ORPHAN_RETRIES = 7;",
  },
  {
    wrong: "One linear SYN timeout fewer than tcp_syn_linear_timeouts says.",
    file: "kernel/tcp/tcp_timers.ts",
    find: "if (sockets.retransmits(slot) > linear)",
    replace: "if (sockets.retransmits(slot) >= linear)",
  },
  {
    wrong: "The retransmission interval grows to 60 s at most.",
    file: "kernel/tcp/tcp_timers.ts",
    find: "const RTO_MAX: Micros = 120 * SECOND;",
    replace: "const RTO_MAX: Micros = 60 * SECOND;",
  },
  {
    wrong: "EPIPE and ECONNRESET are swapped.",
    file: "kernel/tcp/open_connection.ts",
    find: "isHalfClosed ? Errno.EPIPE : Errno.ECONNRESET",
    replace: "isHalfClosed ? Errno.ECONNRESET : Errno.EPIPE",
  },
  {
    wrong: "A socket that closed at the same time as its peer has no TIME_WAIT.",
    file: "kernel/tcp/open_connection.ts",
    find: "case TcpState.CLOSING:\n      tcp.timeWaits.enter(slot);",
    replace: "case TcpState.CLOSING:\n      tcp.destroy(slot);",
  },
  {
    wrong: "EmbryonicRsts counts nothing.",
    file: "kernel/tcp/request_socket.ts",
    find: "  netns.counters.TcpExtEmbryonicRsts += 1;\n",
    replace: "",
  },
  {
    wrong: "Before 4.19 a TIME_WAIT entry is reused one second early.",
    file: "kernel/tcp/time_wait.ts",
    find: "Math.floor(since / SECOND) > 1;",
    replace: "Math.floor(since / SECOND) >= 1;",
  },
  {
    wrong: "There is one TIME_WAIT entry more than tcp_max_tw_buckets allows.",
    file: "kernel/tcp/time_wait.ts",
    find: "if (this.countOf(netns) >= netns.maxTimeWaits) {",
    replace: "if (this.countOf(netns) > netns.maxTimeWaits) {",
  },
  {
    wrong: "A listener gets connections to other addresses than its own.",
    file: "kernel/tcp/listener_table.ts",
    find: "if (sockets.local(slot) === 0) best = slot;",
    replace: "best = slot;",
  },
  {
    wrong: "A connection that takes over a TIME_WAIT entry begins at the entry's own number.",
    file: "kernel/tcp/tcp.ts",
    find: "(this.sockets.sndNxt(timeWait) + 65537) | 0",
    replace: "this.sockets.sndNxt(timeWait)",
  },
  {
    wrong: "ICMP net prohibited ends a connect() with EHOSTUNREACH.",
    file: "kernel/icmp_errno.ts",
    find: "Errno.ENONET,\n  Errno.ENETUNREACH,",
    replace: "Errno.ENONET,\n  Errno.EHOSTUNREACH,",
  },
  {
    wrong: "Of two UDP sockets that fit alike the oldest hears the datagram.",
    file: "kernel/udp/udp_table.ts",
    find: "if (score <= bestScore) continue;",
    replace: "if (score < bestScore) continue;",
  },
  {
    wrong: "A connected UDP socket does not learn that a filter has refused its datagram.",
    file: "kernel/icmp_errno.ts",
    find: "[0, 1, 4, 5, 11, 12];",
    replace: "[0, 1, 4, 5, 11, 12, 13];",
  },
  {
    wrong: "UdpNoPorts counts nothing.",
    file: "kernel/udp/udp.ts",
    find: "      netns.counters.UdpNoPorts += 1;\n",
    replace: "",
  },
];
