import { describe, expect, it } from "vitest";
import { formatDiagnostic, missingFile } from "../../src/scenario/diagnostic.ts";
import { diagnosticsOf, SMALL_SCENARIO, smallScenarioWith } from "./small_scenario.ts";

// Goal: each kind of wrong input is refused with file, line, column, the line itself and the mend.
// Method: the small scenario, which has no problem, with one thing made wrong; the texts are compared whole.

describe("the shape of a scenario", () => {
  it("has no problem in the scenario that the other tests break", () => {
    expect(diagnosticsOf(SMALL_SCENARIO)).toBe("none");
  });

  it("refuses an unknown key and proposes the near one", () => {
    expect(diagnosticsOf(smallScenarioWith("nodePortRange:", "nodePortRang:"))).toMatchInlineSnapshot(`
      "
      s.yaml:13:44: Cannot use the key "nodePortRang": there is no such key in "kubeProxy" (did you mean "nodePortRange"?)
        13 | kubeProxy: { version: 1.23.10, mode: ipvs, nodePortRang: 20000-40000 }
                                                        ^^^^^^^^^^^^
        expected: version, mode, nodePortRange, scheduler or nodePortAddresses
        to mend:  write nodePortRange
      "
    `);
  });

  it("refuses an unknown key that is near to none", () => {
    expect(diagnosticsOf(`${SMALL_SCENARIO}weather: fine\n`)).toMatchInlineSnapshot(`
      "
      s.yaml:34:1: Cannot use the key "weather": there is no such key in the scenario
        34 | weather: fine
             ^^^^^^^
        expected: about, kernel, duration, replications, seed, node, nodes, sysctls, kubelet, kubeProxy, services, pods, nodeLocalDns, churn, expect, variants, audit, endpointHosts, timeline, endpointSlices, loadBalancers, overlay or cloud
        to mend:  delete the key
      "
    `);
  });

  it("refuses a key that is written twice", () => {
    expect(diagnosticsOf(`${SMALL_SCENARIO}kernel: "6.1"\n`)).toMatchInlineSnapshot(`
      "
      s.yaml:34:1: Cannot use the key "kernel" twice in one map: line 2 has it
        34 | kernel: "6.1"
             ^^^^^^
        expected: each key once
        to mend:  delete one of the two
      "
    `);
  });

  it("refuses a scenario without a key that it needs", () => {
    expect(diagnosticsOf(smallScenarioWith("duration: 1h30m\n", ""))).toMatchInlineSnapshot(`
      "
      s.yaml:1:1: Cannot read the scenario without "duration"
        1 | about: One of everything.
            ^
        expected: "duration": a duration such as 24h, 90m, 1h30m, 30s or 500us
        to mend:  add a line \`duration: …\` (\`sim init\` writes an example)
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("to: 10.10.85.10:10050, ", ""))).toMatchInlineSnapshot(`
      "
      s.yaml:31:5: Cannot do without "to" in "churn"
        31 |   - { name: zabbix, from: default/app-1, rate: 120/m }
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: "to": an IPv4 address with a port, such as 10.10.85.10:10050, or a pod or service, such as default/web:80
        to mend:  add \`to: …\`
      "
    `);
  });

  it("refuses a value of a wrong type", () => {
    expect(diagnosticsOf(smallScenarioWith("replicas: 2", "replicas: two"))).toMatchInlineSnapshot(`
      "
      s.yaml:26:15: Cannot use "two" for "replicas": it is text
        26 |     replicas: two
                           ^^^
        expected: a whole number from 0 to 65534
        to mend:  write a whole number from 0 to 65534
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("listen: [80]", 'listen: ["80"]'))).toMatchInlineSnapshot(`
      "
      s.yaml:23:14: Cannot use "80" in "listen": it is text
        23 |     listen: ["80"]
                          ^^^^
        expected: a whole number from 1 to 65535
        to mend:  write 80 without quotes
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("listen: [80]", "listen: 80"))).toMatchInlineSnapshot(`
      "
      s.yaml:23:13: Cannot use "80" for "listen": it is no list
        23 |     listen: 80
                         ^^
        expected: a list
        to mend:  write [80]
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("kubelet: { version: 1.23.10 }", "kubelet:"))).toMatchInlineSnapshot(`
      "
      s.yaml:12:1: Cannot use an empty value for "kubelet"
        12 | kubelet:
             ^^^^^^^
        expected: a map with version or httpProbeClosesFirst
        to mend:  write a value, or delete the key
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("replicas: 2", "replicas: 1.5"))).toMatchInlineSnapshot(`
      "
      s.yaml:26:15: Cannot use "1.5" for "replicas": it is no whole number
        26 |     replicas: 1.5
                           ^^^
        expected: a whole number from 0 to 65534
        to mend:  write a whole number from 0 to 65534
      "
    `);
  });

  it("refuses a word that is none of the known ones", () => {
    expect(diagnosticsOf(smallScenarioWith("kind: dummy", "kind: dumy"))).toMatchInlineSnapshot(`
      "
      s.yaml:8:35: Cannot use "dumy" for "kind": it is none of the known words
        8 |     - { name: nodelocaldns, kind: dumy, addresses: [169.254.20.10/32] }
                                              ^^^^
        expected: one of physical, bridge, dummy
        to mend:  write dummy
      "
    `);
  });

  it("refuses durations, rates and releases that say too little", () => {
    expect(diagnosticsOf(smallScenarioWith("1h30m", "90"))).toMatchInlineSnapshot(`
      "
      s.yaml:3:11: Cannot use "90" for "duration": it has no unit
        3 | duration: 90
                      ^^
        expected: a duration such as 24h, 90m, 1h30m, 30s or 500us
        to mend:  write 90s, 90m or 90h
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("120/m", "2"))).toMatchInlineSnapshot(`
      "
      s.yaml:31:71: Cannot use "2" for "rate": it has no unit
        31 |   - { name: zabbix, from: default/app-1, to: 10.10.85.10:10050, rate: 2 }
                                                                                   ^
        expected: a rate such as 2.7/s, 60/m or 100/h
        to mend:  write 2/s, 2/m or 2/h
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("kubelet: { version: 1.23.10 }", "kubelet: { version: 1.23 }")))
      .toMatchInlineSnapshot(`
      "
      s.yaml:12:21: Cannot use "1.23" for "version": it names no patch release, and patches differ in behaviour
        12 | kubelet: { version: 1.23 }
                                 ^^^^
        expected: a release such as 1.23.10
        to mend:  write the patch too, such as 1.23.0
      "
    `);
  });

  it("refuses nftables mode before kube-proxy 1.29, which brought it", () => {
    expect(diagnosticsOf(smallScenarioWith("mode: ipvs", "mode: nftables"))).toMatchInlineSnapshot(`
      "
      s.yaml:13:38: Cannot run kube-proxy 1.23.10 in nftables mode: it came with 1.29.0
        13 | kubeProxy: { version: 1.23.10, mode: nftables, nodePortRange: 20000-40000 }
                                                  ^^^^^^^^
        expected: ipvs or iptables with kube-proxy 1.23.10
        to mend:  write another mode, or a version from 1.29.0 on
      "
    `);
    const later = smallScenarioWith("mode: ipvs", "mode: nftables").replace(
      "kubeProxy: { version: 1.23.10",
      "kubeProxy: { version: 1.29.0",
    );
    expect(diagnosticsOf(later)).toBe("none");
  });

  it("does not take a misspelt word for a part that is not served yet", () => {
    expect(diagnosticsOf(smallScenarioWith("mode: ipvs", "mode: iptable"))).toMatchInlineSnapshot(`
      "
      s.yaml:13:38: Cannot use "iptable" for "mode": it is none of the known words
        13 | kubeProxy: { version: 1.23.10, mode: iptable, nodePortRange: 20000-40000 }
                                                  ^^^^^^^
        expected: one of ipvs, iptables, nftables, userspace
        to mend:  write iptables
      "
    `);
  });

  it("names each part that is not served yet", () => {
    const text = smallScenarioWith("mode: ipvs", "mode: userspace").replace(
      "httpGet: { port: 80 }",
      "httpGet: { port: 80, scheme: HTTPS }",
    );
    const lines = diagnosticsOf(text).split("\n");
    expect(lines.filter((line) => line.includes("not served yet"))).toMatchInlineSnapshot(`
      [
        "s.yaml:13:38: Cannot simulate kube-proxy's mode userspace: not served yet",
        "s.yaml:24:52: Cannot simulate HTTPS probes: not served yet",
      ]
    `);
  });
});

