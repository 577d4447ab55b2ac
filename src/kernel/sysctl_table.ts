import { isSince } from "./eras.ts";
import type { KernelEra } from "./kernel_era.ts";
import type { IntegerSysctl, SysctlDefinition, SysctlHost, SysctlScope } from "./sysctl_definition.ts";

const INT_MAX = 2147483647;
const UINT_MAX = 4294967295;
const GIB = 1_073_741_824;
const PAGE = 4096;

const SYSCTL_NET_IPV4 = "net/ipv4/sysctl_net_ipv4.c ipv4_net_table, v6.12";
const CONNTRACK = "net/netfilter/nf_conntrack_standalone.c nf_ct_sysctl_table, v6.6";
const CONNTRACK_TCP = "net/netfilter/nf_conntrack_proto_tcp.c tcp_timeouts, v6.1";
const IPVS = "net/netfilter/ipvs/ip_vs_ctl.c ip_vs_control_net_init_sysctl, v6.1";
const BRIDGE = "net/bridge/br_netfilter_hooks.c brnf_table, v6.1";
const DEVINET = "net/ipv4/devinet.c devinet_sysctl, v6.12";

/** The fields that most rows share, so that a row says what is particular about it. */
function integer(fields: Omit<IntegerSysctl, "kind" | "scope"> & Partial<IntegerSysctl>): IntegerSysctl {
  return { kind: "integer", scope: "netns", ...fields };
}

/** A switch. From 5.13 on most are one byte wide and take 0 to 255. */
function byteSwitch(fields: Omit<IntegerSysctl, "kind" | "scope"> & Partial<IntegerSysctl>): IntegerSysctl {
  return { kind: "boolean", scope: "netns", min: minFrom("5.13", 0), max: maxFrom("5.13", 255), ...fields };
}

function maxFrom(release: string, max: number): (era: KernelEra) => number {
  return (era) => (isSince(era.release, [release]) ? max : INT_MAX);
}

function minFrom(release: string, min: number): (era: KernelEra) => number {
  return (era) => (isSince(era.release, [release]) ? min : -INT_MAX - 1);
}

/** One value per machine before a release, one per namespace from it; el7 counts as 3.10. */
function perNetnsFrom(release: string): (era: KernelEra) => SysctlScope {
  return (era) => (isSince(era.release, [release]) ? "netns" : "global");
}

/** Seconds kept in ticks: the largest is what fits an `int`. Not modelled: negative seconds, which wrap around. */
const SECONDS = { unit: "s", min: 0, max: (era: KernelEra): number => Math.floor(INT_MAX / era.hz) } as const;

/**
 * Slots of the established hash: one per 128 KiB of memory, a power of two, 524288 at most.
 * Source: net/ipv4/tcp.c tcp_init; mm/mm_init.c alloc_large_system_hash, v6.12.
 */
function establishedSlots({ memoryBytes }: SysctlHost): number {
  const pages = Math.ceil(Math.floor(memoryBytes / PAGE) / 256) * 256;
  let slots = 1;
  while (slots < Math.floor(pages / 32) && slots < 524_288) slots *= 2;
  return slots;
}

/**
 * Buckets of the conntrack table: by memory up to 1 GiB, then two steps, larger ones with one entry per bucket.
 * Source: net/netfilter/nf_conntrack_core.c nf_conntrack_init_start, v5.15.
 */
function conntrackBuckets({ era, memoryBytes }: SysctlHost): number {
  const byMemory = Math.floor(memoryBytes / 16_384 / 8);
  const isRoomy = era.conntrackMaxPerBucket === 1;
  const knowsLargeMemory = era.vendor === "el7" || isSince(era.release, ["4.0"]);
  if (memoryBytes > 4 * GIB && knowsLargeMemory) return isRoomy ? 262_144 : 65_536;
  if (memoryBytes > GIB) return isRoomy ? 65_536 : 16_384;
  return pageOfBuckets(Math.max(byMemory, isRoomy ? 1024 : 32));
}

/** The table fills whole pages of 512 buckets. */
function pageOfBuckets(buckets: number): number {
  return Math.ceil(buckets / 512) * 512;
}

function conntrackMax(host: SysctlHost): number {
  return conntrackBuckets(host) * host.era.conntrackMaxPerBucket;
}

function challengeAckLimit({ era }: SysctlHost): number {
  if (isSince(era.release, ["6.1"])) return INT_MAX;
  return era.vendor === "el7" || isSince(era.release, ["4.7", "3.10.104"]) ? 1000 : 100;
}

