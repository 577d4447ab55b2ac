import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../src/scenario/diagnostic.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { formatIpv4 } from "../../src/units.ts";
import { scenarioOf, SMALL_SCENARIO, smallScenarioWith } from "./small_scenario.ts";

function addressesOf(text: string): Record<string, string> {
  return Object.fromEntries(scenarioOf(text).pods.map(({ name, address }) => [name, formatIpv4(address)]));
}

describe("parseScenario", () => {
  it("takes kernels, versions, seeds and sysctls as source text: 5.10 is not 5.1", () => {
    const text = smallScenarioWith('"5.4.188"', "5.10").replace('"10250"', "010250\nseed: 007");
    const { kernel, seed, sysctls } = scenarioOf(text);
    expect([kernel.build, kernel.era.release]).toEqual(["5.10", [5, 10, 0]]);
    expect(seed).toBe("007");
    expect(sysctls[1]).toEqual(["net.ipv4.ip_local_reserved_ports", "010250"]);
  });

  it("keeps sysctls in the order of the file", () => {
    expect(scenarioOf(SMALL_SCENARIO).sysctls.map(([name]) => name)).toEqual([
      "net.ipv4.ip_local_port_range",
      "net.ipv4.ip_local_reserved_ports",
    ]);
  });

  it("fills in what the file leaves open", () => {
    const { replications, seed, duration, node, kubelet, kubeProxy, churn } = scenarioOf(SMALL_SCENARIO);
    expect({ replications, seed, duration }).toEqual({ replications: 8, seed: "portfall", duration: 5_400_000_000 });
    expect(node.memoryBytes).toBe(17_179_869_184);
    expect(node.interfaces.map(({ kind }) => kind)).toEqual(["physical", "bridge", "dummy"]);
    expect(formatIpv4(node.primaryAddress)).toBe("10.10.85.105");
    expect(formatIpv4(node.gateway ?? 0)).toBe("10.10.85.1");
    expect(kubelet.httpProbeClosesFirst).toBe(0.11);
    expect(kubeProxy.scheduler).toBe("rr");
    expect(churn[0]).toMatchObject({ ratePerSecond: 2, arrivals: "poisson", closes: "client" });
  });

  it("gives probes the defaults of Kubernetes", () => {
    expect(scenarioOf(SMALL_SCENARIO).pods[1]?.livenessProbe).toEqual({
      handler: { kind: "tcpSocket", port: 8080 },
      initialDelaySeconds: 0,
      periodSeconds: 10,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });

  it("gives node-local-dns the probe of its manifest", () => {
    expect(scenarioOf(SMALL_SCENARIO).nodeLocalDns).toMatchObject({
      version: [1, 7, 0],
      healthPort: 8080,
      selfCheck: true,
      livenessProbe: {
        handler: { kind: "httpGet", port: 8080, path: "/health" },
        periodSeconds: 10,
        timeoutSeconds: 5,
      },
    });
  });

  it("gives pods the addresses of the bridge's network in order, without those that are named elsewhere", () => {
    expect(addressesOf(SMALL_SCENARIO)).toEqual({
      "default/nginx": "10.23.77.130",
      "default/app-0": "10.23.77.132",
      "default/app-1": "10.23.77.133",
    });
  });

  it("leaves a pod the address that it names, even if a service has it as an endpoint", () => {
    const text = smallScenarioWith("    replicas: 2\n", "    address: 10.23.77.131\n").replace("app-1", "app");
    expect(addressesOf(text)).toEqual({ "default/nginx": "10.23.77.130", "default/app": "10.23.77.131" });
  });

  it("gives pods with hostNetwork the node's address, and routed pods one of podCIDR", () => {
    const host = smallScenarioWith("listen: [80]", "listen: [80]\n    hostNetwork: true");
    expect(addressesOf(host)["default/nginx"]).toBe("10.10.85.105");
    const routed = smallScenarioWith("node:\n", "node:\n  podNetwork: routed\n  podCIDR: 10.42.7.0/24\n");
    expect(addressesOf(routed)["default/nginx"]).toBe("10.42.7.1");
  });

  it("keeps generated services as generators, since the NodePorts belong to each replication", () => {
    const { services, serviceGenerators } = scenarioOf(SMALL_SCENARIO);
    expect(services.map(({ name, ports }) => [name, ports[0]?.nodePort])).toEqual([["default/web", 30_080]]);
    expect(serviceGenerators).toEqual([
      {
        name: "many",
        count: 10,
        nodePorts: "random",
        list: [],
        port: 80,
        targetPort: 80,
        protocol: "TCP",
        endpoints: [],
      },
    ]);
  });

  it("accepts numbers of replicas down to 0, for sweeps", () => {
    expect(
      scenarioOf(smallScenarioWith("replicas: 2", "replicas: 0").replace("default/app-1", "node")).pods,
    ).toHaveLength(1);
  });

  it("reads aliases, byte order marks and line ends of either kind as the same scenario", () => {
    const aliased = smallScenarioWith("kubelet: { version: 1.23.10 }", "kubelet: { version: &v 1.23.10 }").replace(
      "kubeProxy: { version: 1.23.10",
      "kubeProxy: { version: *v",
    );
    expect(scenarioOf(aliased)).toEqual(scenarioOf(SMALL_SCENARIO));
    expect(scenarioOf(`\ufeff${SMALL_SCENARIO.replaceAll("\n", "\r\n")}`)).toEqual(scenarioOf(SMALL_SCENARIO));
  });

  it("yields data that crosses a worker's boundary", () => {
    const scenario = scenarioOf(SMALL_SCENARIO);
    expect(structuredClone(scenario)).toEqual(scenario);
  });

  it("warns of a startup probe of a port on which nobody listens as of any other, and of no other startup probe", () => {
    const warningsOf = (port: number): readonly string[] => {
      const text = SMALL_SCENARIO.replace("livenessProbe:", "startupProbe:").replace(
        "port: 8080 } }",
        `port: ${port} } }`,
      );
      const parsed = parseScenario(text, "s.yaml", []);
      return parsed.ok ? parsed.warnings.map(({ message }) => message) : ["no scenario"];
    };
    expect(warningsOf(1)).toEqual([
      "The probe asks port 1, on which the pod does not listen: every probe will be refused",
    ]);
    expect(warningsOf(8080)).toEqual([]);
  });

  it("warns of a probe of a port on which nobody listens", () => {
    const parsed = parseScenario(smallScenarioWith("httpGet: { port: 80 }", "httpGet: { port: 8081 }"), "s.yaml", []);
    expect(parsed.ok && `\n${parsed.warnings.map(formatDiagnostic).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      s.yaml:24:40: The probe asks port 8081, on which the pod does not listen: every probe will be refused
        24 |     readinessProbe: { httpGet: { port: 8081 }, periodSeconds: 10 }
                                                    ^^^^
        expected: one of the ports in listen: 80
        to mend:  correct the port, or add it to listen
      "
    `);
  });
});
