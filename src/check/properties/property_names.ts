/** Names of the properties of `sim check --properties all`, in its order: known without what searches them. */
export const NODE_PROPERTY_NAMES: readonly string[] = [
  "probes-keep-off-nodeports",
  "no-restart-in-a-node-week",
  "ports-never-run-out",
  "conntrack-never-fills",
  "snat-keeps-off-nodeports",
  "no-reservation-raises-a-risk",
];

/** Names of the properties that compare a node with one that differs in one thing. */
export const METAMORPHIC_PROPERTY_NAMES: readonly string[] = ["no-listener-raises-a-risk", "other-parity-is-no-safer"];
