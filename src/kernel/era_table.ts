import type { KernelEra, KernelRelease } from "./kernel_era.ts";

/** What a build is apart from its name. */
export type EraRow = Omit<KernelEra, "build" | "release" | "hz" | "vendor">;

/** Linux 3.10, the oldest release described; every other row is spread from it. */
export const BASE: EraRow = {
  portWalk: "3.10",
  portHashIsResalted: false,
  bindZeroPrefersOddOffset: false,
  bindBucketForgetsExplicitOwners: false,
  localPortRangeOption: "absent",
  timeWaitReuse: "seconds-above-1",
  timeWaitReuseHasLoopbackMode: false,
  timeWaitTimer: "shared",
  timerWheel: "exact-ticks",
  synLinearTimeouts: 0,
  resendsSynAfterChallenge: false,
  requestRstMustBeExact: false,
  resetMayPrecedeFin: false,
  anyIcmpEndsRequest: true,
  ackOfUnsentData: "drops-if-established",
  invalidRateLimitMs: 0,
  ipvsReuseModeZeroSkipsAll: false,
  ipvsReuseDrops: "never",
  ipvsReusesClosed: false,
  ipvsCountsHandshakesActive: false,
  ipvsReschedulesDeletedDest: false,
  ipvsFlushesDeletedDest: false,
  ipvsLcCountsActiveTwice: false,
  conntrackExpiry: "timer",
  conntrackEarlyDrops: "entry",
  conntrackGcSeconds: 16,
  conntrackInexactRst: "closes",
  conntrackChecksClosingRst: true,
  conntrackRenewsUnanswered: true,
  conntrackUdpStream: "at-once",
  conntrackMaxPerBucket: 4,
  natPortSearch: "whole-range",
};

/** One change of upstream: the first mainline release that has it, then the first of each stable line. */
interface KernelChange {
  readonly firsts: readonly string[];
  readonly gives: Partial<EraRow>;
}

