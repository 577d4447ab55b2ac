import { describe, expect, it } from "vitest";
import { Container } from "../../src/cluster/kubelet/container.ts";
import { Server } from "../../src/cluster/server.ts";
import { SECOND } from "../../src/units.ts";
import { bootOf, runOf, smallNode } from "./small_node.ts";

const LIVENESS = "livenessProbe: { tcpSocket: { port: 81 }, failureThreshold: 1 }";

/** The seconds at which the container of a pod restarts, counted from the first restart. */
function restartTimes(pods: string, seconds: number): number[] {
  const { loop, node } = bootOf(smallNode(pods, [`duration=${seconds}s`]));
  node.start();
  const times: number[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    loop.runUntil(second * SECOND);
    while (times.length < node.kubelet.restarts()) times.push(second);
  }
  return times.map((time) => time - times[0]!);
}

describe("Container", () => {
  // A probe fails at the first tick, every 10 s, after the container runs, 1 s after its start. The entry of the back-off
  // is 10 s at the second restart and doubles with each; it counts from the end of the container before: 10 s at the
  // third and fourth, 30, 50, 90, 170, and 310 where the entry is at its most, 300 s.
  it("is in back-off only when it was killed sooner than that after the kill before", () => {
    expect(restartTimes(`pods:\n  - { name: default/app, listen: [80], ${LIVENESS} }\n`, 1_100)).toEqual([
      0, 10, 20, 30, 60, 110, 200, 370, 680, 690, 1_000, 1_010,
    ]);
  });

  it("never waits when it runs longer than 300 s each time", () => {
    const slow = LIVENESS.replace("failureThreshold: 1", "failureThreshold: 1, initialDelaySeconds: 330");
    expect(restartTimes(`pods:\n  - { name: default/app, listen: [80], ${slow} }\n`, 1_700)).toEqual([
      0, 340, 680, 1_020, 1_360,
    ]);
  });

  /** A container that is killed by hand: how many seconds it is down each time. */
  function killedByHand(): { readonly secondsDown: () => number; readonly runFor: (seconds: number) => void } {
    const { loop, node } = bootOf(smallNode("pods:\n  - { name: default/app, listen: [80] }\n"));
    const [options] = smallNode("pods:\n  - { name: default/other, listen: [90] }\n").pods;
    const server = new Server(node.machine, "other", { responseDelay: 0, responseBytes: 1, waitsForClientShare: 1 });
    const container = new Container(options!, node.netns, server);
    container.start();
    const secondsDown = (): number => {
      const stopped = loop.now;
      container.restart();
      while (!container.isRunning) loop.runUntil(loop.now + SECOND);
      return (loop.now - stopped) / SECOND;
    };
    return { secondsDown, runFor: (seconds) => loop.runUntil(loop.now + seconds * SECOND) };
  }

  it.each([
    { seconds: 598, down: [1, 81] },
    { seconds: 601, down: [1, 11] },
  ])("forgets the back-off once it has run 600 s: after $seconds s it is down $down s", ({ seconds, down }) => {
    const { secondsDown, runFor } = killedByHand();
    expect([secondsDown(), secondsDown(), secondsDown(), secondsDown()]).toEqual([1, 1, 11, 21]);
    runFor(seconds);
    expect([secondsDown(), secondsDown()]).toEqual(down);
  });

  // The server closes first after an HTTP probe, so its port is full of TIME_WAITs when the process starts anew.
  it("listens again beside the TIME_WAITs of the process before it", () => {
    const probe = "readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 }";
    const pods = `pods:\n  - { name: default/app, listen: [80], ${probe}, ${LIVENESS} }\n`;
    const { probes, readiness } = runOf(smallNode(pods, ["duration=25s", "kubelet.httpProbeClosesFirst=0"]));
    // Both liveness probes are refused, at port 81; of the readiness probes, at port 80, none is.
    expect(probes.byCause).toMatchObject({ "connection-refused": 2, "slow-server": 0, other: 0 });
    expect(readiness.flips).toBeGreaterThan(2);
  });

  it("is not ready while it restarts, and ready again after its first readiness probe", () => {
    const pods = `pods:\n  - { name: default/app, listen: [80], readinessProbe: { tcpSocket: { port: 80 } }, ${LIVENESS} }\n`;
    const { loop, node } = bootOf(smallNode(pods));
    node.start();
    while (node.kubelet.restarts() === 0) loop.runUntil(loop.now + SECOND / 10);
    expect(node.kubelet.readiness().flips).toBe(1);
    // The second restart is a period away; until then the readiness probe finds the new container.
    loop.runUntil(loop.now + 10 * SECOND - SECOND / 5);
    expect(node.kubelet.readiness().flips).toBe(2);
  });
});
