import { describe, expect, it } from "vitest";
import { ConnectTimes, type ConnectTimesResult } from "../../src/cluster/connect_times.ts";
import type { CauseCounts, ReplicationResult } from "../../src/cluster/replication_result.ts";
import { summarise } from "../../src/study/summary.ts";

const EXACT = { probability: 2e-4, assumptions: ["all ports free"] };
const HOUR = 3_600_000_000;

function causes(nodePortCollisions: number): CauseCounts {
  return {
    "nodeport-collision": nodePortCollisions,
    "port-exhaustion": 0,
    "conntrack-full": 0,
    "connection-refused": 0,
    "slow-server": 0,
    "connect-timeout": 0,
    "host-unreachable": 0,
    other: 0,
  };
}

/** Handshakes that took so many microseconds. */
function timesOf(...times: readonly number[]): ConnectTimesResult {
  const collected = new ConnectTimes();
  for (const time of times) collected.add(time);
  return collected.result();
}

/** One hour of a boot in which `failed` of 10,000 probes failed. */
function bootWith(failed: number, changes: Partial<ReplicationResult> = {}): ReplicationResult {
  return {
    replication: 0,
    duration: HOUR,
    probes: { total: 10_000, failed, byCause: causes(failed) },
    series: [
      { name: "default/a app readiness", probes: 5_000, failed, longestRunOfFailures: Math.min(failed, 2) },
      { name: "default/b app readiness", probes: 5_000, failed: 0, longestRunOfFailures: 0 },
    ],
    failures: [],
    readiness: { flips: 1, unready: 1_500_000 },
    restarts: 0,
    kubeProxy: { syncs: 120, restarts: 0, hangs: 0, hungNodes: 0, hung: 0, staleServers: 0, logLines: 0, log: [] },
    loadBalancers: [],
    workloads: [{ name: "zabbix", connects: 100, failed: 1, byCause: causes(1), connectTimes: timesOf(200) }],
    exposure: {
      portRange: [32768, 60999],
      nodePorts: [36704],
      intercepted: [36704],
      heldPorts: [],
      reservedPorts: [],
      heldByKubeProxy: [],
      destinations: 2,
    },
    ports: {
      timeWaitMax: 10,
      timeWaitByAddress: { "10.0.0.1": 7 },
      inUseMax: 12,
      candidates: [0, 990, 10],
      candidatesSum: 1_010,
      candidatesMax: 2,
    },
    conntrack: { max: 262_144, peak: 100, dropped: 1, earlyDropped: 2 },
    dataPlane: {
      mode: "iptables",
      rules: 40,
      entries: 0,
      newConnections: 100,
      natRulesTested: 1_200,
      filterPasses: 400,
      filterRulesTested: 1_000,
      sync: { full: 200, change: 60 },
      sourceNat: { connections: 10, onNodePort: 1 },
    },
    counters: { TcpActiveOpens: 10_100 },
    engine: { events: 1, connections: 1, packets: 1, fingerprint: "00" },
    ...changes,
  };
}

function boots(...failed: readonly number[]): readonly ReplicationResult[] {
  return failed.map((count, replication) => bootWith(count, { replication }));
}