/** In the order of mainline, so that a later row may replace what an earlier one gave. */
export const CHANGES: readonly KernelChange[] = [
  // Answers to out-of-window segments are limited to one in 500 ms, commit 032ee4236954.
  // Source: net/ipv4/tcp_input.c tcp_oow_rate_limited, v4.1.
  { firsts: ["4.0"], gives: { invalidRateLimitMs: 500 } },
  // conn_reuse_mode appears, and its 0 switches the whole block off, the weight-0 test included.
  // Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_in, v4.1.
  { firsts: ["4.1"], gives: { ipvsReuseModeZeroSkipsAll: true } },
  // TIME_WAIT entries end each on a timer of its own, commit 789f558cfb36: not in 3.13, in 4.1.15.
  // Source: net/ipv4/inet_timewait_sock.c inet_twsk_schedule, v4.1.
  { firsts: ["4.1"], gives: { timeWaitTimer: "own" } },
  // connect() starts at an even offset and moves the cursor by 2, commit 07f4c90062f8.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v4.2.
  { firsts: ["4.2"], gives: { portWalk: "4.2-4.5" } },
  // Port unreachable and the like leave a request socket alone, commit 9cf7490360bf: not in 4.1.15; a build of 4.4 before
  // .121 may have it. Source: net/ipv4/tcp_ipv4.c tcp_v4_err, tcp_req_err, v4.9.
  { firsts: ["4.5", "4.4.121"], gives: { anyIcmpEndsRequest: false } },
  // connect() tries one parity and then the other, commit 1580ab63fc9a; bind(0) begins with the other, ea8add2b1903.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect; net/ipv4/inet_connection_sock.c inet_csk_get_port, v4.6.
  { firsts: ["4.6"], gives: { portWalk: "4.6-5.11", bindZeroPrefersOddOffset: true } },
  // A tracked SYN on a finished connection is dropped, commit f719e3754ee2: not in 4.1.15; a build of 4.4 before .121 may
  // have it. Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_conn_uses_conntrack, v4.9.
  { firsts: ["4.6", "4.4.121"], gives: { ipvsReuseDrops: "tracked" } },
  // CLOSE counts as finished, commit e3895c0334d1: not in 4.4.121. Source: net/netfilter/ipvs/ip_vs_core.c is_new_conn_expected, v4.9.
  { firsts: ["4.6"], gives: { ipvsReusesClosed: true } },
  // Handshakes count as active connections, commit be2cef49904b: not in 4.4.121.
  // Source: net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_state_active_table, v4.9.
  { firsts: ["4.8"], gives: { ipvsCountsHandshakesActive: true } },
  // Timers are rounded up to granules that grow with the delay. Source: kernel/time/timer.c calc_index, v4.8.
  { firsts: ["4.8"], gives: { timerWheel: "granules" } },
  // Entries lose their timers; a worker collects them. Source: net/netfilter/nf_conntrack_core.c gc_worker, v4.9.
  { firsts: ["4.9"], gives: { conntrackExpiry: "gc" } },
  // A full table drops all entries of a bucket early that are not ASSURED: not in 4.4.121, in 4.9.45; where between them
  // it begins is not known. Source: net/netfilter/nf_conntrack_core.c early_drop_list, v4.9.
  { firsts: ["4.9"], gives: { conntrackEarlyDrops: "bucket" } },
  // A RST that had not seen the FIN of its own side counts, commit 0e40f4c9593a: not in 4.9.45.
  // Source: net/ipv4/tcp_input.c tcp_reset_check, v4.11.
  { firsts: ["4.11"], gives: { resetMayPrecedeFin: true } },
  // Closing connections challenge an ACK of unsent data, commit d0e1a1b5a833. The stable lines 3.18, 4.4 and 4.9 took it in
  // 2018; from which build on is not known. Source: net/ipv4/tcp_input.c tcp_rcv_state_process, v4.13.
  { firsts: ["4.13"], gives: { ackOfUnsentData: "challenges-unless-established" } },
  // The age of a TIME_WAIT entry is counted in monotonic seconds, and tcp_tw_reuse gets its value 2.
  // Source: net/ipv4/tcp_ipv4.c tcp_twsk_unique, v4.19.
  { firsts: ["4.19"], gives: { timeWaitReuse: "next-second", timeWaitReuseHasLoopbackMode: true } },
  // The search for a unique port gives up after 248 attempts, commit a504b703bb1d.
  // Source: net/netfilter/nf_nat_core.c nf_nat_l4proto_unique_tuple, v5.0.
  { firsts: ["5.0", "4.9.300", "4.14.265", "4.19.228"], gives: { natPortSearch: "bounded" } },
  // An answered UDP flow gets the stream's timeout when it is 2 s old.
  // Source: net/netfilter/nf_conntrack_proto_udp.c udp_packet, v5.0.
  { firsts: ["5.0"], gives: { conntrackUdpStream: "timeout-waits" } },
  // A RST whose sequence is not exact leaves an ESTABLISHED entry open, commit be0502a3f2e9: seen in 5.2; where between
  // 4.18 and that it begins, and which stable lines took it, is not known.
  // Source: net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet, v5.2.
  { firsts: ["5.2"], gives: { conntrackInexactRst: "sets-close-timeout" } },
  // A suspicious ACK in SYN_SENT draws the SYN again at once, commit 9603d47bad46.
  // Source: net/ipv4/tcp_input.c tcp_rcv_synsent_state_process, v5.6.
  { firsts: ["5.6"], gives: { resendsSynAfterChallenge: true } },
  // The reuse drop asks for a confirmed conntrack, commit f0a5e4d7a594.
  // Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_conn_uses_old_conntrack, v5.9.
  {
    firsts: ["5.9", "4.14.194", "4.19.140", "5.4.59", "5.7.16", "5.8.2"],
    gives: { ipvsReuseDrops: "confirmed" },
  },
  // Connections of a deleted destination expire at once and may be scheduled anew, commit 04231e52d355.
  // Source: net/netfilter/ipvs/ip_vs_ctl.c ip_vs_enqueue_expire_nodest_conns, v5.9.
  { firsts: ["5.9"], gives: { ipvsReschedulesDeletedDest: true, ipvsFlushesDeletedDest: true } },
  // A table of 256 cursors replaces the one of the machine, commit 190cc82489f4.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v5.12.
  { firsts: ["5.12"], gives: { portWalk: "5.12-5.17" } },
  // The collector walks the whole table every two minutes, commit 4608fdfc07e1.
  // Source: net/netfilter/nf_conntrack_core.c gc_worker, v5.14.
  {
    firsts: ["5.14", "4.9.282", "4.14.246", "4.19.206", "5.4.144", "5.10.62", "5.13.14"],
    gives: { conntrackGcSeconds: 120 },
  },
  // A RST closes an entry that a FIN or RST has begun to close, whatever its sequence; it came with
  // nf_conntrack_tcp_ignore_invalid_rst. Source: net/netfilter/nf_conntrack_proto_tcp.c tcp_can_early_drop, v6.1.
  { firsts: ["5.14"], gives: { conntrackChecksClosingRst: false } },
  // One entry per bucket by default. Source: net/netfilter/nf_conntrack_core.c nf_conntrack_init_start, v5.15.
  { firsts: ["5.15"], gives: { conntrackMaxPerBucket: 1 } },
  // conn_reuse_mode=0 keeps the weight-0 test, commit c95c07836fa4.
  // Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_in, v5.16.
  {
    firsts: ["5.16", "4.4.294", "4.9.292", "4.14.257", "4.19.219", "5.4.163", "5.10.83", "5.15.6"],
    gives: { ipvsReuseModeZeroSkipsAll: false },
  },
  // ASSURED waits for the same two seconds; which stable lines took it is not known.
  // Source: net/netfilter/nf_conntrack_proto_udp.c nf_conntrack_udp_packet, v5.17.
  { firsts: ["5.17"], gives: { conntrackUdpStream: "both-wait" } },
  // Stable lines took the re-salting first: the cursor of the machine, and a 32-bit hash with the epoch.
  // Source: net/core/secure_seq.c secure_ipv4_port_ephemeral, v5.10.117.
  { firsts: ["5.18", "5.10.117"], gives: { portHashIsResalted: true } },
  // Then the 64-bit hash with the table of 256; how .119 to .124 cut it into index and offset is not known.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v5.10.119.
  {
    firsts: ["5.18", "4.14.282", "4.19.246", "5.4.197", "5.10.119"],
    gives: { portWalk: "5.12-5.17", portHashIsResalted: true },
  },
  // At last the table of 65536 and random increments, commits 4c2c8f03a5ab and ca7af0402550.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v5.18.
  {
    firsts: ["5.18", "4.9.320", "4.14.285", "4.19.249", "5.4.201", "5.10.125", "5.15.41", "5.17.9"],
    gives: { portWalk: "5.18+", portHashIsResalted: true },
  },
  // The collector's pause follows the entries' timeouts, 60 s at most, commit 2cfadb761d3d.
  // Source: net/netfilter/nf_conntrack_core.c gc_worker, v5.18.
  { firsts: ["5.18", "5.15.34", "5.16.20", "5.17.3"], gives: { conntrackGcSeconds: 60 } },
  // A SYN that comes again leaves the timeout of an unanswered entry alone, commit e15d4cdf27cb; 4.14 did not take it.
  // Source: net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet, v6.2.
  {
    firsts: ["6.2", "4.19.272", "5.4.231", "5.10.166", "5.15.91", "6.1.9"],
    gives: { conntrackRenewsUnanswered: false },
  },
  // IP_LOCAL_PORT_RANGE narrows the range of one socket, commit 91d0b78c5177.
  // Source: net/ipv4/inet_connection_sock.c inet_sk_get_local_port_range, v6.3.
  { firsts: ["6.3", "6.1.32"], gives: { localPortRangeOption: "parity" } },
  // The first four SYN retransmits are 1 s apart. Source: net/ipv4/tcp_timer.c tcp_retransmit_timer, v6.5.
  { firsts: ["6.5"], gives: { synLinearTimeouts: 4 } },
  // A socket with IP_LOCAL_PORT_RANGE steps by 1, commit 207184853dbd.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v6.8.
  { firsts: ["6.8"], gives: { localPortRangeOption: "step-1" } },
  // tcp_tw_reuse_delay replaces the second. Source: net/ipv4/tcp_ipv4.c tcp_twsk_unique, v6.14.
  { firsts: ["6.14"], gives: { timeWaitReuse: "reuse-delay-ms" } },
  // A bucket whose explicit owners have left is open to connect() again.
  // Source: net/ipv4/inet_hashtables.c inet_bind_bucket_destroy, v6.18.
  { firsts: ["6.18"], gives: { bindBucketForgetsExplicitOwners: true } },
  // ESTABLISHED challenges an ACK of unsent data, commit 42726ec644cb; 6.1.192 and 6.12.117 do not.
  // Source: net/ipv4/tcp_input.c tcp_ack, v7.1.
  { firsts: ["7.1", "6.18.33", "7.0.10"], gives: { ackOfUnsentData: "challenges" } },
  // A RST in SYN-RECEIVED must be exact (CVE-2026-68118). Source: net/ipv4/tcp_minisocks.c tcp_check_req, v7.2.
  {
    firsts: ["7.2", "6.1.191", "6.6.153", "6.12.105", "6.18.42", "7.1.6"],
    gives: { requestRstMustBeExact: true },
  },
  // Each connection counts in totalconns, the active ones once more: 6.1.183 and 6.12.104 by their changelogs.
  // Not modelled: this change in the stable lines 6.6, 6.18 and 7.1; lc and wlc would weigh a little differently.
  // Source: include/net/ip_vs.h ip_vs_dest_conn_overhead, v6.12.117.
  { firsts: ["7.2", "6.1.183", "6.12.104"], gives: { ipvsLcCountsActiveTwice: true } },
  // A RST that leaves the state ESTABLISHED sets the unacknowledged timeout, commit bf80e6802273: mainline has it after
  // 7.2; which builds of 6.18 and 7.2 took it is not known.
  // Source: net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet, v6.12.117.
  { firsts: ["7.3", "6.12.117"], gives: { conntrackInexactRst: "caps-timeout" } },
];

