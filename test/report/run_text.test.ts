import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { runText } from "../../src/report/run_text.ts";
import type { ExactRestartsDocument } from "../../src/study/run_document.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { causes, failingRun, heldRun, workloadOf } from "./run_documents.ts";

const PLAIN = { color: false, columns: 100 };

/** Adjacent NodePorts on a per-destination walk: runs of failures restart containers, and the exact value is declined. */
function clumpedRun(): RunDocument {
  const run = failingRun();
  const nodePorts = Array.from({ length: 300 }, (_, index) => 30080 + 3 * index);
  return {
    ...run,
    settings: { ...run.settings, kernel: "5.15.24", portWalk: "5.12-5.17", replications: 1 },
    exposure: { ...run.exposure, nodePorts, reachable: nodePorts.filter((port) => port % 2 === 0) },
    probes: {
      ...run.probes,
      failed: 2_150,
      exact: { declined: "skipping it moves the cursor that destinations on one of 256 entries share" },
      byCause: causes({ "nodeport-collision": 2_000, "port-exhaustion": 100, "conntrack-full": 50 }),
      longestRunOfFailures: 4,
      designEffect: 12.345,
    },
    readiness: { flips: 12, unreadySeconds: 340.5 },
    restarts: {
      count: 43,
      perNodeWeek: 301,
      interval: { low: 217.8, high: 405.4, level: 0.95, method: "exact Poisson" },
    },
    workloads: [workloadOf("a-workload-with-a-name-that-is-long/zabbix")],
    conntrack: { max: 262_144, peak: 262_144, dropped: 50, earlyDropped: 7 },
    warnings: ["Boots differ: failed probes vary 12.3 times as much between boots as independent probes would."],
    expectations: [{ that: "after.probes.failed", want: "below 1", got: null, ok: false }],
  };
}

