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
