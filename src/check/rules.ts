import type { Rule } from "./rule.ts";
import { BRIDGE_NF_OFF } from "./rules/bridge_nf_off.ts";
import { CIDR_OVERLAP } from "./rules/cidr_overlap.ts";
import { CT_CLOSE_WAIT } from "./rules/ct_close_wait.ts";
import { CT_MAX_LOW } from "./rules/ct_max_low.ts";
import { EPHEMERAL_ALLOCATED_BY_BIND0 } from "./rules/ephemeral_allocated_by_bind0.ts";
import { FORWARDING_OFF } from "./rules/forwarding_off.ts";
import { HOSTPORT_IN_NODEPORT } from "./rules/hostport_in_nodeport.ts";
import { IPVS_DEPRECATED } from "./rules/ipvs_deprecated.ts";
import { IPVS_GRACEFUL_BUG } from "./rules/ipvs_graceful_bug.ts";
import { IPVS_REUSE_MODE } from "./rules/ipvs_reuse_mode.ts";
import { LISTENER_IN_EPHEMERAL } from "./rules/listener_in_ephemeral.ts";
import { NODEPORT_CLUSTERED } from "./rules/nodeport_clustered.ts";
import { NODEPORT_OVERLAP } from "./rules/nodeport_overlap.ts";
import { NODEPORT_RANGE_NOT_EFFECTIVE } from "./rules/nodeport_range_not_effective.ts";
import { NOT_PERSISTED } from "./rules/not_persisted.ts";
import { PORT_OPENER_GONE } from "./rules/port_opener_gone.ts";
import { PROBE_THRESHOLD_1 } from "./rules/probe_threshold_1.ts";
import { PROBE_TIMEOUT_BELOW_SYN_RETRY } from "./rules/probe_timeout_below_syn_retry.ts";
import { RANGE_SAME_PARITY } from "./rules/range_same_parity.ts";
import { RANGE_TOO_SMALL_PER_DEST } from "./rules/range_too_small.ts";
import { RESERVATION_FUNNEL } from "./rules/reservation_funnel.ts";
import { RESERVED_NOOP } from "./rules/reserved_noop.ts";
import { RESERVED_OFF_BY_ONE } from "./rules/reserved_off_by_one.ts";
import { RESERVED_OVERWRITES } from "./rules/reserved_overwrites.ts";
import { RESERVED_UNPARSEABLE } from "./rules/reserved_unparseable.ts";
import { SNAT_CAN_HIT_NODEPORT } from "./rules/snat_can_hit_nodeport.ts";
import { SUPPRESSION_EXPIRED, SUPPRESSION_INVALID, SUPPRESSION_UNUSED } from "./rules/suppressions.ts";
import { SYSCTL_REFUSED } from "./rules/sysctl_refused.ts";
import { SYSCTL_SYNTAX } from "./rules/sysctl_syntax.ts";
import { SYSCTL_TYPO } from "./rules/sysctl_typo.ts";
import { SYSCTLD_PRECEDENCE } from "./rules/sysctld_precedence.ts";

/** A part of the reference page. */
export interface RuleGroup {
  readonly title: string;
  readonly rules: readonly Rule[];
}

/** All rules by subject, in the order of the reference page. */
export const RULE_GROUPS: readonly RuleGroup[] = [
  {
    title: "Source ports and NodePorts",
    rules: [
      NODEPORT_OVERLAP,
      PORT_OPENER_GONE,
      NODEPORT_CLUSTERED,
      EPHEMERAL_ALLOCATED_BY_BIND0,
      SNAT_CAN_HIT_NODEPORT,
      NODEPORT_RANGE_NOT_EFFECTIVE,
      HOSTPORT_IN_NODEPORT,
      LISTENER_IN_EPHEMERAL,
      RANGE_SAME_PARITY,
      RANGE_TOO_SMALL_PER_DEST,
    ],
  },
  {
    title: "Reservations",
    rules: [RESERVED_UNPARSEABLE, RESERVED_OFF_BY_ONE, RESERVED_NOOP, RESERVED_OVERWRITES, RESERVATION_FUNNEL],
  },
  {
    title: "Files of sysctls",
    rules: [NOT_PERSISTED, SYSCTLD_PRECEDENCE, SYSCTL_REFUSED, SYSCTL_SYNTAX, SYSCTL_TYPO],
  },
  { title: "conntrack", rules: [CT_MAX_LOW, CT_CLOSE_WAIT] },
  { title: "kube-proxy in IPVS mode", rules: [IPVS_REUSE_MODE, IPVS_GRACEFUL_BUG, IPVS_DEPRECATED] },
  { title: "Probes", rules: [PROBE_THRESHOLD_1, PROBE_TIMEOUT_BELOW_SYN_RETRY] },
  { title: "Ways of packets", rules: [FORWARDING_OFF, BRIDGE_NF_OFF, CIDR_OVERLAP] },
  { title: "Suppressions", rules: [SUPPRESSION_INVALID, SUPPRESSION_EXPIRED, SUPPRESSION_UNUSED] },
];

/** All rules. */
export const RULES: readonly Rule[] = RULE_GROUPS.flatMap(({ rules }) => rules);