const PORTS: readonly SysctlDefinition[] = [
  {
    name: "net.ipv4.ip_local_port_range",
    kind: "port-range",
    unit: "ports",
    default: (era) => [32_768, era.vendor === "el7" || isSince(era.release, ["4.2"]) ? 60_999 : 61_000],
    scope: (era) => (era.vendor === "el7" || isSince(era.release, ["3.13"]) ? "netns" : "global"),
    source: "net/ipv4/sysctl_net_ipv4.c ipv4_local_port_range, v6.12",
  },
  {
    name: "net.ipv4.ip_local_reserved_ports",
    kind: "port-list",
    unit: "ports",
    scope: perNetnsFrom("3.16"),
    source: "kernel/sysctl.c proc_do_large_bitmap, v6.12",
  },
  integer({
    name: "net.ipv4.ip_local_port_step_width",
    unit: "ports",
    default: 0,
    min: 0,
    max: UINT_MAX,
    since: ["7.1"],
    source: "net/ipv4/sysctl_net_ipv4.c ipv4_net_table, v7.1",
  }),
  integer({
    name: "net.ipv4.ip_unprivileged_port_start",
    unit: "ports",
    default: 1024,
    min: 0,
    max: 65_535,
    since: ["4.11"],
    source: "net/ipv4/sysctl_net_ipv4.c ipv4_privileged_ports, v6.12",
  }),
  byteSwitch({
    name: "net.ipv4.ip_autobind_reuse",
    unit: "",
    default: 0,
    min: 0,
    max: 1,
    since: ["5.7"],
    source: SYSCTL_NET_IPV4,
  }),
];

const TCP: readonly SysctlDefinition[] = [
  integer({
    name: "net.ipv4.tcp_syn_retries",
    unit: "retransmits",
    default: 6,
    min: 1,
    max: 127,
    scope: perNetnsFrom("4.6"),
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.ipv4.tcp_syn_linear_timeouts",
    unit: "retransmits",
    default: ({ era }) => era.synLinearTimeouts,
    min: 0,
    max: 127,
    since: ["6.5"],
    valueWhereAbsent: 0,
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.ipv4.tcp_synack_retries",
    unit: "retransmits",
    default: 5,
    min: minFrom("5.13", 0),
    max: maxFrom("5.13", 255),
    scope: perNetnsFrom("4.6"),
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.ipv4.tcp_rto_max_ms",
    unit: "ms",
    default: 120_000,
    min: 1000,
    max: 120_000,
    since: ["6.15"],
    source: "net/ipv4/sysctl_net_ipv4.c ipv4_net_table, v6.17",
  }),
  integer({
    name: "net.ipv4.tcp_fin_timeout",
    default: 60,
    ...SECONDS,
    scope: perNetnsFrom("4.6"),
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.ipv4.tcp_tw_reuse",
    unit: "",
    default: ({ era }) => (era.vendor === "el8" || isSince(era.release, ["4.19"]) ? 2 : 0),
    min: (era) => (era.vendor === "el8" ? 0 : minFrom("4.19", 0)(era)),
    max: (era) => (era.vendor === "el8" ? 2 : maxFrom("4.19", 2)(era)),
    scope: perNetnsFrom("4.11"),
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.ipv4.tcp_tw_reuse_delay",
    unit: "ms",
    default: 1000,
    min: 1,
    max: 60_000,
    since: ["6.14"],
    source: "net/ipv4/sysctl_net_ipv4.c ipv4_net_table, v6.14",
  }),
  integer({
    name: "net.ipv4.tcp_tw_recycle",
    kind: "boolean",
    unit: "",
    default: 0,
    removedIn: "4.12",
    scope: perNetnsFrom("4.11"),
    source: "net/ipv4/sysctl_net_ipv4.c ipv4_table, v4.4",
  }),
  integer({
    name: "net.ipv4.tcp_timestamps",
    unit: "",
    default: 1,
    min: minFrom("5.13", 0),
    max: maxFrom("5.13", 255),
    scope: perNetnsFrom("4.15"),
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.ipv4.tcp_max_tw_buckets",
    unit: "entries",
    default: (host) => establishedSlots(host) / 2,
    scope: perNetnsFrom("4.11"),
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.ipv4.tcp_max_syn_backlog",
    unit: "requests",
    default: (host) => Math.max(128, establishedSlots(host) / (isSince(host.era.release, ["5.4"]) ? 128 : 256)),
    scope: perNetnsFrom("4.11"),
    source: SYSCTL_NET_IPV4,
  }),
  byteSwitch({
    name: "net.ipv4.tcp_syncookies",
    kind: "integer",
    unit: "",
    default: 1,
    scope: perNetnsFrom("4.6"),
    source: SYSCTL_NET_IPV4,
  }),
  byteSwitch({
    name: "net.ipv4.tcp_abort_on_overflow",
    unit: "",
    default: 0,
    scope: perNetnsFrom("4.15"),
    source: SYSCTL_NET_IPV4,
  }),
  // Not modelled: the kernel keeps this one in ticks, so at 100 Hz it rounds up to a multiple of 10 ms.
  integer({
    name: "net.ipv4.tcp_invalid_ratelimit",
    unit: "ms",
    default: 500,
    min: 0,
    since: ["4.0"],
    vendors: ["el7"],
    valueWhereAbsent: 0,
    scope: perNetnsFrom("4.15"),
    source: "net/ipv4/tcp_input.c tcp_oow_rate_limited, v6.12",
  }),
  integer({
    name: "net.ipv4.tcp_challenge_ack_limit",
    unit: "1/s",
    default: challengeAckLimit,
    scope: perNetnsFrom("4.15"),
    source: "net/ipv4/tcp_input.c tcp_send_challenge_ack, v6.12",
  }),
  byteSwitch({
    name: "net.ipv4.tcp_rfc1337",
    unit: "",
    default: 0,
    scope: perNetnsFrom("4.15"),
    source: SYSCTL_NET_IPV4,
  }),
  integer({
    name: "net.core.somaxconn",
    unit: "connections",
    default: ({ era }) => (isSince(era.release, ["5.4"]) ? 4096 : 128),
    min: 0,
    source: "net/core/sysctl_net_core.c netns_core_table, v6.12",
  }),
];

