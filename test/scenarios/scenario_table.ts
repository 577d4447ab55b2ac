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
  {
    file: "ip-forward-off.yaml",
    cut: ["duration=5m", "replications=2"],
    removed: ["sysctls.net.ipv4.ip_forward=1"],
  },
  {
    file: "bridge-nf-off.yaml",
    cut: ["duration=5m", "replications=2"],
    removed: ["sysctls.net.bridge.bridge-nf-call-iptables=1"],
  },
  {
    file: "vxlan-blocked.yaml",
    cut: ["duration=5m", "replications=2"],
    removed: ["overlay.blocked=off"],
  },
  {
    file: "source-dest-check.yaml",
    cut: ["duration=5m", "replications=2"],
    removed: ["cloud.sourceDestCheck=false"],
  },
  {
    file: "pod-cidr-conflict.yaml",
    cut: ["duration=5m", "replications=2"],
    removed: ["nodes.node-1.podCIDR=10.244.27.0/24"],
  },
  {
    file: "clustered-nodeports.yaml",
    cut: ["duration=2h", "replications=2"],
    removed: ["services.web.nodePorts=random"],
  },
  {
    file: "clustered-nodeports-resalted.yaml",
    cut: ["duration=30m", "replications=4"],
    removed: ["pods.default/app.livenessProbe.periodSeconds=10"],
  },
  {
    file: "reservation-funnel.yaml",
    cut: ["duration=1h", "replications=4"],
    removed: ['sysctls.net.ipv4.ip_local_reserved_ports=""'],
  },
  {
    file: "port-exhaustion.yaml",
    cut: ["duration=3m", "replications=1"],
    removed: ["sysctls.net.ipv4.tcp_tw_reuse=1"],
  },
  {
    file: "conntrack-full.yaml",
    cut: ["duration=8m", "replications=1"],
    removed: ["sysctls.net.netfilter.nf_conntrack_max=131072"],
  },
  {
    file: "reused-port-delay.yaml",
    cut: ["duration=2m", "replications=1"],
    removed: ["sysctls.net.ipv4.vs.conn_reuse_mode=0"],
  },
  {
    file: "dataplanes.yaml",
    cut: ["duration=30m", "replications=1"],
    removed: ["kubeProxy.mode=iptables"],
  },
  {
    file: "snat-picks-nodeport.yaml",
    cut: ["duration=30m", "replications=1"],
    removed: ["node.ipMasq=off"],
  },
];
