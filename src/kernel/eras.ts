/** Which ports `connect()` tries, and in which order; names as in `kernel-case/1` recordings. */
export type PortWalkName = "3.10" | "4.2-4.5" | "4.6-5.11" | "5.12-5.17" | "5.18+";

/** A kernel's version as upstream counts it. */
export type KernelRelease = readonly [major: number, minor: number, patch: number];

/**
 * A kernel build as the values in which builds differ. The packet path reads these values and never a version.
 */
export interface KernelEra {
  /** The build as asked for, e.g. `5.4.188` or `5.14.0-362.el9`. */
  readonly build: string;
  /** Upstream version numbers, for tables that go by version (kube-proxy asks for `>= 5.9`). */
  readonly release: KernelRelease;
  /** Whose patches the build carries: sysctl tables ask it, the packet path does not. A given walk makes it `other`. */
  readonly vendor: "upstream" | "el7" | "el8" | "other";
  /** Timer ticks per second. */
  readonly hz: number;
  /** `connect()`'s search: the order of candidates and where the cursor lives. */
  readonly portWalk: PortWalkName;
  /** Whether the port hash takes the number of the 10-s epoch as its fourth word. True for `5.18+`, and for the intermediate stable builds. */
  readonly portHashIsResalted: boolean;
  /** Whether `bind(0)` searches the parity opposite to the low bound first (4.6+), else a random start with step 1. */
  readonly bindZeroPrefersOddOffset: boolean;
  /** Whether a bucket returns to connect-only when its last explicitly bound owner leaves (6.18+). */
  readonly bindBucketForgetsExplicitOwners: boolean;
  /** Whether IP_LOCAL_PORT_RANGE (sockopt 51) exists (6.3+, and 6.1.32+), and whether it makes the walk step by 1 (6.8+). */
  readonly localPortRangeOption: "absent" | "parity" | "step-1";
  /** Age rule for reusing a TIME_WAIT tuple. */
  readonly timeWaitReuse: "seconds-above-1" | "next-second" | "reuse-delay-ms";
  /** Whether `tcp_tw_reuse` 2 means loopback only (4.19+, el8); before it is as good as 1. */
  readonly timeWaitReuseHasLoopbackMode: boolean;
  /** Whether a TIME_WAIT entry has a timer of its own (4.1+), or all of a machine end on one that fires each 7.5 s. */
  readonly timeWaitTimer: "shared" | "own";
  /** Hierarchical timer wheel with rounded-up granules (4.8+), or exact ticks. */
  readonly timerWheel: "exact-ticks" | "granules";
  /** `tcp_syn_linear_timeouts` (6.5+ default 4; 0 where the sysctl does not exist). */
  readonly synLinearTimeouts: number;
  /** Whether a SYN_SENT socket that gets an unacceptable ACK re-sends its SYN within two ticks (5.6+). */
  readonly resendsSynAfterChallenge: boolean;
  /** Whether a request socket accepts only a RST whose seq is exactly rcv_nxt, and challenges others (CVE-2026-68118). */
  readonly requestRstMustBeExact: boolean;
  /** Whether a RST one below rcv_nxt resets a connection whose peer has sent its FIN (4.11+): the RST crossed that FIN. */
  readonly resetMayPrecedeFin: boolean;
  /** Whether any ICMP error ends a request socket, port unreachable too (4.4 and older). */
  readonly anyIcmpEndsRequest: boolean;
  /**
   * An ACK of data that was never sent. An ESTABLISHED connection drops the segment, others take it without its ACK; the
   * others drop it, too, and challenge it (4.13+); ESTABLISHED challenges it as well (7.1+ and backports).
   */
  readonly ackOfUnsentData: "drops-if-established" | "challenges-unless-established" | "challenges";
  /** Minimum gap between answers to a duplicate SYN or an invalid segment, in ms; 0 = not limited (3.10 upstream). */
  readonly invalidRateLimitMs: number;
  /** IPVS: whether conn_reuse_mode=0 skips the weight-0 test (before 5.15/backports of c95c07836fa4). */
  readonly ipvsReuseModeZeroSkipsAll: boolean;
  /**
   * IPVS: which SYN of a reused connection is dropped so that the next one is scheduled anew: none, one that is tracked if
   * the connection has NFCT (4.6+), or one whose conntrack is confirmed (5.9+ and backports).
   */
  readonly ipvsReuseDrops: "never" | "tracked" | "confirmed";
  /** IPVS: whether a connection in CLOSE may be reused, as one in TIME_WAIT may (4.6+). */
  readonly ipvsReusesClosed: boolean;
  /** IPVS: whether SYN_SENT, SYN_RECV and SYNACK count as active (4.8+), or ESTABLISHED only. */
  readonly ipvsCountsHandshakesActive: boolean;
  /** IPVS: whether a deleted destination falls to scheduling with expire_nodest_conn=1 and no confirmed ct (5.9+). */
  readonly ipvsReschedulesDeletedDest: boolean;
  /** IPVS: whether `expire_nodest_conn=1` flushes connections when their destination is deleted (5.9+). */
  readonly ipvsFlushesDeletedDest: boolean;
  /** IPVS lc/wlc overhead: active*256 + inactive, or active*256 + active + inactive. */
  readonly ipvsLcCountsActiveTwice: boolean;
  /** conntrack: expired entries go by a timer of their own (4.8 and older), or when the garbage collector finds them. */
  readonly conntrackExpiry: "timer" | "gc";
  /** conntrack: what makes room in a full table: one entry among eight, or all of a bucket that may go among eight (4.9+). */
  readonly conntrackEarlyDrops: "entry" | "bucket";
  /** conntrack: seconds between full GC scans, at most: 16, then 120 (5.14), then 60 (5.18). No meaning with timers. */
  readonly conntrackGcSeconds: number;
  /**
   * conntrack: what a RST does to an ESTABLISHED entry whose sequence it does not meet exactly: it closes it, or it
   * leaves the state alone and sets the timeout of CLOSE (5.2), or of unacknowledged data at most (6.12.117).
   */
  readonly conntrackInexactRst: "closes" | "sets-close-timeout" | "caps-timeout";
  /** conntrack: whether the sequence of a RST on a closing entry is looked at, too (5.13 and older). */
  readonly conntrackChecksClosingRst: boolean;
  /** conntrack: whether a SYN that comes again without an answer renews the timeout of its entry (6.1 and older, but for stable lines). */
  readonly conntrackRenewsUnanswered: boolean;
  /**
   * conntrack: when an answered UDP flow gets the longer timeout and ASSURED: with the first datagram after the answer, or
   * the timeout (5.0), and then ASSURED, too (5.17), when it is 2 s old.
   */
  readonly conntrackUdpStream: "at-once" | "timeout-waits" | "both-wait";
  /** conntrack: nf_conntrack_max per bucket with the default size (4 on 5.10 and older, 1 later). */
  readonly conntrackMaxPerBucket: number;
  /** NAT: unique-port attempts limited to 128+64+32+16+8 with new random starts, or the whole range (old kernels). */
  readonly natPortSearch: "bounded" | "whole-range";
}

