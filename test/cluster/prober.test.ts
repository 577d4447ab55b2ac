import { describe, expect, it } from "vitest";
import { SECOND } from "../../src/units.ts";
import { bootOf, runOf, smallNode } from "./small_node.ts";

// Goal: a probe worker fires, times out, counts and publishes as the kubelet's does.
// Method: pods whose port is closed fail at once, pods with a slow server fail at their timeout; phases are drawn, so
// moments are compared with each other and not with the clock.

/** A pod that answers on port 80 after `responseDelay` and has one probe. */
function podWith(probe: string, responseDelay = "100us"): string {
  return `pods:\n  - { name: default/app, listen: [80], responseDelay: ${responseDelay}, ${probe} }\n`;
}

describe("Prober", () => {
  it("fails at once on a closed port, once a period", () => {
    const { probes, failures } = runOf(smallNode(podWith("readinessProbe: { tcpSocket: { port: 81 } }")));
    expect(probes.byCause).toMatchObject({ "connection-refused": probes.failed });
    expect(probes).toMatchObject({ total: 30, failed: 30 });
    const gaps = failures.slice(1).map(({ at }, index) => at - failures[index]!.at);
    expect(gaps.every((gap) => Math.abs(gap - 10 * SECOND) < 1_000)).toBe(true);
  });

  it("fails timeoutSeconds after it fired when the server is slow", () => {
    const refused = runOf(smallNode(podWith("readinessProbe: { tcpSocket: { port: 81 } }")));
    const slow = smallNode(podWith("readinessProbe: { httpGet: { port: 80 }, timeoutSeconds: 2 }", "5s"));
    const late = runOf(slow);
    expect(late.probes.byCause["slow-server"]).toBe(late.probes.failed);
    expect(late.failures[0]!.at - refused.failures[0]!.at).toBeGreaterThan(2 * SECOND - 1_000);
    expect(late.failures[0]!.at - refused.failures[0]!.at).toBeLessThan(2 * SECOND + 1_000);
  });

  it("succeeds when the answer comes before the timeout", () => {
    const { probes } = runOf(
      smallNode(podWith("readinessProbe: { httpGet: { port: 80 }, timeoutSeconds: 2 }", "1900ms")),
    );
    expect(probes.failed).toBe(0);
  });

  it.each([1, 3])("takes Ready away at failure number %i in a row and never again", (threshold) => {
    const probe = `readinessProbe: { tcpSocket: { port: 81 }, failureThreshold: ${threshold} }`;
    const { loop, node } = bootOf(smallNode(podWith(probe)));
    node.start();
    while (node.kubelet.totals.failed < threshold) {
      expect(node.kubelet.readiness().flips).toBe(0);
      loop.runUntil(loop.now + SECOND);
    }
    expect(node.kubelet.readiness().flips).toBe(1);
    loop.runUntil(300 * SECOND);
    expect(node.kubelet.readiness().flips).toBe(1);
  });

  // Kills come at the liveness probe's ticks; the readiness worker's successes before a kill count towards its threshold.
  it("publishes a readiness that held before a restart at the first success after it", () => {
    const liveness = "livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 100, failureThreshold: 1 }";
    const readiness = "readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10, successThreshold: 5 }";
    const { loop, node } = bootOf(smallNode(podWith(`${readiness}, ${liveness}`)));
    node.start();
    loop.runUntil(60 * SECOND);
    while (node.kubelet.readiness().flips === 0) loop.runUntil(loop.now + SECOND / 10);
    loop.runUntil(loop.now + 12 * SECOND);
    expect(node.kubelet.readiness().flips).toBe(2);
  });

  // The liveness probe fails at its first tick and kills; the startup probe then fails three times in a row and kills.
  it("asks a container that has restarted for its startup probe only, until that has succeeded", () => {
    const liveness = "livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 7, failureThreshold: 1 }";
    const startup = "startupProbe: { tcpSocket: { port: 82 }, periodSeconds: 5 }";
    const { loop, node } = bootOf(smallNode(podWith(`${startup}, ${liveness}`)));
    node.start();
    while (node.kubelet.restarts() < 3) loop.runUntil(loop.now + SECOND);
    const texts = node.kubelet.events.events.map(({ reason, message }) => `${reason}: ${message}`);
    const refused = "probe failed: dial tcp 10.23.77.130:82: connect: connection refused";
    const byStartup = [
      ...Array.from({ length: 3 }, () => `Unhealthy: Startup ${refused}`),
      "Killing: Container app failed startup probe, will be restarted",
    ];
    expect(texts).toEqual([
      "Unhealthy: Liveness probe failed: dial tcp 10.23.77.130:81: connect: connection refused",
      "Killing: Container app failed liveness probe, will be restarted",
      ...byStartup,
      ...byStartup,
    ]);
  });

  it("sends no startup probe to a container that has been up since before the run", () => {
    const probe = "readinessProbe: { tcpSocket: { port: 80 } }";
    const plain = runOf(smallNode(podWith(probe)));
    const both = runOf(smallNode(podWith(`${probe}, startupProbe: { tcpSocket: { port: 82 } }`)));
    expect([both.probes, both.engine]).toEqual([plain.probes, plain.engine]);
  });

  it.each([
    ["1.21.0", 7],
    ["1.20.15", 60],
  ])("of %s finds a restarted container ready %i s after its kill at most", (version, most) => {
    const liveness = "livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 100, failureThreshold: 1 }";
    const startup = "startupProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 }";
    const readiness = "readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 60 }";
    const pods = podWith(`${readiness}, ${startup}, ${liveness}`);
    const { loop, node } = bootOf(smallNode(pods, [`kubelet.version=${version}`]));
    node.start();
    while (node.kubelet.readiness().flips === 0) loop.runUntil(loop.now + SECOND / 10);
    const killed = loop.now;
    while (node.kubelet.readiness().flips === 1) loop.runUntil(loop.now + SECOND / 10);
    const seconds = (loop.now - killed) / SECOND;
    expect(seconds).toBeLessThan(most);
    expect(seconds).toBeGreaterThan(version === "1.21.0" ? 1 : 7);
  });

  it("counts the time without Ready up to the end of the run", () => {
    const { failures, readiness } = runOf(smallNode(podWith("readinessProbe: { tcpSocket: { port: 81 } }")));
    expect(readiness.unready).toBe(300 * SECOND - failures[2]!.at);
  });

  it("keeps the longest run of failures of each worker", () => {
    const [series] = runOf(smallNode(podWith("readinessProbe: { tcpSocket: { port: 81 } }"))).series;
    expect(series).toEqual({ name: "default/app app readiness", probes: 30, failed: 30, longestRunOfFailures: 30 });
  });

  it("probes again at once after a probe that outlasted its period", () => {
    const probe = "readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10, timeoutSeconds: 20 }";
    const { probes } = runOf(smallNode(podWith(probe, "14s"), ["duration=150s"]));
    expect(probes).toMatchObject({ total: 10, failed: 0 });
  });

  it("opens no connection for exec", () => {
    const { probes, engine } = runOf(smallNode(podWith("livenessProbe: { exec: {} }")));
    expect({ ...probes, connections: engine.connections }).toMatchObject({ total: 0, failed: 0, connections: 0 });
  });

  it("begins at a phase that is drawn for each worker by itself", () => {
    const pods = podWith("readinessProbe: { tcpSocket: { port: 81 } }, livenessProbe: { tcpSocket: { port: 80 } }");
    const alone = runOf(smallNode(podWith("readinessProbe: { tcpSocket: { port: 81 } }")));
    const both = runOf(smallNode(pods));
    const moments = (result: typeof both): readonly number[] => result.failures.map(({ at }) => Math.round(at / 1_000));
    expect(moments(both)).toEqual(moments(alone));
  });
});
