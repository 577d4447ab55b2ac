import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diagnosticsOf, scenarioOf, SMALL_SCENARIO } from "./small_scenario.ts";

/** The small scenario with these lines behind it. */
const withLines = (...lines: readonly string[]): string => `${SMALL_SCENARIO}${lines.join("\n")}\n`;

describe("Variants", () => {
  it("are the scenario under their settings, in the order of the file", () => {
    const { variants, kubeProxy } = scenarioOf(
      withLines(
        "variants:",
        "  before: { kubeProxy.version: 1.18.20, nodeLocalDns: off }",
        "  moved: { portRange.low: 1500 }",
      ),
    );
    expect(variants.map(({ name, settings }) => [name, settings])).toEqual([
      ["before", { "kubeProxy.version": "1.18.20", nodeLocalDns: "off" }],
      ["moved", { "portRange.low": "1500" }],
    ]);
    const [before, moved] = variants.map(({ scenario }) => scenario);
    expect(before).toMatchObject({ kubeProxy: { version: [1, 18, 20] }, nodeLocalDns: undefined, variants: [] });
    expect(moved!.sysctls).toContainEqual(["net.ipv4.ip_local_port_range", "1500 65476"]);
    expect(kubeProxy.version).toEqual([1, 23, 10]);
  });

  it("take the text that stands there, as --set does", () => {
    const { variants } = scenarioOf(withLines("variants:", "  old: { kernel: 5.10 }"));
    expect(variants[0]!.scenario.kernel.build).toBe("5.10");
  });

  it("come after --set, which applies to all of them", () => {
    const text = withLines("variants:", "  old: { kubeProxy.version: 1.18.20 }", "  same: {}");
    const { variants } = scenarioOf(text, ["kubeProxy.version=1.22.3", "kernel=6.1"]);
    expect(variants.map(({ scenario }) => [scenario.kubeProxy.version, scenario.kernel.build])).toEqual([
      [[1, 18, 20], "6.1"],
      [[1, 22, 3], "6.1"],
    ]);
  });

  it("point at the variant's line when a path is wrong or a value is bad", () => {
    const text = withLines(
      "variants:",
      "  before: { kubeProxi.version: 1.18.20 }",
      "  fixed:",
      "    sysctls.net.ipv4.ip_local_port_range: 5 4",
      '    kubeProxy.version: "soon"',
    );
    expect(diagnosticsOf(text)).toMatchInlineSnapshot(`
      "
      s.yaml:35:13: Cannot set "kubeProxi.version": there is no such key in the scenario (did you mean "kubeProxy"?)
        35 |   before: { kubeProxi.version: 1.18.20 }
                         ^^^^^^^^^
        expected: about, kernel, duration, replications, seed, node, nodes, sysctls, kubelet, kubeProxy, services, pods, nodeLocalDns, churn, expect, variants, audit, endpointHosts, timeline, endpointSlices, loadBalancers, overlay, cloud or portRange
        to mend:  write kubeProxy.version: 1.18.20
      s.yaml:37:43: Cannot set "net.ipv4.ip_local_port_range" to "5 4": 5 4 runs backwards (EINVAL)
        37 |     sysctls.net.ipv4.ip_local_port_range: 5 4
                                                       ^^^
        expected: the lowest and the highest port, such as 32768 60999
        to mend:  write 4 5
      s.yaml:38:24: Cannot use "soon" for "version": it is no release
        38 |     kubeProxy.version: "soon"
                                    ^^^^^^
        expected: a release such as 1.23.10
        to mend:  write a release such as 1.23.10
      "
    `);
  });

  it("are refused the published fix as it was printed, with an en dash and with quotes, as the kernel refuses it", () => {
    const text = readFileSync(new URL("../../scenarios/health-checks-silent.yaml", import.meta.url), "utf8");
    const fix = "ip_local_reserved_ports: 30000-32768";
    expect(text.split(fix)).toHaveLength(2);
    expect(diagnosticsOf(text.replace(fix, "ip_local_reserved_ports: 30000–32768"))).toMatchInlineSnapshot(`
      "
      s.yaml:50:57: Cannot set "net.ipv4.ip_local_reserved_ports" to "30000–32768": "–" (U+2013, an en dash) stands where a "-" belongs (EINVAL)
        50 |   reserved: { sysctls.net.ipv4.ip_local_reserved_ports: 30000–32768 }
                                                                     ^^^^^^^^^^^
        expected: ports and ranges with commas between them, such as 8080,30000-32767
        to mend:  write 30000-32768
      "
    `);
    expect(diagnosticsOf(text.replace(fix, 'ip_local_reserved_ports: ”30000–32768"'))).toMatchInlineSnapshot(`
      "
      s.yaml:50:57: Cannot set "net.ipv4.ip_local_reserved_ports" to "”30000–32768\\"": "”" (U+201D, a quotation mark) stands where a port belongs (EINVAL)
        50 |   reserved: { sysctls.net.ipv4.ip_local_reserved_ports: ”30000–32768" }
                                                                     ^^^^^^^^^^^^^
        expected: ports and ranges with commas between them, such as 8080,30000-32767
        to mend:  write 30000-32768
      "
    `);
  });

  it("name themselves where a setting makes another place wrong", () => {
    const text = withLines("variants:", "  narrow: { kubeProxy.nodePortRange: 31000-32000 }");
    expect(diagnosticsOf(text)).toMatchInlineSnapshot(`
      "
      s.yaml:18:35: Cannot give NodePort 30080 to service "default/web": kubeProxy.nodePortRange is 31000-32000 (variant "narrow" kubeProxy.nodePortRange=31000-32000) (in variant "narrow")
        18 |     ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }]
                                               ^^^^^
        expected: a port from 31000 to 32000
        to mend:  choose a port inside the range, or widen the range
      "
    `);
  });

  it("tell no problem twice that the scenario has without them", () => {
    const text = withLines("variants:", "  a: {}", "  b: {}").replace("1.23.10 }", "soon }");
    expect(diagnosticsOf(text).match(/Cannot use/g)).toHaveLength(1);
  });

  it("leave what makes them comparable, and the names of figures", () => {
    const text = withLines("variants:", "  probes: { seed: other }", "  1st: {}");
    expect(diagnosticsOf(text)).toMatchInlineSnapshot(`
      "
      s.yaml:35:3: Cannot name a variant "probes": figures of the scenario as it stands have that name
        35 |   probes: { seed: other }
               ^^^^^^
        expected: a name that does not begin a figure's path
        to mend:  choose another name, such as before
      s.yaml:35:13: Cannot vary "seed": all variants have the same, so that they can be compared boot by boot
        35 |   probes: { seed: other }
                         ^^^^
        expected: the path of something on the node
        to mend:  delete the line, or set it for the whole scenario
      s.yaml:36:3: Cannot use "1st" as a key of "variants": it is no name
        36 |   1st: {}
               ^^^
      "
    `);
  });

  it("are at most 64", () => {
    const many = Array.from({ length: 65 }, (_, index) => `  v${index}: {}`);
    expect(diagnosticsOf(withLines("variants:", ...many))).toContain("Cannot simulate 65 variants");
  });

  it("have figures that can be expected", () => {
    const text = withLines("  - { that: before.probes.failed, equals: 0 }", "variants:", "  before: {}");
    expect(scenarioOf(text).expect.at(-1)!.that).toBe("before.probes.failed");
    const wrong = withLines("  - { that: befor.probes.failed, equals: 0 }", "variants:", "  before: {}");
    expect(diagnosticsOf(wrong)).toContain('(did you mean "before.probes.failed"?)');
  });
});

