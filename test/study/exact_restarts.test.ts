import { describe, expect, it } from "vitest";
import { exactRestarts } from "../../src/study/exact_restarts.ts";
import { exactForRun } from "../../src/study/exact_twin.ts";
import type { ExactRestartsDocument } from "../../src/study/run_document.ts";
import { smallNode } from "../cluster/small_node.ts";
import { runReplication } from "../../src/cluster/replication.ts";

const RANGE = "sysctls:\n  net.ipv4.ip_local_port_range: 1024 65000\n";

/** Four services with adjacent NodePorts beside that of the small node: 30080 to 30083. */
const ADJACENT = "  - { generate: 4, name: more, nodePorts: listed, list: [30080, 30081, 30082, 30083] }\n";

function exactOf(sections: string, ...overrides: readonly string[]): ExactRestartsDocument {
  const scenario = smallNode(sections, ["kernel=6.1", ...overrides]);
  const boots = Array.from({ length: scenario.replications }, (_, boot) =>
    runReplication(scenario, boot, { until: 1 }),
  );
  return exactRestarts(scenario, boots, exactForRun(scenario, boots));
}

function probe(kind: string, seconds: number, more = ""): string {
  return `${kind}Probe: { tcpSocket: { port: 80 }, periodSeconds: ${seconds}${more} }`;
}

function pods(replicas: number, ...probes: readonly string[]): string {
  return `pods:\n  - { name: default/app, replicas: ${replicas}, listen: [80], ${probes.join(", ")} }\n`;
}

function perNodeWeek(exact: ExactRestartsDocument): number {
  if ("declined" in exact) throw new Error(exact.declined);
  return exact.perNodeWeek;
}

/** 604,800 s of one liveness probe every 10 s, each run of three independent. */
const EVEN = 2;
const share = (EVEN + 1) / 31_988;

describe("exactRestarts", () => {
  it("counts runs of failureThreshold failures of liveness probes", () => {
    const exact = exactOf(`${ADJACENT}${RANGE}${pods(1, probe("liveness", 10))}`);
    expect(perNodeWeek(exact) / (60_480 * (share ** 3 - share ** 4))).toBeCloseTo(1, 9);
    const two = exactOf(`${ADJACENT}${RANGE}${pods(1, probe("liveness", 10, ", failureThreshold: 2"))}`);
    const runs = share ** 2 - share ** 3 + (share ** 4 - share ** 5);
    expect(perNodeWeek(two) / (60_480 * runs)).toBeCloseTo(1, 9);
  });

  it("gives no restart for readiness probes, and runs all the same", () => {
    const exact = exactOf(`${ADJACENT}${RANGE}${pods(5, probe("readiness", 10))}`);
    expect(perNodeWeek(exact)).toBe(0);
    if ("declined" in exact) throw new Error(exact.declined);
    expect(exact.runs[0]!.length).toBe(1);
    expect(exact.runs[0]!.perNodeWeek / (5 * 60_480 * share * (1 - share) ** 2)).toBeCloseTo(1, 9);
  });

  it("is a hundred times as much for a hundred pods on 5.18+", () => {
    const one = exactOf(`${ADJACENT}${RANGE}${pods(1, probe("liveness", 3))}`);
    const hundred = exactOf(`${ADJACENT}${RANGE}${pods(100, probe("liveness", 3))}`);
    expect(perNodeWeek(hundred) / perNodeWeek(one)).toBeCloseTo(100, 9);
  });

  it("lets a readiness probe of the same port move the cursor between two liveness probes", () => {
    const alone = exactOf(`${ADJACENT}${RANGE}${pods(1, probe("liveness", 10))}`, "kernel=5.15.24");
    const both = exactOf(
      `${ADJACENT}${RANGE}${pods(1, probe("liveness", 10), probe("readiness", 10))}`,
      "kernel=5.15.24",
    );
    if ("declined" in alone || "declined" in both) throw new Error("declined");
    // Two even NodePorts beside each other: two in a row if nothing comes between, never with one connect between.
    const pairs = (exact: { readonly runs: readonly { readonly perNodeWeek: number }[] }): number =>
      exact.runs[1]?.perNodeWeek ?? 0;
    expect(pairs(alone) / ((60_480 / 31_988) * (15 / 16))).toBeCloseTo(1, 9);
    expect(pairs(both)).toBe(0);
  });

  it("averages over boots that draw their NodePorts", () => {
    const drawn = "  - { generate: 300, name: many, nodePorts: contiguous }\n";
    const exact = exactOf(`${drawn}${RANGE}${pods(1, probe("liveness", 1))}`, "replications=3");
    expect(perNodeWeek(exact)).toBeGreaterThan(0);
  });

  it("declines for the reason that the probability of one failure is declined for", () => {
    const block = "sysctls:\n  net.ipv4.ip_local_reserved_ports: 36000-36703\n";
    expect(exactOf(`${block}${pods(2, probe("liveness", 10))}`, "kernel=5.4.188")).toEqual({
      declined: expect.stringContaining("lock together behind what is skipped"),
    });
  });

  it("declines where a probe that fails outlasts its period", () => {
    const slow = probe("liveness", 2, ", timeoutSeconds: 5");
    expect(exactOf(`${ADJACENT}${RANGE}${pods(1, slow)}`)).toEqual({
      declined: "a probe that fails outlasts its period (2 s), and the next comes late",
    });
  });
});