describe("summarise", () => {
  it("adds up probes and gives rates per simulated hour of one node", () => {
    const { probes } = summarise(boots(2, 3, 1, 2), { exact: EXACT });
    expect(probes).toMatchObject({
      total: 40_000,
      failed: 8,
      probability: 2e-4,
      exact: EXACT,
      byCause: causes(8),
      longestRunOfFailures: 2,
      failuresPerHour: 2,
      meanSecondsBetweenFailures: 1_800,
      designEffect: expect.closeTo(1 / 3, 3),
    });
    expect(probes.interval.low).toBeLessThan(2e-4);
    expect(probes.interval.high).toBeGreaterThan(2e-4);
    expect(probes.interval).not.toHaveProperty("designEffect");
  });

  it("has no time between failures when nothing failed", () => {
    const { probes } = summarise(boots(0, 0), { exact: EXACT });
    expect([probes.probability, probes.failuresPerHour, probes.meanSecondsBetweenFailures]).toEqual([0, 0, null]);
  });

  it("merges workloads by name in the order in which they are first named", () => {
    const dns = { name: "node-local-dns", connects: 5, failed: 0, byCause: causes(0), connectTimes: timesOf() };
    const zabbix = {
      name: "zabbix",
      connects: 50,
      failed: 2,
      byCause: causes(2),
      connectTimes: timesOf(40, 1_000_060),
    };
    const results = [bootWith(0), bootWith(0, { replication: 1, workloads: [dns, zabbix] })];
    expect(summarise(results, { exact: EXACT }).workloads).toEqual([
      {
        name: "zabbix",
        connects: 150,
        failed: 3,
        byCause: causes(3),
        connectSeconds: { mean: 0.333_433_333_333_333_3, p99: 1.000_06, max: 1.000_06, slowShare: 1 / 3 },
      },
      {
        name: "node-local-dns",
        connects: 5,
        failed: 0,
        byCause: causes(0),
        connectSeconds: { mean: null, p99: null, max: null, slowShare: null },
      },
    ]);
  });

  it("gives the time under which 99 % of a workload's handshakes stay, within 1/32 above", () => {
    const times = [...Array.from({ length: 99 }, () => 500), 3_000_000];
    const zabbix = { ...bootWith(0).workloads[0]!, connectTimes: timesOf(...times) };
    const [first] = summarise([bootWith(0, { workloads: [zabbix] })], { exact: EXACT }).workloads;
    expect(first?.connectSeconds.p99).toBeGreaterThanOrEqual(500e-6);
    expect(first?.connectSeconds.p99).toBeLessThan((500e-6 * 33) / 32);
  });

  it("takes the largest occupancies, averages TIME_WAIT by address and adds up counters", () => {
    const ports = { ...bootWith(0).ports, timeWaitMax: 30, timeWaitByAddress: { "10.0.0.1": 8, "169.254.20.10": 3 } };
    const counters = { TcpActiveOpens: 1, TcpExtTW: 4 };
    const results = [bootWith(0), bootWith(0, { replication: 1, ports, counters })];
    const figures = summarise(results, { exact: EXACT });
    expect(figures.ports).toMatchObject({
      timeWaitMax: 30,
      inUseMax: 12,
      timeWaitByAddress: { "10.0.0.1": 8, "169.254.20.10": 2 },
    });
    expect(Object.keys(figures.ports.timeWaitByAddress)).toEqual(["10.0.0.1", "169.254.20.10"]);
    expect(figures.counters).toEqual({ TcpActiveOpens: 10_101, TcpExtTW: 4 });
    expect(figures.conntrack).toEqual({ max: 262_144, peak: 100, dropped: 2, earlyDropped: 4 });
    expect(figures.readiness).toMatchObject({ flips: 2, unreadySeconds: 3 });
  });

  it("gives mean, 99th percentile and maximum of the candidates a connect examined", () => {
    const perConnect = (candidates: readonly number[]): unknown =>
      summarise([bootWith(0, { ports: { ...bootWith(0).ports, candidates } })], { exact: EXACT }).ports
        .candidatesPerConnect;
    expect(perConnect([0, 990, 10])).toEqual({ mean: 1.01, p99: 1, max: 2 });
    expect(perConnect([0, 989, 11])).toEqual({ mean: 1.01, p99: 2, max: 2 });
    expect(perConnect([])).toEqual({ mean: 0, p99: 0, max: 2 });
  });

  it("states the gap to the exact probability in standard errors, widened by the design effect", () => {
    // 40,000 probes with 2e-4 each have a standard error of 7.0703e-5; 12 of them are 1e-4 above 2e-4.
    const even = summarise(boots(3, 3, 3, 3), { exact: EXACT }).probes;
    expect(even.exact).toMatchObject({ gapStandardErrors: expect.closeTo(1e-4 / 7.0703e-5, 3) });
    const uneven = summarise(boots(0, 12, 0, 0), { exact: EXACT }).probes;
    expect(uneven.designEffect).toBeGreaterThan(2);
    expect(uneven.exact).toMatchObject({
      gapStandardErrors: expect.closeTo(1e-4 / 7.0703e-5 / Math.sqrt(uneven.designEffect), 3),
    });
  });

  it("has no gap in standard errors where the exact value is 0 and something failed", () => {
    const never = { probability: 0, assumptions: [] };
    expect(summarise(boots(0, 0), { exact: never }).probes.exact).toMatchObject({ gapStandardErrors: 0 });
    expect(summarise(boots(0, 1), { exact: never }).probes.exact).toMatchObject({ gapStandardErrors: null });
  });

  it("states the gap of restarts in standard errors of their number", () => {
    const week = { duration: 168 * HOUR, restarts: 7 };
    const exactRestarts = { perNodeWeek: 4, runs: [], assumptions: [] };
    const results = [bootWith(0, week), bootWith(0, { ...week, replication: 1 })];
    // 8 are to be expected, give or take the square root of 8, and 14 were counted.
    expect(summarise(results, { exact: EXACT, exactRestarts }).restarts.exact).toMatchObject({
      gapStandardErrors: expect.closeTo(6 / Math.sqrt(8), 9),
    });
    const declined = { declined: "too many ways" };
    expect(summarise(results, { exact: EXACT, exactRestarts: declined }).restarts.exact).toEqual(declined);
  });

  it("states restarts and changes of Ready per node-week with intervals that follow the spread between boots", () => {
    const week = { duration: 168 * HOUR, restarts: 2 };
    const alike = summarise([bootWith(0, week), bootWith(0, { ...week, replication: 1 })], { exact: EXACT });
    expect(alike.restarts).toMatchObject({ count: 4, perNodeWeek: 2 });
    expect(alike.restarts.interval.low).toBeLessThan(1.09);
    expect(alike.restarts.interval.high).toBeGreaterThan(5.12);
    expect(alike.readiness).toMatchObject({ flips: 2, perNodeWeek: 1 });
    const restarts = [0, 8, 0, 0].map((count, replication) => bootWith(0, { ...week, replication, restarts: count }));
    expect(summarise(restarts, { exact: EXACT }).restarts.interval.high).toBeGreaterThan(10);
  });

  it("lists the first ten failures in order of replication, then of time", () => {
    const failure = {
      at: 2_500_000,
      series: "default/a app readiness",
      localPort: 36704,
      cause: "nodeport-collision",
      logLine: "E0101",
    } as const;
    const results = [0, 1].map((replication) =>
      bootWith(6, { replication, failures: Array.from({ length: 6 }, () => failure) }),
    );
    const { firstFailures } = summarise(results, { exact: EXACT });
    expect(firstFailures.map((first) => first.replication)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    expect(firstFailures[0]).toEqual({
      replication: 0,
      atSeconds: 2.5,
      series: "default/a app readiness",
      localPort: 36704,
      cause: "nodeport-collision",
      logLine: "E0101",
    });
  });

  it("warns when boots differ more than chance gives in one of 1,000 studies, after the caller's warnings", () => {
    const { probes, warnings } = summarise(boots(0, 0, 40, 0), { exact: EXACT, warnings: ["first"] });
    expect(probes.designEffect).toBeGreaterThan(30);
    expect(warnings).toEqual([
      "first",
      "Boots differ: failed probes vary 40.0 times as much between boots as independent probes would. The interval allows for it; more replications narrow it, longer ones hardly.",
    ]);
    expect(summarise(boots(9, 11, 12, 8), { exact: EXACT }).warnings).toEqual([]);
  });

  it("warns when restarts come to some boots only", () => {
    const results = [0, 30, 0].map((restarts, replication) => bootWith(0, { replication, restarts }));
    expect(summarise(results, { exact: EXACT }).warnings[0]).toContain("restarts vary 30.0 times");
  });

  it("warns that one boot cannot show how boots differ", () => {
    expect(summarise([bootWith(3)], { exact: EXACT }).warnings[0]).toContain("One boot cannot show");
  });

  it("says of which look a probability's interval is, and makes it wider for it", () => {
    const usual = summarise(boots(20, 30, 25), { exact: EXACT }).probes.interval;
    const { interval } = summarise(boots(20, 30, 25), { exact: EXACT, look: { number: 2, level: 0.99 } }).probes;
    expect(interval.level).toBe(0.95);
    expect(interval.high).toBeGreaterThan(usual.high);
    expect(interval.method).toBe(
      `${usual.method}; made at 99.00 % at look 2, so that the stated level holds for whichever look is the last`,
    );
  });

  it("refuses results out of order", () => {
    const results = [bootWith(0, { replication: 1 }), bootWith(0)];
    expect(() => summarise(results, { exact: EXACT })).toThrow("results arrive in ascending order of replication");
  });
});