/** `nf_conntrack_tcp_timeout_NAME` and its seconds. */
const CONNTRACK_TCP_SECONDS: readonly (readonly [name: string, seconds: number])[] = [
  ["syn_sent", 120],
  ["syn_recv", 60],
  ["established", 432_000],
  ["fin_wait", 120],
  ["close_wait", 60],
  ["last_ack", 30],
  ["time_wait", 120],
  ["close", 10],
  ["max_retrans", 300],
  ["unacknowledged", 300],
];

const CONNTRACK_ROWS: readonly SysctlDefinition[] = [
  // Not modelled: kernels before 6.15 take a negative number for a limit that is never reached. 0 is no limit at all.
  ...["net.netfilter.nf_conntrack_max", "net.nf_conntrack_max"].map((name) =>
    integer({
      name,
      unit: "entries",
      default: conntrackMax,
      min: 0,
      scope: "global",
      source: CONNTRACK,
      ...(name === "net.nf_conntrack_max" ? { aliasOf: "net.netfilter.nf_conntrack_max" } : {}),
    }),
  ),
  // Not modelled: up to 4.7 it can only be read here and is set by the module's parameter `hashsize`.
  integer({
    name: "net.netfilter.nf_conntrack_buckets",
    unit: "buckets",
    default: conntrackBuckets,
    min: 1,
    keeps: pageOfBuckets,
    scope: "global",
    source: "net/netfilter/nf_conntrack_standalone.c nf_conntrack_hash_sysctl, v6.6",
  }),
  // The count is the table's own; here it stands so that its name is known and a write is refused.
  integer({
    name: "net.netfilter.nf_conntrack_count",
    unit: "entries",
    default: 0,
    isReadOnly: true,
    source: CONNTRACK,
  }),
  ...CONNTRACK_TCP_SECONDS.map(([name, seconds]) =>
    integer({
      name: `net.netfilter.nf_conntrack_tcp_timeout_${name}`,
      default: seconds,
      ...SECONDS,
      source: CONNTRACK_TCP,
    }),
  ),
  integer({
    name: "net.netfilter.nf_conntrack_udp_timeout",
    default: 30,
    ...SECONDS,
    source: "net/netfilter/nf_conntrack_proto_udp.c udp_timeouts, v6.1",
  }),
  integer({
    name: "net.netfilter.nf_conntrack_udp_timeout_stream",
    default: ({ era }) => (isSince(era.release, ["5.0"]) ? 120 : 180),
    ...SECONDS,
    source: "net/netfilter/nf_conntrack_proto_udp.c udp_timeouts, v6.1",
  }),
  integer({
    name: "net.netfilter.nf_conntrack_icmp_timeout",
    default: 30,
    ...SECONDS,
    source: "net/netfilter/nf_conntrack_proto_icmp.c nf_ct_icmp_timeout, v6.1",
  }),
  integer({
    name: "net.netfilter.nf_conntrack_generic_timeout",
    default: 600,
    ...SECONDS,
    source: "net/netfilter/nf_conntrack_proto_generic.c nf_ct_generic_timeout, v6.1",
  }),
  ...(
    [
      ["tcp_loose", 1, "5.0"],
      ["tcp_be_liberal", 0, "5.0"],
    ] as const
  ).map(([name, value, boundedFrom]) =>
    integer({
      name: `net.netfilter.nf_conntrack_${name}`,
      kind: "boolean",
      unit: "",
      default: value,
      min: minFrom(boundedFrom, 0),
      max: maxFrom(boundedFrom, 1),
      source: CONNTRACK,
    }),
  ),
  integer({
    name: "net.netfilter.nf_conntrack_tcp_ignore_invalid_rst",
    kind: "boolean",
    unit: "",
    default: 0,
    min: 0,
    max: 1,
    since: ["5.14"],
    valueWhereAbsent: 0,
    source: CONNTRACK,
  }),
  integer({
    name: "net.netfilter.nf_conntrack_tcp_max_retrans",
    unit: "retransmits",
    default: 3,
    min: minFrom("5.13", 0),
    max: maxFrom("5.13", 255),
    source: CONNTRACK,
  }),
];

