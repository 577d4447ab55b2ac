/** One scenario file of `scenarios/`, and how the tests hold it against what it expects. */
export interface ScenarioRow {
  readonly file: string;
  /** A length and a number of boots at which all it expects holds as well, for tests that take seconds. */
  readonly cut: readonly string[];
  /** Settings that take the fault's cause away: under them something it expects must fail to hold. */
  readonly removed: readonly string[];
}

/** Every scenario file. One that is missing here fails the tests. */
export const SCENARIOS: readonly ScenarioRow[] = [
  {
    file: "nodelocaldns.yaml",
    cut: ["duration=2h", "replications=1"],
    removed: ["kubeProxy.version=1.18.20"],
  },
  {
    file: "port-opener-removed.yaml",
    cut: ["duration=20m", "replications=1"],
    removed: ["sysctls.net.ipv4.ip_local_reserved_ports=20000-40000"],
  },
  {
    file: "health-checks-silent.yaml",
    cut: ["duration=15m", "replications=1"],
    removed: ["sysctls.net.ipv4.ip_local_reserved_ports=30000-32768"],
  },
];