describe("a text that is no YAML", () => {
  it("is refused where the syntax breaks, and what stands before is checked as well", () => {
    expect(diagnosticsOf("abuot: x\nnode:\n\tinterfaces: []\n")).toMatchInlineSnapshot(`
      "
      s.yaml:1:1: Cannot use the key "abuot": there is no such key in the scenario (did you mean "about"?)
        1 | abuot: x
            ^^^^^
        expected: about, kernel, duration, replications, seed, node, nodes, sysctls, kubelet, kubeProxy, services, pods, nodeLocalDns, churn, expect, variants, audit, endpointHosts, timeline, endpointSlices, loadBalancers, overlay or cloud
        to mend:  write about
      s.yaml:3:1: Cannot read the YAML: tabs are not allowed as indentation
        3 | 	interfaces: []
            ^
        expected: YAML 1.2
        to mend:  indent with spaces
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("[80]", "[80"))).toMatchInlineSnapshot(`
      "
      s.yaml:24:5: Cannot read the YAML: flow sequence in block collection must be sufficiently indented and end with a ]
        24 |     readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10 }
                 ^
        expected: YAML 1.2
        to mend:  close the bracket, or indent the line as deep as its siblings
      "
    `);
    expect(diagnosticsOf("about: a: b\n")).toMatchInlineSnapshot(`
      "
      s.yaml:1:8: Cannot read the YAML: nested mappings are not allowed in compact mappings
        1 | about: a: b
                   ^
        expected: YAML 1.2
        to mend:  put a value that holds ": " in quotes, or start a map on the next line
      "
    `);
  });

  it("is refused when it is empty, no map or too deep", () => {
    expect(diagnosticsOf("")).toMatchInlineSnapshot(`
      "
      s.yaml:1:1: Cannot read the scenario: it is empty
        1 | 
            ^
        expected: a map with kernel, duration, node, kubelet, kubeProxy and more
        to mend:  write a first scenario with \`sim init\`
      "
    `);
    expect(diagnosticsOf("- kernel\n")).toMatchInlineSnapshot(`
      "
      s.yaml:1:1: Cannot read the scenario: it is no map
        1 | - kernel
            ^
        expected: a map with kernel, duration, node, kubelet, kubeProxy and more
        to mend:  write a first scenario with \`sim init\`
      "
    `);
    expect(diagnosticsOf(`a: ${"[".repeat(50_000)}`)).toContain(
      "s.yaml:1:204: Cannot read the YAML: it is nested more",
    );
    expect(diagnosticsOf("- ".repeat(40_000))).toContain("Cannot read the YAML: it is nested more");
  });

  it("is refused when an alias names nothing or itself", () => {
    expect(diagnosticsOf("about: *nobody\n")).toContain("no anchor has the name of this alias");
    expect(diagnosticsOf("about: &a [*a]\n")).toContain("this alias contains itself");
  });

  it("is refused as a missing file", () => {
    expect(`\n${formatDiagnostic(missingFile("scenarios/gone.yaml"))}\n`).toMatchInlineSnapshot(`
      "
      scenarios/gone.yaml:1:1: Cannot read the scenario: there is no such file
        expected: the path of a scenario in YAML
        to mend:  correct the path, or write a first scenario with \`sim init\`
      "
    `);
  });
});
