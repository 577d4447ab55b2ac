import type { CauseCounts } from "../../src/cluster/replication_result.ts";
import type { RunDocument } from "../../src/study/run_document.ts";

/** Counts of causes with all others at zero. */
export function causes(counts: Partial<CauseCounts>): CauseCounts {
  return {
    "nodeport-collision": 0,
    "port-exhaustion": 0,
    "conntrack-full": 0,
    "connection-refused": 0,
    "slow-server": 0,
    "connect-timeout": 0,
    "host-unreachable": 0,
    other: 0,
    ...counts,
  };
}

const NODE_PORTS = [
  20869, 21980, 23593, 24795, 24855, 28796, 29385, 29515, 31221, 32080, 32443, 35723, 35934, 36321, 36704, 37629, 38820,
  39080,
];

/** The node of incident 001 after the upgrade: seven even NodePorts, 2,144 collisions in eight days. Figures are made up. */
export function failingRun(): RunDocument {
  return {
    format: "run/1",
    scenario: {
      file: "scenarios/nodelocaldns.yaml",
      digest: "sha256:0",
      about: "Probes of one node while node-local-dns checks itself every second (incident 001).",
    },
    settings: {
      seed: "nodelocaldns",
      kernel: "5.4.188",
      portWalk: "4.6-5.11",
      replications: 8,
      durationSeconds: 86_400,
      overrides: {},
    },
    exposure: {
      portRange: [1024, 65000],
      nodePorts: NODE_PORTS,
      reachable: NODE_PORTS.filter((port) => port % 2 === 0),
      reserved: [],
      heldByKubeProxy: false,
    },
    probes: {
      total: 9_780_000,
      failed: 2_144,
      probability: 2.192e-4,
      interval: {
        low: 2.1e-4,
        high: 2.29e-4,
        level: 0.95,
        method: "Korn-Graubard: Clopper-Pearson on 8 boots' effective sample, design effect 1.02",
      },
      exact: {
        probability: 2.1883e-4,
        assumptions: [
          "Averaged over 31988 starting offsets, all equally frequent in the long run.",
          "The cursor that the whole machine shares moves 2 ports a connect.",
          "No candidate is refused because its 4-tuple is in use, from SYN_SENT to TIME_WAIT of the same destination.",
        ],
      },
      byCause: causes({ "nodeport-collision": 2_144 }),
      longestRunOfFailures: 1,
      failuresPerHour: 11.1667,
      meanSecondsBetweenFailures: 322.388,
      designEffect: 1.02,
    },
    readiness: { flips: 0, unreadySeconds: 0 },
    restarts: { count: 0, perNodeWeek: 0, interval: { low: 0, high: 3.2278, level: 0.95, method: "exact Poisson" } },
    workloads: [
      workloadOf("node-local-dns", { connects: 691_200, failed: 140, byCause: causes({ "nodeport-collision": 140 }) }),
      workloadOf("zabbix", { connects: 1_866_003 }),
    ],
    ports: {
      timeWaitMax: 1_101,
      timeWaitByAddress: { "10.10.85.105": 161, "10.23.77.129": 849, "169.254.20.10": 69 },
      inUseMax: 1_110,
      candidatesPerConnect: { mean: 1.0123, p99: 1, max: 3 },
    },
    conntrack: { max: 262_144, peak: 2_210, dropped: 0, earlyDropped: 0 },
    counters: {},
    warnings: [],
    firstFailures: [
      {
        replication: 0,
        atSeconds: 312.404512,
        series: "default/nginx nginx readiness",
        localPort: 36704,
        cause: "nodeport-collision",
        logLine:
          'I0101 00:05:12.404512    1234 prober.go:121] "Probe failed" probeType="Readiness" pod="default/nginx" podUID=0 containerName="nginx" probeResult=failure output="Get \\"http://10.23.77.138:80/\\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"',
      },
    ],
    expectations: [
      { that: "probes.probability", want: "between 1.5e-4 and 4e-4", got: 2.192e-4, ok: true },
      { that: "restarts.count", want: "equal to 1", got: 0, ok: false },
    ],
    engine: {
      version: "0.1.0",
      events: 123_456_789,
      connections: 12_337_203,
      packets: 98_765_432,
      fingerprint: "1f2e3d4c5b6a7988",
      cpuSeconds: 31.26,
      wallSeconds: 17.04,
    },
  };
}

/** The same node before the upgrade: kube-proxy 1.18.20 listens on every NodePort and nothing fails. */
export function heldRun(): RunDocument {
  const run = failingRun();
  return {
    ...run,
    settings: { ...run.settings, overrides: { "kubeProxy.version": "1.18.20", replications: "8" } },
    exposure: { ...run.exposure, reachable: [], heldByKubeProxy: true },
    probes: {
      ...run.probes,
      failed: 0,
      probability: 0,
      interval: { low: 0, high: 3.772e-7, level: 0.95, method: "Clopper-Pearson, two-sided; no failure seen" },
      exact: { probability: 0, assumptions: [] },
      byCause: causes({}),
      longestRunOfFailures: 0,
      failuresPerHour: 0,
      meanSecondsBetweenFailures: null,
    },
    workloads: run.workloads.map((workload) => ({ ...workload, failed: 0, byCause: causes({}) })),
    firstFailures: [],
    expectations: [],
  };
}

/** A workload of which nothing failed and whose handshakes took 100 µs each, with changes. */
export function workloadOf(
  name: string,
  changes: Partial<RunDocument["workloads"][number]> = {},
): RunDocument["workloads"][number] {
  const connectSeconds = { mean: 1e-4, p99: 1e-4, max: 1e-4, slowShare: 0 };
  return { name, connects: 10, failed: 0, byCause: causes({}), connectSeconds, ...changes };
}
