import { describe, expect, it } from "vitest";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { diagnosticsOf, scenarioOf, SMALL_SCENARIO, smallScenarioWith } from "./small_scenario.ts";

function sysctlOf(overrides: readonly string[], name = "net.ipv4.ip_local_port_range"): string | undefined {
  return scenarioOf(SMALL_SCENARIO, overrides).sysctls.find(([candidate]) => candidate === name)?.[1];
}

describe("overrides", () => {
  it("set values by their keys", () => {
    const scenario = scenarioOf(SMALL_SCENARIO, [
      "kernel=5.10",
      "seed=007",
      "replications=3",
      "kubeProxy.version=1.18.20",
    ]);
    expect(scenario.kernel.build).toBe("5.10");
    expect(scenario.seed).toBe("007");
    expect(scenario.replications).toBe(3);
    expect(scenario.kubeProxy.version).toEqual([1, 18, 20]);
  });

  it("take all that stands behind sysctls. as one name, and the value as it is", () => {
    const name = "net.ipv4.ip_local_reserved_ports";
    expect(sysctlOf([`sysctls.${name}=20000-40000`], name)).toBe("20000-40000");
    expect(sysctlOf([`sysctls.${name}=30000-32767,8080`], name)).toBe("30000-32767,8080");
    expect(sysctlOf([`sysctls.${name}=`], name)).toBe("");
    expect(sysctlOf([`sysctls.${name}="010"`], name)).toBe("010");
    expect(sysctlOf(["sysctls.net.core.somaxconn=0x80"], "net.core.somaxconn")).toBe("0x80");
  });

  it("name the section of a sysctl that was forgotten", () => {
    const parsed = parseScenario(SMALL_SCENARIO, "s.yaml", ["net.ipv4.ip_local_port_range=1024 65000"]);
    expect(parsed.ok ? [] : parsed.diagnostics.map(({ toMend }) => toMend)).toEqual([
      "write --set 'sysctls.net.ipv4.ip_local_port_range=1024 65000'",
    ]);
  });

  it("address items of lists by their names, which may hold dots and slashes", () => {
    const scenario = scenarioOf(SMALL_SCENARIO, [
      "churn.zabbix.rate=100/s",
      "services.many.generate=12",
      "pods.default/nginx.readinessProbe.periodSeconds=5",
      "pods.default/nginx.listen=[80, 81]",
    ]);
    expect(scenario.churn[0]?.ratePerSecond).toBe(100);
    expect(scenario.serviceGenerators[0]?.count).toBe(12);
    expect(scenario.pods[0]?.readinessProbe?.periodSeconds).toBe(5);
    expect(scenario.pods[0]?.listen).toEqual([80, 81]);
  });

  it("prefer the longest name of an item", () => {
    const text = smallScenarioWith("name: many", "name: many.more").replace(
      "pods:\n",
      "  - { generate: 1, name: many }\npods:\n",
    );
    const counts = scenarioOf(text, ["services.many.more.generate=7"]).serviceGenerators.map(({ count }) => count);
    expect(counts).toEqual([7, 1]);
  });

  it("switch node-local-dns off, and add sections that the file does not have", () => {
    expect(scenarioOf(SMALL_SCENARIO, ["nodeLocalDns=off"]).nodeLocalDns).toBeUndefined();
    const bare = smallScenarioWith("nodeLocalDns: { version: 1.7.0, address: 169.254.20.10 }\n", "");
    const scenario = scenarioOf(bare, ["nodeLocalDns.version=1.8.0", "nodeLocalDns.address=169.254.20.10"]);
    expect(scenario.nodeLocalDns?.version).toEqual([1, 8, 0]);
  });

  it("give keys to a kernel that the file names as text", () => {
    const { era, build } = scenarioOf(SMALL_SCENARIO, ["kernel.hz=1000", "kernel.portWalk=5.18+"]).kernel;
    expect([build, era.hz, era.portWalk]).toEqual(["5.4.188", 1000, "5.18+"]);
  });

  it("derive the port range from its low end and its width, in any order", () => {
    expect(sysctlOf(["portRange.width=1000"])).toBe("1024 2023");
    expect(sysctlOf(["portRange.low=1025"])).toBe("1025 65001");
    expect(sysctlOf(["portRange.low=60000", "portRange.width=1000"])).toBe("60000 60999");
    expect(sysctlOf(["portRange.width=1000", "portRange.low=60000"])).toBe("60000 60999");
  });

  it("derive the port range from the kernel's default when the file has none", () => {
    const text = smallScenarioWith("  net.ipv4.ip_local_port_range: 1024 65000\n", "");
    expect(scenarioOf(text, ["portRange.width=10"]).sysctls).toContainEqual([
      "net.ipv4.ip_local_port_range",
      "32768 32777",
    ]);
  });

  it("apply in their order, the last one to a path", () => {
    expect(scenarioOf(SMALL_SCENARIO, ["kernel=6.1", "kernel=5.10"]).kernel.build).toBe("5.10");
  });
});

