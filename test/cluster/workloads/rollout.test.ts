import { describe, expect, it } from "vitest";
import { formatIpv4, SECOND } from "../../../src/units.ts";
import { ip } from "../../support/small_network.ts";
import { bootOf, type BootedNode, runOf, smallNode } from "../small_node.ts";

// Goal: endpoints follow pods: readiness, restarts and rollouts reach IPVS; addresses come up and go.
// Method: a service on port 30090 that selects pods, on the node or elsewhere; real servers are read from the kernel.

const SERVICE_PORT = 30090;

function sections(pods: string, timeline: string): string {
  return `  - name: default/app
    type: NodePort
    clusterIP: 10.96.0.30
    ports: [{ port: 80, nodePort: ${SERVICE_PORT}, targetPort: 8080 }]
    selector: default/app
pods:
  - { name: default/app, listen: [8080], ${pods} }
timeline: ${timeline}
`;
}

const ELSEWHERE = "replicas: 4, nodeName: others, podCIDR: 10.23.79.0/24";

/** Addresses of the real servers behind the NodePort, sorted. */
function serversOf({ node }: BootedNode): string[] {
  const ipvs = node.machine.requireIpvs(node.netns);
  const virtual = ipvs.findService(6, ip("10.10.85.105"), SERVICE_PORT);
  return (virtual?.servers ?? []).map(({ address }) => formatIpv4(address)).toSorted();
}

describe("A rollout", () => {
  it("replaces all pods elsewhere, and IPVS has the new ones only", () => {
    const booted = bootOf(smallNode(sections(ELSEWHERE, "[{ at: 10s, rollout: default/app }]")));
    booted.node.start();
    booted.loop.runUntil(9 * SECOND);
    expect(serversOf(booted)).toEqual(["10.23.79.1", "10.23.79.2", "10.23.79.3", "10.23.79.4"]);
    booted.loop.runUntil(60 * SECOND);
    expect(serversOf(booted)).toEqual(["10.23.79.5", "10.23.79.6", "10.23.79.7", "10.23.79.8"]);
    const network = booted.node.machine.netns("network")!;
    expect([network.hasAddress(ip("10.23.79.1")), network.hasAddress(ip("10.23.79.8"))]).toEqual([false, true]);
  });

  it("never has more than five of four pods, nor fewer than three ready ones", () => {
    const booted = bootOf(smallNode(sections(ELSEWHERE, "[{ at: 10s, rollout: default/app }]")));
    booted.node.start();
    const counts = new Set<number>();
    for (let at = 10 * SECOND; at < 30 * SECOND; at += SECOND / 10) {
      booted.loop.runUntil(at);
      counts.add(serversOf(booted).length);
    }
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...counts)).toBeLessThanOrEqual(5);
  });

  it("replaces pods of the node, which their readiness probe lets in", () => {
    const probe = "replicas: 2, readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 5 }";
    const booted = bootOf(smallNode(sections(probe, "[{ at: 10s, rollout: default/app }]")));
    booted.node.start();
    booted.loop.runUntil(5 * SECOND);
    expect(serversOf(booted)).toEqual(["10.23.77.130", "10.23.77.131"]);
    booted.loop.runUntil(120 * SECOND);
    expect(serversOf(booted)).toEqual(["10.23.77.132", "10.23.77.133"]);
    expect(booted.node.kubelet.totals.failed).toBeLessThanOrEqual(2);
    expect(booted.node.kubelet.readiness().flips).toBe(0);
  });

  it("lets a pod of the node in only after its initialDelaySeconds", () => {
    const probe = "readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 5, initialDelaySeconds: 40 }";
    const booted = bootOf(smallNode(sections(`replicas: 1, ${probe}`, "[{ at: 10s, rollout: default/app }]")));
    booted.node.start();
    booted.loop.runUntil(49 * SECOND);
    expect(serversOf(booted)).toEqual(["10.23.77.130"]);
    booted.loop.runUntil(120 * SECOND);
    expect(serversOf(booted)).toEqual(["10.23.77.131"]);
  });

  it("lets a pod of the node in when its startup probe has succeeded, and its readiness probe right after that", () => {
    const probes =
      "containerStart: 12s, startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 7 }, " +
      "readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 60 }";
    const readyAt = (version: string): number => {
      const text = sections(`replicas: 1, ${probes}`, "[{ at: 10s, rollout: default/app }]");
      const booted = bootOf(smallNode(text, [`kubelet.version=${version}`]));
      booted.node.start();
      let second = 10;
      for (; second < 200 && !serversOf(booted).includes("10.23.77.131"); second += 1)
        booted.loop.runUntil(second * SECOND);
      return second;
    };
    // The startup probe ticks every 7 s from 10 s on, and the container runs from 22 s on; then the slice's way.
    expect(readyAt("1.23.10")).toBe(26);
    // Up to 1.20 the first tick of each probe comes at a random phase, and readiness waits for its own.
    expect(readyAt("1.20.15")).toBeGreaterThan(26);
  });

  // The old pod takes 40 s to end; its probes, one a second, are refused: nobody listens on port 81.
  it.each([
    ["1.20.15", true],
    ["1.21.0", false],
  ])("of kubelet %s may still kill a pod that is being deleted for its liveness: %s", (version, mayKill) => {
    const liveness = "livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 1, failureThreshold: 20 }";
    const text = sections(`replicas: 1, containerStop: 40s, ${liveness}`, "[{ at: 10s, rollout: default/app }]");
    const { loop, node } = bootOf(smallNode(text, [`kubelet.version=${version}`]));
    node.start();
    loop.runUntil(49 * SECOND);
    const killed = node.kubelet.events.events.filter(({ reason }) => reason === "Killing").map(({ pod }) => pod);
    expect(killed.includes("default/app")).toBe(mayKill);
    expect(killed).toContain("default/app-r1-0");
  });

  it("overtaken by the next one never lets a pod listen that is gone before it was ready", () => {
    const pods = "replicas: 1, nodeName: others, podCIDR: 10.23.79.0/29, containerStart: 1s, containerStop: 1us";
    const timeline = "[{ at: 10s, rollout: default/app }, { at: 10500ms, rollout: default/app }]";
    const booted = bootOf(smallNode(sections(pods, timeline)));
    booted.node.start();
    booted.loop.runUntil(11_200_000);
    const network = booted.node.machine.netns("network")!;
    expect([2, 3].map((last) => network.hasAddress(ip(`10.23.79.${last}`)))).toEqual([false, true]);
    booted.loop.runUntil(60 * SECOND);
    expect(serversOf(booted)).toEqual(["10.23.79.3"]);
  });

  it("comes again and again, and an address is used again only when its turn has come", () => {
    const pods = "replicas: 1, nodeName: others, podCIDR: 10.23.79.0/29";
    const booted = bootOf(smallNode(sections(pods, "[{ at: 10s, every: 20s, rollout: default/app }]")));
    booted.node.start();
    const seen: string[] = [];
    for (let at = 5 * SECOND; at <= 165 * SECOND; at += 20 * SECOND) {
      booted.loop.runUntil(at);
      seen.push(...serversOf(booted));
    }
    expect(seen.map((address) => address.split(".").at(-1))).toEqual(["1", "2", "3", "4", "5", "6", "1", "2", "3"]);
  });
});

