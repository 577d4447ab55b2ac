import { CONNTRACK_FULL } from "./conntrack_full.ts";
import type { NodeProperty } from "./node_property.ts";
import { PORT_EXHAUSTION } from "./port_exhaustion.ts";
import { PROBE_NODEPORT } from "./probe_nodeport.ts";
import { RESERVATION_RISK } from "./reservation_risk.ts";
import { RESTART_WEEK } from "./restart_week.ts";
import { SNAT_NODEPORT } from "./snat_nodeport.ts";

/** All properties that `sim check --properties` knows, in its order. */
export const NODE_PROPERTIES: readonly NodeProperty[] = [
  PROBE_NODEPORT,
  RESTART_WEEK,
  PORT_EXHAUSTION,
  CONNTRACK_FULL,
  SNAT_NODEPORT,
  RESERVATION_RISK,
];