/** A vendor's kernel whose source was read. */
interface VendorRow {
  readonly pattern: RegExp;
  readonly vendor: "el7" | "el8";
  readonly release: KernelRelease;
  readonly hz: number;
  readonly gives: Partial<EraRow>;
}

/** The vendors' kernels that are known. */
export const VENDOR_ROWS: readonly VendorRow[] = [
  // RHEL and CentOS 7: the code of 4.2 under the number 3.10, and the rate limit of 4.0; its TIME_WAIT timers were not read.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10.0-1160.el7.
  {
    pattern: /^3\.10\.0-\d+(\.\d+)*\.el7(\.\w+)*$/,
    vendor: "el7",
    release: [3, 10, 0],
    hz: 1000,
    gives: { portWalk: "4.2-4.5", invalidRateLimitMs: 500, timeWaitTimer: "own" },
  },
  // RHEL and CentOS 8.1: as upstream 4.18, with the tcp_tw_reuse of 4.19. Later builds of el8 were not read.
  // Source: net/ipv4/inet_hashtables.c __inet_hash_connect; net/ipv4/tcp_ipv4.c tcp_twsk_unique, v4.18.0-147.el8.
  {
    pattern: /^4\.18\.0-147\.el8(\.\w+)?$/,
    vendor: "el8",
    release: [4, 18, 0],
    hz: 1000,
    gives: { timeWaitReuseHasLoopbackMode: true },
  },
];