describe("The audit", () => {
  const audited = (audit: string): string =>
    withLines("variants:", "  without: { nodeLocalDns: off }", `audit: ${audit}`);

  it("takes away the cause by a variant and explains the probability if it names no figure", () => {
    expect(scenarioOf(audited("{ claim: It is the churn, cause: without }")).audit).toEqual({
      claim: "It is the churn",
      cause: "without",
      figure: "probes.probability",
    });
  });

  it("wants a variant, and a figure that counts failures", () => {
    expect(diagnosticsOf(audited("{ claim: It is the churn, cause: witout, figure: ports.inUseMax }")))
      .toMatchInlineSnapshot(`
        "
        s.yaml:36:41: Cannot take the cause away with "witout": no variant has that name (did you mean "without"?)
          36 | audit: { claim: It is the churn, cause: witout, figure: ports.inUseMax }
                                                       ^^^^^^
          expected: without
          to mend:  write without
        s.yaml:36:57: Cannot audit "ports.inUseMax": it is no count of failures
          36 | audit: { claim: It is the churn, cause: witout, figure: ports.inUseMax }
                                                                       ^^^^^^^^^^^^^^
          expected: probes.probability, probes.failed, probes.byCause.nodeport-collision, probes.byCause.port-exhaustion, probes.byCause.conntrack-full, probes.byCause.connection-refused, probes.byCause.slow-server, probes.byCause.connect-timeout, probes.byCause.host-unreachable, probes.byCause.other, readiness.flips or restarts.count, workloads.NAME.failed or loadBalancers.NAME.failed
          to mend:  write probes.probability
        "
      `);
  });

  it("may explain a workload's failures", () => {
    expect(scenarioOf(audited("{ claim: x, cause: without, figure: workloads.zabbix.failed }")).audit?.figure).toBe(
      "workloads.zabbix.failed",
    );
  });
});
