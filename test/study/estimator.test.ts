import { describe, expect, it } from "vitest";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { chooseEstimator, PILOT_BOOTS, pilotRefusal } from "../../src/study/estimator.ts";
import type { ChosenEstimator } from "../../src/study/estimator.ts";
import { documentOf } from "../../src/study/run_study.ts";
import { SECOND } from "../../src/units.ts";
import { NODE_PORT, smallNode } from "../cluster/small_node.ts";
import { runReplication } from "../../src/cluster/replication.ts";

// Goal: which estimator a point takes, and why. Method: a node with one NodePort, whose pilot is run here.

const PODS = `pods:
  - { name: default/app, listen: [80], replicas: 20, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 } }
`;
const CHURN = "churn:\n  - { name: agent, to: 10.10.85.10:10050, rate: 2/s, arrivals: poisson }\n";

function node(sysctls: Readonly<Record<string, string>>, rest = `${PODS}${CHURN}`, ...overrides: string[]): Scenario {
  const lines = Object.entries(sysctls).map(([name, value]) => `  net.ipv4.${name}: ${value}\n`);
  return smallNode(`sysctls:\n${lines.join("")}${rest}`, ["kernel=5.4.188", ...overrides]);
}

function pilotOf(scenario: Scenario, seconds = 60): ReplicationResult[] {
  return Array.from({ length: PILOT_BOOTS }, (_, boot) => runReplication(scenario, boot, { until: seconds * SECOND }));
}

function choose(scenario: Scenario, pilot = pilotOf(scenario)): ChosenEstimator {
  return chooseEstimator(scenario, pilot, { falseAlarm: 0.001, precision: 0.1 });
}

const RANGE = { ip_local_port_range: "36000 36999" };

describe("chooseEstimator", () => {
  it("takes the exact value, with its rate of restarts, where a pilot does not contradict it", () => {
    const { document, exact } = choose(node(RANGE));
    expect(document).toMatchObject({
      name: "exact",
      pilot: { replications: 8, durationSeconds: 60, isContradicted: false },
    });
    expect(exact?.probability).toMatchObject({ mean: 1 / 500, interval: { low: 1 / 500, high: 1 / 500 } });
    expect(exact?.restartsPerNodeWeek.mean).toBe(0);
  });

  it("takes an exact 0 where no NodePort can be met", () => {
    const { document, exact } = choose(node({ ip_local_port_range: "50000 50999" }));
    expect(document).toMatchObject({ name: "exact", pilot: { failed: 0, expected: 0, pValue: 1 } });
    expect(exact?.probability.mean).toBe(0);
  });

  it("simulates a point whose pilot contradicts the exact value", () => {
    const scenario = node(RANGE);
    // The same boots with the failures of another node.
    const pilot = pilotOf(scenario).map((boot) => ({
      ...boot,
      probes: { ...boot.probes, failed: 9, byCause: { ...boot.probes.byCause, "nodeport-collision": 9 } },
    }));
    const { document, exact } = choose(scenario, pilot);
    expect(exact).toBeUndefined();
    expect(document).toMatchObject({
      name: "flow",
      why: "exact value contradicted by the pilot",
      pilot: { failed: 72, isContradicted: true },
    });
  });

  it.each(["3.10.0-1160.el7", "4.4", "5.4.188", "5.15.24"])(
    "simulates a block on a cursor that destinations share on %s, even one that hides every NodePort",
    (kernel) => {
      for (const block of ["36604-36703", "36000-36999", `${NODE_PORT}-${NODE_PORT + 1}`]) {
        const range = { ip_local_port_range: "35000 37999", ip_local_reserved_ports: block };
        const scenario = node(range, undefined, `kernel=${kernel}`);
        expect(choose(scenario, pilotOf(scenario, 1)).document.name).toBe("flow");
      }
    },
  );

  it("takes the exact value behind a reserved block on 5.18+, whose destinations begin anew every 10 seconds", () => {
    const range = { ...RANGE, ip_local_reserved_ports: "36604-36703" };
    expect(choose(node(range, undefined, "kernel=6.1")).document.name).toBe("exact");
  });

  it("simulates where failures of another kind were seen", () => {
    const scenario = node(RANGE);
    const pilot = pilotOf(scenario).map((boot) => ({
      ...boot,
      probes: { ...boot.probes, failed: boot.probes.failed + 1, byCause: { ...boot.probes.byCause, "slow-server": 1 } },
    }));
    expect(choose(scenario, pilot).document).toEqual({
      name: "flow",
      why: "the pilot saw failures that are no NodePort collisions, of which the exact value does not speak",
    });
  });

  it("simulates where boots draw NodePorts that are too few to know their mean", () => {
    const services = "  - { generate: 4, name: few, nodePorts: random }\n";
    const scenario = smallNode(`${services}sysctls:\n  net.ipv4.ip_local_port_range: 30000 32767\n${PODS}${CHURN}`);
    const { document } = choose(scenario);
    expect(document.why).toBe("boots draw their own NodePorts, and the exact values of so few of them differ too much");
  });
});

describe("pilotRefusal", () => {
  it("names what no pilot can find out", () => {
    expect(pilotRefusal(node(RANGE))).toBeUndefined();
    expect(pilotRefusal(node(RANGE, `${PODS}variants: { other: { kernel: "6.1" } }\n`))).toBe(
      "its variants are compared boot by boot",
    );
    expect(
      pilotRefusal(
        node(RANGE, `${PODS}timeline: [{ at: 1m, set: { sysctls.net.ipv4.ip_local_port_range: 1024 65000 } }]\n`),
      ),
    ).toBe("the exact value is that of a node that stays as it is, and the timeline changes it");
    expect(pilotRefusal(node(RANGE, `${PODS}${CHURN.replace("rate: 2/s", "rate: 2/s, lasts: 10m")}`))).toBe(
      "connections of agent last too long to gather within a pilot",
    );
  });
});

describe("the document of an exact point", () => {
  const scenario = node(RANGE);
  const pilot = pilotOf(scenario);
  const request = { scenario, file: "small.yaml", digest: "sha256:0", version: "1.2.3", overrides: {} };
  const document = documentOf({ ...request, estimator: choose(scenario, pilot), stopping: { precision: 0.1 } }, pilot, {
    wallSeconds: 0,
    cpuSeconds: 0,
  });

  it("has the exact value for its estimate, and the counts of the pilot", () => {
    const failed = pilot.reduce((sum, { probes }) => sum + probes.failed, 0);
    expect(document.probes).toMatchObject({ failed, probability: 1 / 500, interval: { low: 1 / 500, high: 1 / 500 } });
    expect(document.settings).toMatchObject({
      replications: 8,
      durationSeconds: 60,
      precision: { asked: 0.1, isReached: true, looks: 0, why: "the value is exact" },
    });
  });

  it("has rates that go with it", () => {
    const perSecond = 2 / 500;
    expect(document.probes.failuresPerHour).toBeCloseTo(3_600 * perSecond, 9);
    expect(document.probes.meanSecondsBetweenFailures).toBeCloseTo(1 / perSecond, 9);
  });
});