/** `net.ipv4.vs.NAME`, its default, and the release it came with if later than 3.10. */
const IPVS_SWITCHES: readonly (readonly [name: string, value: number, since?: string])[] = [
  ["conntrack", 0],
  ["snat_reroute", 1],
  ["cache_bypass", 0],
  ["expire_nodest_conn", 0],
  ["expire_quiescent_template", 0],
  ["sloppy_tcp", 0, "3.11"],
  ["nat_icmp_send", 0],
  ["pmtu_disc", 1],
  ["backup_only", 0],
  ["schedule_icmp", 0, "4.4"],
  ["ignore_tunneled", 0, "4.4"],
  ["run_estimation", 1, "5.16"],
];

const IPVS_ROWS: readonly SysctlDefinition[] = [
  integer({ name: "net.ipv4.vs.amemthresh", unit: "pages", default: 1024, source: IPVS }),
  integer({ name: "net.ipv4.vs.am_droprate", unit: "connections", default: 10, source: IPVS }),
  // Not modelled: before 5.4 drop_entry, drop_packet and secure_tcp do not refuse another number, the old value stays.
  ...["drop_entry", "drop_packet", "secure_tcp"].map((name) =>
    integer({ name: `net.ipv4.vs.${name}`, unit: "", default: 0, min: 0, max: 3, source: IPVS }),
  ),
  ...IPVS_SWITCHES.map(([name, value, since]) =>
    integer({
      name: `net.ipv4.vs.${name}`,
      kind: "boolean",
      unit: "",
      default: value,
      ...(since === undefined ? {} : { since: [since] }),
      source: IPVS,
    }),
  ),
  // Bit 0 lets a SYN replace a connection in TIME_WAIT or CLOSE; a kernel without it never does.
  integer({
    name: "net.ipv4.vs.conn_reuse_mode",
    unit: "",
    default: 1,
    since: ["4.1"],
    valueWhereAbsent: 0,
    source: IPVS,
  }),
];

const BRIDGE_ROWS: readonly SysctlDefinition[] = (
  [
    ["bridge-nf-call-iptables", 1],
    ["bridge-nf-call-ip6tables", 1],
    ["bridge-nf-call-arptables", 1],
    ["bridge-nf-filter-vlan-tagged", 0],
    ["bridge-nf-filter-pppoe-tagged", 0],
    ["bridge-nf-pass-vlan-input-dev", 0],
  ] as const
).map(([name, value]) =>
  integer({
    name: `net.bridge.${name}`,
    kind: "boolean",
    unit: "",
    default: value,
    keeps: (written) => (written === 0 ? 0 : 1),
    scope: perNetnsFrom("5.3"),
    source: BRIDGE,
  }),
);

const DEVICE_ROWS: readonly SysctlDefinition[] = [
  integer({
    name: "net.ipv4.ip_forward",
    kind: "boolean",
    unit: "",
    default: 0,
    aliasOf: "net.ipv4.conf.all.forwarding",
    source: "net/ipv4/devinet.c devinet_sysctl_forward, v6.12",
  }),
  ...(["rp_filter", "arp_ignore", "arp_announce"] as const).map((name) =>
    integer({ name: `net.ipv4.conf.*.${name}`, unit: "", default: 0, source: DEVINET }),
  ),
  ...(["accept_local", "log_martians", "forwarding", "route_localnet", "proxy_arp"] as const).map((name) =>
    integer({ name: `net.ipv4.conf.*.${name}`, kind: "boolean", unit: "", default: 0, source: DEVINET }),
  ),
  integer({
    name: "net.ipv4.neigh.*.proxy_delay",
    unit: "1/100 s",
    default: 80,
    min: 0,
    source: "net/core/neighbour.c neigh_sysctl_table, v6.12",
  }),
];

/** All sysctls the kernel model knows, in the order people read them. */
export const SYSCTL_TABLE: readonly SysctlDefinition[] = [
  ...PORTS,
  ...DEVICE_ROWS,
  ...TCP,
  ...CONNTRACK_ROWS,
  ...IPVS_ROWS,
  ...BRIDGE_ROWS,
];
