import { describe, expect, it } from "vitest";
import { diagnosticsOf, scenarioOf, SMALL_SCENARIO, smallScenarioWith } from "./small_scenario.ts";

/** The first diagnostic's message of the small scenario with one more section. */
function messagesOf(section: string): string[] {
  return diagnosticsOf(`${SMALL_SCENARIO}${section}\n`)
    .split("\n")
    .filter((line) => line.startsWith("s.yaml:"));
}

describe("A timeline", () => {
  it("reads durations, settings, rollouts and restarts", () => {
    const text = `${SMALL_SCENARIO}timeline:
  - { at: 1m, set: { kubeProxy.version: 1.12.2, sysctls.net.ipv4.ip_forward: 0 } }
  - { at: 2m, every: 10m, restart: kubeProxy }
`;
    expect(scenarioOf(text).timeline).toEqual([
      {
        at: 60_000_000,
        actions: [
          { kind: "kubeProxyVersion", version: [1, 12, 2] },
          { kind: "sysctl", name: "net.ipv4.ip_forward", text: "0" },
        ],
      },
      { at: 120_000_000, every: 600_000_000, actions: [{ kind: "restartKubeProxy" }] },
    ]);
  });

  it("shows what is wrong with a rollout, where, and how to mend it", () => {
    expect(diagnosticsOf(`${SMALL_SCENARIO}timeline: [{ at: 1m, rollout: default/ngin }]\n`)).toMatchInlineSnapshot(`
      "
      s.yaml:34:31: Cannot roll out "default/ngin": no entry of pods has this name (did you mean "default/nginx"?)
        34 | timeline: [{ at: 1m, rollout: default/ngin }]
                                           ^^^^^^^^^^^^
        expected: default/nginx or default/app
        to mend:  write default/nginx
      "
    `);
  });

  it.each([
    ["timeline: [{ at: 1m }]", "Cannot use this entry of the timeline: nothing happens in it"],
    ["timeline: [{ restart: kubeProxy }]", 'Cannot do without "at"'],
    ["timeline: [{ at: 1m, restart: kubelet }]", '"kubelet"'],
    ["timeline: [{ at: 1m, set: { kernel: 6.1 } }]", 'Cannot change "kernel" while the clock runs'],
    ["timeline: [{ at: 1m, set: { kubeProxy.version: new } }]", 'Cannot use "new" for "kubeProxy.version"'],
    ["timeline: [{ at: 1m, set: { sysctls.net.ipv4.ip_forwad: 1 } }]", 'Cannot set "net.ipv4.ip_forwad"'],
    ["timeline: [{ at: 1m, rollout: default/app }]", 'Cannot roll out "default/app": its pod network has'],
  ])("refuses %s", (section, message) => {
    expect(messagesOf(section).join("\n")).toContain(message);
  });
});

describe("A version of the timeline", () => {
  it("has the scenario's proxy mode", () => {
    const text = smallScenarioWith("{ version: 1.23.10, mode: ipvs,", "{ version: 1.29.0, mode: nftables,");
    const timeline = "timeline: [{ at: 1m, set: { kubeProxy.version: 1.28.4 } }]\n";
    expect(diagnosticsOf(text + timeline)).toMatchInlineSnapshot(`
      "
      s.yaml:34:48: Cannot run kube-proxy 1.28.4 in nftables mode: it came with 1.29.0
        34 | timeline: [{ at: 1m, set: { kubeProxy.version: 1.28.4 } }]
                                                            ^^^^^^
        expected: ipvs or iptables with kube-proxy 1.28.4
        to mend:  write another mode, or a version from 1.29.0 on
      "
    `);
  });
});

describe("A load balancer", () => {
  const balancer = (keys: string): string => `loadBalancers: [{ name: lb, address: 10.10.85.200, ${keys} }]`;

  it.each([
    [
      balancer("service: default/wbe"),
      'Cannot check "default/wbe": no service has this name (did you mean "default/web"?)',
    ],
    [
      balancer("service: default/web, nodePort: 30081"),
      'Cannot check "default/web" on 30081: it has no such TCP NodePort',
    ],
    [balancer("service: default/web").replace("85.200", "85.105"), "Cannot give 10.10.85.105 to load balancer"],
    [
      `${balancer("service: default/web").slice(0, -1)}, { name: lb, address: 10.10.85.201, service: default/web }]`,
      'Cannot name two load balancers "lb"',
    ],
  ])("refuses %s", (section, message) => {
    expect(messagesOf(section).join("\n")).toContain(message);
  });

  it("checks the first NodePort of its service, as a classic ELB does by default", () => {
    const [setup] = scenarioOf(`${SMALL_SCENARIO}${balancer("service: default/web")}\n`).loadBalancers;
    expect(setup).toMatchObject({
      nodePort: 30080,
      connections: 0,
      healthCheck: { protocol: "TCP", interval: 10e6, timeout: 5e6, unhealthyThreshold: 6, healthyThreshold: 2 },
    });
  });
});

describe("Pods elsewhere", () => {
  const pods = (keys: string): string =>
    SMALL_SCENARIO.replace(
      "  - name: default/nginx\n",
      `  - { name: default/away, replicas: 2, listen: [80], ${keys} }\n  - name: default/nginx\n`,
    );

  it("are no pods of the node, and take addresses from their own network", () => {
    const scenario = scenarioOf(pods("nodeName: others, podCIDR: 10.50.0.0/24"));
    expect(scenario.pods.map(({ name }) => name)).toEqual(["default/nginx", "default/app-0", "default/app-1"]);
    expect(scenario.workloads).toMatchObject([{ name: "default/away", isElsewhere: true, pool: -1 }]);
    expect(scenario.workloads[0]!.pods.map(({ name }) => name)).toEqual(["default/away-0", "default/away-1"]);
  });

  it("need a network", () => {
    expect(diagnosticsOf(pods("nodeName: others"))).toContain("it runs elsewhere, and podCIDR is not given");
  });

  it("are selected by name", () => {
    const text = SMALL_SCENARIO.replace("    endpoints: [10.23.77.131, 10.23.78.12]\n", "    selector: default/ap\n");
    expect(diagnosticsOf(text)).toContain('Cannot select "default/ap" in "default/web"');
  });
});
