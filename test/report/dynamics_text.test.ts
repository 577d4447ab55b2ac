import { describe, expect, it } from "vitest";
import { kubeProxyLines, loadBalancerLines } from "../../src/report/dynamics_text.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { failingRun } from "./run_documents.ts";

/** A run of eight nodes of which five were marked unhealthy; the figures are made up. */
function unhealthyRun(): RunDocument {
  const interval = { low: 0.244, high: 0.914, level: 0.95, method: "exact" };
  return {
    ...failingRun(),
    loadBalancers: [
      {
        name: "web",
        service: "default/web",
        checks: 100_000,
        failed: 25_000,
        failedShare: 0.25,
        timesMarkedUnhealthy: 5,
        unhealthyShare: 0.25,
        nodesMarkedUnhealthy: 5,
        nodesMarkedUnhealthyShare: 0.625,
        interval,
        connects: 0,
        connectsFailed: 0,
      },
    ],
    kubeProxy: {
      syncs: 40_000,
      restarts: 8,
      hangs: 6,
      hungNodes: 5,
      hungSeconds: 7_200,
      staleServers: 16,
      logLines: 1,
      log: [{ atSeconds: 60.5, text: "Trying to delete rs: 10.0.0.1:80/TCP/10.0.0.2:8080" }],
    },
  };
}

describe("loadBalancerLines", () => {
  it("tells how many nodes were marked unhealthy, with the interval of their share, and for how long", () => {
    expect(loadBalancerLines(unhealthyRun(), 100).join("\n")).toMatchInlineSnapshot(`
      "  web                    default/web: marked 5 of 8 nodes unhealthy (95 % interval of the share
                               24.4 % to 91.4 %), for 25 % of their time; 25,000 of 100,000 checks failed"
    `);
  });

  it("is empty without load balancers", () => {
    expect(loadBalancerLines(failingRun(), 100)).toEqual([]);
  });
});

describe("kubeProxyLines", () => {
  it("tells of hangs, restarts, stale servers and the log", () => {
    expect(kubeProxyLines(unhealthyRun(), 100).join("\n")).toMatchInlineSnapshot(`
      "  syncs                  40,000; its sync loop hung 6 times, on 5 nodes, for 2 hours in all
        restarts               8
        stale servers          16 real servers without a ready endpoint at the end
        log                    1 line of graceful termination, of which the first
        at 60.5 s              Trying to delete rs: 10.0.0.1:80/TCP/10.0.0.2:8080"
    `);
  });

  it("is empty where kube-proxy did nothing but sync", () => {
    expect(kubeProxyLines(failingRun(), 100)).toEqual([]);
  });
});