describe("a wrong override", () => {
  it("names the keys there are and proposes the near one", () => {
    expect(diagnosticsOf(SMALL_SCENARIO, ["kubProxy.version=1.18.20"])).toMatchInlineSnapshot(`
      "
      --set:1:1: Cannot set "kubProxy.version": there is no such key in the scenario (did you mean "kubeProxy"?)
        1 | kubProxy.version=1.18.20
            ^^^^^^^^
        expected: about, kernel, duration, replications, seed, node, nodes, sysctls, kubelet, kubeProxy, services, pods, nodeLocalDns, churn, expect, variants, audit, endpointHosts, timeline, endpointSlices, loadBalancers, overlay, cloud or portRange
        to mend:  write --set kubeProxy.version=1.18.20
      "
    `);
    expect(diagnosticsOf(SMALL_SCENARIO, ["kubeProxy.versoin=1.18.20"])).toMatchInlineSnapshot(`
      "
      --set:1:11: Cannot set "kubeProxy.versoin": there is no such key in "kubeProxy" (did you mean "version"?)
        1 | kubeProxy.versoin=1.18.20
                      ^^^^^^^
        expected: version, mode, nodePortRange, scheduler or nodePortAddresses
        to mend:  write --set kubeProxy.version=1.18.20
      "
    `);
  });

  it("names the items of a list", () => {
    expect(diagnosticsOf(SMALL_SCENARIO, ["churn.zabix.rate=1/s"])).toMatchInlineSnapshot(`
      "
      --set:1:7: Cannot set "churn.zabix.rate": no item of "churn" has that name (did you mean "zabbix"?)
        1 | churn.zabix.rate=1/s
                  ^^^^^^^^^^
        expected: zabbix
        to mend:  name one of these items
      "
    `);
  });

  it("is refused where it is no PATH=VALUE, goes below a value, or names a whole section", () => {
    expect(diagnosticsOf(SMALL_SCENARIO, ["kernel"])).toMatchInlineSnapshot(`
      "
      --set:1:1: Cannot apply "kernel": it is not of the form PATH=VALUE
        1 | kernel
            ^^^^^^
        expected: a path, =, and a value, such as kernel=6.1
        to mend:  write --set kernel=VALUE
      "
    `);
    expect(diagnosticsOf(SMALL_SCENARIO, ["duration.hours=1"])).toMatchInlineSnapshot(`
      "
      --set:1:10: Cannot set "duration.hours": "duration" is a single value and has no keys
        1 | duration.hours=1
                     ^^^^^
        expected: duration=VALUE
        to mend:  write duration=1
      "
    `);
    expect(diagnosticsOf(SMALL_SCENARIO, ["kubeProxy=1.18.20"])).toMatchInlineSnapshot(`
      "
      --set:1:1: Cannot set "kubeProxy" as a whole: it has keys of its own
        1 | kubeProxy=1.18.20
            ^^^^^^^^^
        expected: kubeProxy. and one of version, mode, nodePortRange, scheduler or nodePortAddresses
        to mend:  name the key to set
      "
    `);
  });

  it("is refused for its value with the column of the value", () => {
    expect(diagnosticsOf(SMALL_SCENARIO, ["duration=10"])).toMatchInlineSnapshot(`
      "
      --set:1:10: Cannot use "10" for "duration": it has no unit
        1 | duration=10
                     ^^
        expected: a duration such as 24h, 90m, 1h30m, 30s or 500us
        to mend:  write 10s, 10m or 10h
      "
    `);
    expect(diagnosticsOf(SMALL_SCENARIO, ["services.many.generate=[1"])).toMatchInlineSnapshot(`
      "
      --set:1:26: Cannot read the YAML: flow sequence must end with a ]
        1 | services.many.generate=[1
                                     ^
        expected: YAML 1.2
        to mend:  add the missing character
      "
    `);
    expect(diagnosticsOf(SMALL_SCENARIO, ["portRange.low=20000"])).toMatchInlineSnapshot(`
      "
      --set:1:15: Cannot use 63977 ports from 20000: the range would end at 83976
        1 | portRange.low=20000
                          ^^^^^
        expected: a range that ends at 65535 or below
        to mend:  set portRange.width as well, to 45536 or less
      "
    `);
    expect(diagnosticsOf(SMALL_SCENARIO, ["portRange.high=20000"])).toMatchInlineSnapshot(`
      "
      --set:1:11: Cannot use the key "high": there is no such key in "portRange"
        1 | portRange.high=20000
                      ^^^^
        expected: low or width
        to mend:  write portRange.low or portRange.width
      "
    `);
  });

  it("is named where it collides with the file", () => {
    const message = diagnosticsOf(SMALL_SCENARIO, ["node.interfaces.eth0.addresses=[10.96.0.20/24]"]);
    expect(message).toContain(
      's.yaml:17:16: Cannot give 10.96.0.20 to service "default/web": interface "eth0" has it (--set node.interfaces.eth0.addresses=[10.96.0.20/24])',
    );
  });
});