describe("Endpoints", () => {
  it("lose a pod whose readiness probe fails, and have it back when it succeeds", () => {
    // The server answers after 1.5 s, the probe waits one: the pod is unready from its first three probes on.
    const slow =
      "readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1, failureThreshold: 3 }, responseDelay: 1500ms";
    const booted = bootOf(smallNode(sections(slow, "[]")));
    booted.node.start();
    booted.loop.runUntil(SECOND / 2);
    expect(serversOf(booted)).toHaveLength(1);
    booted.loop.runUntil(10 * SECOND);
    expect(serversOf(booted)).toEqual([]);
  });

  it("lose a pod while its container restarts, longer each time", () => {
    const dying = "livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 1, failureThreshold: 1 }";
    const booted = bootOf(smallNode(sections(dying, "[]")));
    booted.node.start();
    let without = 0;
    for (let at = SECOND; at <= 300 * SECOND; at += SECOND) {
      booted.loop.runUntil(at);
      if (serversOf(booted).length === 0) without += 1;
    }
    expect(booted.node.kubelet.restarts()).toBeGreaterThan(3);
    expect(without).toBeGreaterThan(200);
  });
});

describe("A timeline", () => {
  it("changes a sysctl at its moment", () => {
    const set = 'timeline: [{ at: 10s, set: { sysctls.net.ipv4.ip_local_port_range: "40000 50000" } }]\n';
    const { loop, node } = bootOf(smallNode(set));
    node.start();
    loop.runUntil(10 * SECOND - 1);
    expect(node.netns.sysctls.localPortRange).toEqual([32768, 60999]);
    loop.runUntil(10 * SECOND);
    expect(node.netns.sysctls.localPortRange).toEqual([40000, 50000]);
  });

  it("restarts kube-proxy: claims are dropped, virtual servers stand, and the first sync claims again", () => {
    const { loop, node } = bootOf(
      smallNode("timeline: [{ at: 10s, restart: kubeProxy }]\n", ["kubeProxy.version=1.18.20"]),
    );
    node.start();
    const ipvs = node.machine.requireIpvs(node.netns);
    const states: [number, boolean][] = [];
    for (const at of [9, 10.5, 14]) {
      loop.runUntil(at * SECOND);
      const hasService = ipvs.findService(6, ip("10.10.85.105"), 36704) !== undefined;
      states.push([node.kubeProxy.heldPorts().length, hasService]);
    }
    expect(states).toEqual([
      [1, true],
      [0, true],
      [1, true],
    ]);
  });

  it("changes kube-proxy's release: from 1.23.7 on NodePorts are not held any more", () => {
    const set = "timeline: [{ at: 10s, set: { kubeProxy.version: 1.23.10 } }]\n";
    const result = runOf(smallNode(set, ["kubeProxy.version=1.18.20"]));
    expect(result.kubeProxy.restarts).toBe(1);
    const { loop, node } = bootOf(smallNode(set, ["kubeProxy.version=1.18.20"]));
    node.start();
    loop.runUntil(20 * SECOND);
    expect([node.kubeProxy.heldPorts(), node.kubeProxy.era.claimsNodePorts]).toEqual([[], false]);
  });
});
