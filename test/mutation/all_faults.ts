import { CONNTRACK_FAULTS } from "./conntrack_faults.ts";
import { ERA_FAULTS } from "./era_faults.ts";
import type { Fault } from "./fault.ts";
import { FLOW_FAULTS } from "./flow_faults.ts";
import { IPVS_FAULTS } from "./ipvs_faults.ts";
import { NETFILTER_FAULTS } from "./netfilter_faults.ts";
import { PORT_FAULTS } from "./port_faults.ts";
import { SIM_FAULTS } from "./sim_faults.ts";
import { SOCKET_FAULTS } from "./socket_faults.ts";

/** All faults, in the order in which `npm run mutation` tries them. */
export const FAULTS: readonly Fault[] = [
  ...SIM_FAULTS,
  ...ERA_FAULTS,
  ...SOCKET_FAULTS,
  ...CONNTRACK_FAULTS,
  ...IPVS_FAULTS,
  ...PORT_FAULTS,
  ...FLOW_FAULTS,
  ...NETFILTER_FAULTS,
];
