/** The most items that each list of a scenario may have. */
export const LIST_MOST = {
  /** Those that `count` stands for included: each is a kernel with tables of its own. */
  nodes: 100,
  services: 10_000,
  pods: 10_000,
  churn: 1_000,
  timeline: 10_000,
  loadBalancers: 1_000,
  expect: 10_000,
  /** Interfaces, ports, addresses, endpoints and words of one entry. */
  entry: 5_000,
} as const;

/** The most boots of a run. */
export const REPLICATIONS_MOST = 100_000;

/** The most pods of a scenario, those elsewhere included; each costs some 30 kB. */
export const PODS_MOST = 20_000;

/** The most real servers of a scenario: each port of each service has its endpoints. */
export const REAL_SERVERS_MOST = 1_000_000;