/** The port walks from the oldest to the newest. */
export const PORT_WALKS: readonly PortWalkName[] = ["3.10", "4.2-4.5", "4.6-5.11", "5.12-5.17", "5.18+"];

/** The tick rates a kernel can be configured with. */
export const HZ_VALUES: readonly number[] = [100, 250, 300, 1000];

/** What a build is apart from its name. */
type EraRow = Omit<KernelEra, "build" | "release" | "hz" | "vendor">;

/** Linux 3.10, the oldest release described; every other row is spread from it. */
const BASE: EraRow = {
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
const CHANGES: readonly KernelChange[] = [
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

const VENDOR_ROWS: readonly VendorRow[] = [
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

const OLDEST: KernelRelease = [3, 10, 0];
const NEWEST_MINOR: KernelRelease = [7, 2, 0];

/** The last minor number of each major series that has ended. */
const LAST_MINOR = new Map([
  [3, 19],
  [4, 20],
  [5, 19],
  [6, 19],
]);

const UPSTREAM_HZ = 250;

/** One build or more of every walk, of the recordings and of common distributions. */
const BUILDS: readonly string[] = [
  "3.10.108",
  "3.10.0-1160.el7",
  "4.1.19",
  "4.4.11",
  "4.9.320",
  "4.14.285",
  "4.18.0-147.el8",
  "4.19",
  "4.19.249",
  "5.4.188",
  "5.4.201",
  "5.10.89",
  "5.10.125",
  "5.10.262",
  "5.15.24",
  "5.15.100",
  "5.18",
  "6.1",
  "6.1.176",
  "6.5",
  "6.6",
  "6.8",
  "6.12",
  "6.12.113",
  "6.18.44",
  "7.1",
  "7.2",
];

/** What a scenario or a command line says about a kernel. All of it is text or a plain number, never a YAML number. */
export interface KernelRequest {
  /** `5.10` is 5.10.0, never 5.1; `5.4.188`; `3.10.0-1160.el7`. */
  readonly build: string;
  /** The walk of a build that has no row, or another walk than the build's own. */
  readonly portWalk?: string | undefined;
  /** Ticks per second: 250 for upstream builds and 1000 for el7 and el8 unless given. */
  readonly hz?: number | undefined;
}

/** A kernel, or why there is none: what is wrong, the walks it may have, and what to write. */
export type KernelResolution =
  | { readonly ok: true; readonly era: KernelEra }
  | {
      readonly ok: false;
      readonly problem: string;
      readonly candidates: readonly PortWalkName[];
      readonly toMend: string;
    };

/**
 * Finds the era of a build: an upstream `x.y` or `x.y.z` from 3.10 to 7.2 by ranges, stable backports included, where
 * `x.y` is the release `x.y.0`; a vendor's build by its row; any other build that begins with an upstream number only
 * if `portWalk` says how it walks, and then as upstream of that number with that walk.
 *
 * @returns the era, or the problem with the candidate walks and the key that decides.
 * @example
 * ```ts
 * const known = resolveKernel({ build: "5.10.125" });
 * if (known.ok) console.log(known.era.portWalk); // 5.18+
 * const unknown = resolveKernel({ build: "5.15.0-91-generic" });
 * if (!unknown.ok) console.log(unknown.candidates); // [ '5.12-5.17', '5.18+' ]
 * ```
 */
export function resolveKernel(request: KernelRequest): KernelResolution {
  const { build, portWalk, hz } = request;
  if (hz !== undefined && !HZ_VALUES.includes(hz)) {
    return problem(`a kernel cannot tick ${hz} times a second`, [], "write hz: 100, 250, 300 or 1000");
  }
  const walk = PORT_WALKS.find((name) => name === portWalk);
  if (portWalk !== undefined && walk === undefined) {
    return problem(`"${portWalk}" is no port walk`, PORT_WALKS, `write one of ${PORT_WALKS.join(", ")}`);
  }
  const vendorRow = VENDOR_ROWS.find((row) => row.pattern.test(build));
  const release = vendorRow?.release ?? leadingRelease(build);
  if (release === undefined) {
    const digits = /^v(\d.*)$/.exec(build)?.[1];
    const toMend = digits === undefined ? "write an upstream release such as 5.10 or 6.1.176" : `write ${digits}`;
    return problem(`"${build}" does not begin with a kernel release`, [], toMend);
  }
  const outside = releaseProblem(release);
  if (outside !== undefined) return problem(outside, [], "write a kernel from 3.10 to 7.2");
  const isKnown = vendorRow !== undefined || /^\d+\.\d+(\.\d+)?$/.test(build);
  if (!isKnown && walk === undefined) return unknownVendor(build, release, hz);
  const row = { ...upstreamRow(release), ...vendorRow?.gives };
  const vendor = vendorRow?.vendor ?? (isKnown ? "upstream" : "other");
  const era: KernelEra = { build, release, vendor, hz: hz ?? vendorRow?.hz ?? UPSTREAM_HZ, ...row };
  return { ok: true, era: walk === undefined || walk === row.portWalk ? era : withWalk(era, walk) };
}

/**
 * Whether a release has a change: it is not older than the first mainline release, or it belongs to the stable line of
 * one of the other firsts and is not older than that.
 *
 * @param firsts the first mainline release, then the first of each stable line that took the change.
 */
export function isSince(release: KernelRelease, firsts: readonly string[]): boolean {
  return firsts.some((first, index) => {
    const [major, minor, patch] = leadingRelease(first) ?? OLDEST;
    const isLine = release[0] === major && release[1] === minor;
    return isLine ? release[2] >= patch : index === 0 && isOlder([major, minor, patch], release);
  });
}

/**
 * Builds for help texts and completion; each of them resolves without further keys.
 *
 * @example
 * ```ts
 * console.log(kernelBuilds().includes("5.4.188")); // true
 * ```
 */
export function kernelBuilds(): readonly string[] {
  return BUILDS;
}

/** The newest of those builds. */
export function newestEra(): KernelEra {
  const resolution = resolveKernel({ build: BUILDS.at(-1) ?? "" });
  if (!resolution.ok) throw new Error("Broken invariant: each build offered as an example resolves");
  return resolution.era;
}

function problem(text: string, candidates: readonly PortWalkName[], toMend: string): KernelResolution {
  return { ok: false, problem: text, candidates, toMend };
}

/** Vendors take newer code under an old number, so a build may have the walk of its number or any newer one. */
function unknownVendor(build: string, release: KernelRelease, hz: number | undefined): KernelResolution {
  const candidates = PORT_WALKS.slice(PORT_WALKS.indexOf(upstreamRow(release).portWalk));
  return problem(
    `"${build}" has no row in the era table: its vendor's patches decide how it walks the ports (${candidates.join(" or ")})`,
    candidates,
    `write kernel: { build: ${build}, portWalk: ${candidates.at(-1) ?? "5.18+"}, hz: ${hz ?? UPSTREAM_HZ} } with the walk and tick rate of that build`,
  );
}

function withWalk(era: KernelEra, portWalk: PortWalkName): KernelEra {
  return { ...era, portWalk, portHashIsResalted: portWalk === "5.18+" };
}

function upstreamRow(release: KernelRelease): EraRow {
  let row = BASE;
  for (const change of CHANGES) if (isSince(release, change.firsts)) row = { ...row, ...change.gives };
  return row;
}

function leadingRelease(text: string): KernelRelease | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})(?:\.(0|[1-9]\d{0,3}))?(?![\d.])/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

function releaseProblem(release: KernelRelease): string | undefined {
  const name = `${release[0]}.${release[1]}`;
  if (isOlder(release, OLDEST)) return `kernel ${name} is older than 3.10, the oldest in the era table`;
  if (isOlder(NEWEST_MINOR, [release[0], release[1], 0]))
    return `kernel ${name} is newer than 7.2, the newest in the era table`;
  const last = LAST_MINOR.get(release[0]);
  if (last === undefined || release[1] <= last) return undefined;
  return `there is no kernel ${name}: the ${release[0]}.x series ended with ${release[0]}.${last}`;
}

function isOlder(a: KernelRelease, b: KernelRelease): boolean {
  return a[0] !== b[0] ? a[0] < b[0] : a[1] !== b[1] ? a[1] < b[1] : a[2] < b[2];
}
