import { describe, expect, it } from "vitest";
import type { RunProgress } from "../../src/study/run_study.ts";
import { runStudy, type RunRequest } from "../../src/study/study_on_workers.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { smallNode } from "../cluster/small_node.ts";

// Goal: replications are added until the precision is reached, and the same ones whatever the number of workers.
// Method: a small node with a probe failure in 100, through the pool of built workers.

const PODS = `sysctls:
  net.ipv4.ip_local_port_range: 36600 36799
pods:
  - { name: default/app, listen: [80], replicas: 9, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 } }
churn:
  - { name: agents, from: node, to: 10.10.85.10:9100, rate: 1/s }
`;

describe("runStudy with a precision", () => {
  const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
  const run = (parts: Partial<RunRequest>, replications = 3): Promise<RunDocument> => {
    const scenario = smallNode(PODS, [`replications=${replications}`, "duration=5m"]);
    return runStudy({ scenario, file: "s.yaml", digest: "", version: "", overrides: {}, jobs: 1, clocks, ...parts });
  };

  it("adds replications until the interval is narrow enough, the same for any number of jobs", async () => {
    const seen: RunProgress[] = [];
    const request = { stopping: { precision: 0.5 }, onProgress: (progress: RunProgress) => void seen.push(progress) };
    const document = await run(request);
    const { low, high, method } = document.probes.interval;
    expect((high - low) / 2 / document.probes.probability).toBeLessThanOrEqual(0.5);
    const { precision, replications } = document.settings;
    expect(precision).toMatchObject({ asked: 0.5, isReached: true });
    expect(precision!.looks).toBeGreaterThan(1);
    expect(method).toContain(`at look ${precision!.looks}`);
    expect(seen.at(-1)).toMatchObject({ finishedReplications: replications, replications });
    expect(JSON.stringify(await run({ ...request, jobs: 3 }))).toBe(JSON.stringify(document));
    // The boots are those that so many replications have anyway.
    expect((await run({}, replications)).engine.fingerprint).toBe(document.engine.fingerprint);
  });

  it("stops at the budget of simulated time and says that the precision was not reached", async () => {
    const { settings, warnings } = await run({ stopping: { precision: 0.01, budget: 25 * 60e6 } });
    expect(settings).toMatchObject({ replications: 5, precision: { isReached: false, budgetSeconds: 1_500 } });
    expect(warnings[0]).toMatch(
      /^The precision of 1 % was not reached: the budget is spent, and the interval is ±\d+ % wide\.$/,
    );
  });

  it("warns that a budget of CPU seconds makes the result depend on the machine", async () => {
    let cpu = 0;
    const spending = { wallSeconds: () => 0, cpuSeconds: () => (cpu += 1) };
    const { warnings } = await run({ stopping: { precision: 0.01, cpuBudgetSeconds: 1 }, clocks: spending });
    expect(warnings[1]).toBe(
      "With a budget of CPU seconds the number of replications depends on the machine and its load: another run may differ.",
    );
  });
});
