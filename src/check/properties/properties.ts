import { CONNTRACK_FULL } from "./conntrack_full.ts";
import { LISTENER_RISK, PARITY_RISK } from "./metamorphic.ts";
import type { NodeProperty } from "./node_property.ts";
import { PORT_EXHAUSTION } from "./port_exhaustion.ts";
import { PROBE_NODEPORT } from "./probe_nodeport.ts";
import { RESERVATION_RISK } from "./reservation_risk.ts";
import { RESTART_WEEK } from "./restart_week.ts";
import { SNAT_NODEPORT } from "./snat_nodeport.ts";

/** The properties of `sim check --properties all`, in its order. */
export const NODE_PROPERTIES: readonly NodeProperty[] = [
  PROBE_NODEPORT,
  RESTART_WEEK,
  PORT_EXHAUSTION,
  CONNTRACK_FULL,
  SNAT_NODEPORT,
  RESERVATION_RISK,
];

/** Properties that compare a node with one that differs in one thing; they are asked for by name. */
export const METAMORPHIC_PROPERTIES: readonly NodeProperty[] = [LISTENER_RISK, PARITY_RISK];
