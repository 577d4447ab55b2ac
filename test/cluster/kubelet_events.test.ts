import { describe, expect, it } from "vitest";
import { backOffError, backOffMessage, killingMessage } from "../../src/cluster/kubelet/kubelet_events.ts";
import { podUid } from "../../src/cluster/kubelet/probe_text.ts";
import { SECOND } from "../../src/units.ts";
import { ip } from "../support/small_network.ts";
import { bootOf, smallNode } from "./small_node.ts";

// Goal: the Events say what kubectl shows, in the words of the kubelet's release.
// Method: a pod whose probed port is closed, until it is killed in back-off; and each text by itself.

const SUBJECT = { pod: "default/app", container: "app", probeType: "Liveness", address: ip("10.23.77.130") } as const;
const POD = `app_default(${podUid("default/app")})`;

describe("KubeletEvents", () => {
  // Kills come every 20 s. The back-off is 10 s at the third one, 20 s at the fourth and 40 s at the fifth.
  it("has Unhealthy for each failure, Killing at the threshold, and BackOff once a kill comes within the back-off", () => {
    const sections =
      "pods:\n  - { name: default/app, listen: [80], livenessProbe: { tcpSocket: { port: 81 }, failureThreshold: 2 } }\n";
    const { loop, node } = bootOf(smallNode(sections));
    node.start();
    while (node.kubelet.restarts() < 5) loop.runUntil(loop.now + SECOND);
    const { events } = node.kubelet.events;
    const killed = ["Warning Unhealthy", "Warning Unhealthy", "Normal Killing"];
    expect(events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      ...Array.from({ length: 5 }, () => killed).flat(),
      "Warning BackOff",
    ]);
    expect(events[0]).toMatchObject({
      pod: "default/app",
      container: "app",
      message: "Liveness probe failed: dial tcp 10.23.77.130:81: connect: connection refused",
    });
    expect(events[2]?.message).toBe("Container app failed liveness probe, will be restarted");
    expect(events[15]?.message).toBe("Back-off restarting failed container");
    expect(events[14]?.at).toBe(events[13]?.at);
  });
});

describe("killingMessage", () => {
  it("begins with the container's id up to 1.13", () => {
    expect(killingMessage(SUBJECT, [1, 12, 4])).toBe(
      "Killing container with id docker://app:Container failed liveness probe.. Container will be killed and recreated.",
    );
  });

  it("names a startup probe", () => {
    const startup = { ...SUBJECT, probeType: "Startup" } as const;
    expect(killingMessage(startup, [1, 23, 10])).toBe("Container app failed startup probe, will be restarted");
  });
});

describe("backOffMessage", () => {
  it("names container and pod from 1.26 on", () => {
    expect(backOffMessage(SUBJECT, [1, 26, 0])).toBe(`Back-off restarting failed container app in pod ${POD}`);
    expect(backOffMessage(SUBJECT, [1, 25, 16])).toBe("Back-off restarting failed container");
  });
});

describe("backOffError", () => {
  it("writes the wait as Go does", () => {
    expect(backOffError(SUBJECT, 20 * SECOND)).toBe(`back-off 20s restarting failed container=app pod=${POD}`);
    expect(backOffError(SUBJECT, 300 * SECOND)).toContain("back-off 5m0s restarting");
  });
});