/** The text with its line breaks taken out, for sentences. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

describe("runText", () => {
  it("tells a failing node's story", async () => {
    await expect(runText(failingRun(), PLAIN)).toMatchFileSnapshot("golden/failing.txt");
  });

  it("says why nothing fails, how sure that is, and what would end it", async () => {
    await expect(runText(heldRun(), PLAIN)).toMatchFileSnapshot("golden/held.txt");
  });

  it("reports several causes, restarts, a declined exact value and warnings in 72 columns", async () => {
    await expect(runText(clumpedRun(), { color: false, columns: 72 })).toMatchFileSnapshot("golden/clumped.txt");
  });

  it("says of a workload how long its handshakes took, if some took a second or more", () => {
    const connectSeconds = { mean: 0.25, p99: 1.05, max: 1.06, slowShare: 0.24 };
    const text = flat(runText({ ...heldRun(), workloads: [workloadOf("proxy", { connectSeconds })] }, PLAIN));
    expect(text).toContain(
      "10 connects, 0 failed; a handshake took 250 milliseconds on average, a share of 0.24 1 s or more",
    );
    expect(flat(runText(heldRun(), PLAIN))).not.toContain("handshake took");
  });

  it.each([40, 60, 81, 100, 200])("stays within the width at %i columns", (columns) => {
    const width = Math.min(100, Math.max(60, columns));
    for (const run of [failingRun(), heldRun(), clumpedRun()]) {
      const tooWide = runText(run, { color: false, columns })
        .split("\n")
        .filter((line) => line.length > width);
      expect(tooWide).toEqual([]);
    }
  });

  it("adds nothing but colour codes when it may use colours", () => {
    const painted = runText(failingRun(), { color: true, columns: 100 });
    expect(painted).toContain("\u001b[");
    expect(stripVTControlCharacters(painted)).toBe(runText(failingRun(), PLAIN));
  });

  it("does not alarm when no probe was sent", () => {
    const run = failingRun();
    const idle = { ...run, probes: { ...run.probes, total: 0, failed: 0, byCause: causes({}) }, firstFailures: [] };
    const text = flat(runText(idle, PLAIN));
    expect(text).toContain(
      "No probe was sent. 140 of 691,200 connects of node-local-dns failed, because connect() picked a NodePort",
    );
    expect(text).not.toContain("failure probability");
  });

  it("expects failures from the exact value when a short run shows none", () => {
    const run = failingRun();
    const none = { ...run.probes, failed: 0, probability: 0, byCause: causes({}), total: 1_000 };
    expect(flat(runText({ ...run, probes: none }, PLAIN))).toContain(
      "lets one expect 0.22 failures of this kind among so many probes: simulate longer to see them.",
    );
    expect(flat(runText({ ...run, probes: { ...none, total: 1_000_000 } }, PLAIN))).toContain(
      "expect 220 failures of this kind among so many probes; chance does not explain that there is none.",
    );
  });

  it("calls an exact value outside the interval by its name", () => {
    const run = failingRun();
    const probes = { ...run.probes, exact: { probability: 3e-4, assumptions: [] } };
    expect(runText({ ...run, probes }, PLAIN)).toContain("exact value            3.00e-4, OUTSIDE the interval");
  });

  it("says how far the estimate is from the exact value", () => {
    const run = failingRun();
    const withGap = (gapStandardErrors: number | null): string => {
      const exact = { probability: 3e-4, assumptions: [], gapStandardErrors };
      return flat(runText({ ...run, probes: { ...run.probes, exact } }, PLAIN));
    };
    expect(withGap(-1.26)).toContain("OUTSIDE the interval; the estimate is 1.3 standard errors below");
    expect(withGap(2)).toContain("; the estimate is 2 standard errors above");
    expect(withGap(0.01)).toContain("; the estimate is less than 0.1 standard errors off");
    expect(withGap(null)).not.toContain("standard errors");
  });

  it("states restarts and runs of failures by enumeration, or why there is no such figure", () => {
    const run = failingRun();
    const withExact = (exact: ExactRestartsDocument): string =>
      flat(runText({ ...run, restarts: { ...run.restarts, exact } }, PLAIN));
    const runs = [
      { length: 1, perNodeWeek: 90 },
      { length: 2, perNodeWeek: 0 },
      { length: 3, perNodeWeek: 10 },
    ];
    const text = withExact({ perNodeWeek: 10, runs, assumptions: ["No gap."], gapStandardErrors: -0.5 });
    expect(text).toContain("exact restarts 10 per node and week; the estimate is 0.5 standard errors below");
    expect(text).toContain("exact runs shares by failures in a row: 1: 0.9, 3: 0.1");
    expect(text).toContain("assuming No gap.");
    const tiny = withExact({ perNodeWeek: 1.35e-4, runs: [], assumptions: [] });
    expect(tiny).toContain("exact restarts 1.35e-4 per node and week");
    expect(withExact({ declined: "too many ways" })).toContain("exact restarts none: too many ways");
  });

  it("advises nothing when every NodePort is out of range or reserved", () => {
    const held = heldRun();
    const apart = { ...held.exposure, portRange: [40000, 60999], heldByKubeProxy: false } as const;
    expect(runText({ ...held, exposure: apart }, PLAIN)).not.toContain("What to change");
    const reserved = { ...held.exposure, nodePorts: [32080], reserved: [32080], heldByKubeProxy: false };
    expect(runText({ ...held, exposure: reserved }, PLAIN)).not.toContain("What to change");
  });

  it("tells what was changed, and that the scenario's expectations are about the unchanged one", () => {
    const run = heldRun();
    const text = flat(runText({ ...run, expectations: failingRun().expectations }, PLAIN));
    expect(text).toContain("8 replications of 24 hours changed: kubeProxy.version=1.18.20 None of");
    expect(text).toContain("This is expected of the scenario as it stands; this run changed it.");
    expect(flat(runText(failingRun(), PLAIN))).not.toContain("as it stands");
  });

  it("does not give the number of candidates in which all above 63 are gathered for an upper bound", () => {
    const run = failingRun();
    const ports = { ...run.ports, candidatesPerConnect: { mean: 17.8, p99: 64, max: 1_384 } };
    expect(flat(runText({ ...run, ports }, PLAIN))).toContain(
      "17.8 per connect on average, more than 1 % of connects over 63, never more than 1,384",
    );
  });

  it("warns that another process or an address list may not last", () => {
    const held = heldRun();
    const elsewhere = { ...held.exposure, nodePorts: [32080], heldByKubeProxy: false };
    expect(flat(runText({ ...held, exposure: elsewhere }, PLAIN))).toContain(
      "Nothing has to change now, but this rests on the process that holds the port, or on the addresses",
    );
  });

  it("does not move the source ports where too few are left", () => {
    const run = failingRun();
    const nodePorts = [1100, 33000, 64900];
    const text = runText({ ...run, exposure: { ...run.exposure, nodePorts, reachable: nodePorts } }, PLAIN);
    expect(text).toContain("sysctl -w net.ipv4.ip_local_reserved_ports=1100,33000,64900\n");
    expect(text).not.toContain("sysctl -w net.ipv4.ip_local_port_range");
  });

  it("says that exact restarts are of NodePort collisions alone where probes fail of other causes, too", () => {
    const run = failingRun();
    const restarts = { ...run.restarts, exact: { perNodeWeek: 0, runs: [], assumptions: [], gapStandardErrors: 9 } };
    const byCause = causes({ "nodeport-collision": 2_000, "conntrack-full": 144 });
    expect(flat(runText({ ...run, restarts, probes: { ...run.probes, byCause } }, PLAIN))).toContain(
      "exact restarts 0 per node and week for NodePort collisions alone",
    );
  });

  it("says that a precision is reached, after how many looks", () => {
    const run = failingRun();
    const precision = { asked: 0.1, isReached: true, looks: 2, why: "the interval is within 9 % of the estimate" };
    const withPrecision = (isReached: boolean): string =>
      flat(runText({ ...run, settings: { ...run.settings, precision: { ...precision, isReached } } }, PLAIN));
    expect(withPrecision(true)).toContain(
      "precision 10 % asked, reached after 2 looks: the interval is within 9 % of the estimate",
    );
    expect(withPrecision(false)).not.toContain("10 % asked");
  });

  describe("with the NodePort range", () => {
    const run = failingRun();
    const exposure = { ...run.exposure, nodePortRange: [20000, 40000] } as const;
    const lines = (document: RunDocument): string[] =>
      runText(document, PLAIN)
        .split("\n")
        .filter((line) => line.startsWith("sysctl -w"));

    it("reserves the whole range first, and keeps source ports out of all of it", () => {
      expect(lines({ ...run, exposure })).toEqual([
        "sysctl -w net.ipv4.ip_local_reserved_ports=20000-40000",
        expect.stringMatching(/^sysctl -w net\.ipv4\.ip_local_reserved_ports=20869,21980,/),
        'sysctl -w net.ipv4.ip_local_port_range="40001 65000"',
      ]);
      expect(flat(runText({ ...run, exposure }, PLAIN))).toContain(
        "1. Reserve the NodePort range 20000-40000, so that connect() skips the NodePorts of now and those to come: " +
          "43,976 source ports remain.",
      );
    });

    it("reserves the NodePorts alone where the range would leave too few source ports", () => {
      const narrow = { ...exposure, portRange: [20000, 41000] } as const;
      expect(flat(runText({ ...run, exposure: narrow }, PLAIN))).toContain(
        "Services that come later draw other ports; to reserve all of 20000-40000 would leave too few source ports.",
      );
      expect(lines({ ...run, exposure: narrow })).toEqual([
        expect.stringMatching(/^sysctl -w net\.ipv4\.ip_local_reserved_ports=20869,21980,/),
      ]);
    });

    it("says nothing of the first boot's NodePorts where each boot drew its own", () => {
      const drawn = { ...exposure, isOfFirstBoot: true } as const;
      expect(lines({ ...run, exposure: drawn })).toEqual([
        "sysctl -w net.ipv4.ip_local_reserved_ports=20000-40000",
        'sysctl -w net.ipv4.ip_local_port_range="40001 65000"',
      ]);
    });
  });
});
