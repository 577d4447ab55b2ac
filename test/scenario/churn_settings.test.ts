import { describe, expect, it } from "vitest";
import { diagnosticsOf, scenarioOf, smallScenarioWith } from "./small_scenario.ts";

describe("churn of a scenario", () => {
  it("comes from a host elsewhere where from is an address, from Linux's own source ports unless others are given", () => {
    const churnOf = (from: string) => scenarioOf(smallScenarioWith("default/app-1", from)).churn[0];
    expect(churnOf("10.10.85.50")?.source?.ports).toEqual([32_768, 60_999]);
    expect(churnOf("10.10.85.50, sourcePorts: 40000-40999")?.source?.ports).toEqual([40_000, 40_999]);
    expect(churnOf("node")?.source).toBeUndefined();
  });

  it("refuses churn from elsewhere with the node's or a pod's own address, and source ports for a kernel that is simulated", () => {
    const churn = "{ name: zabbix, from: default/app-1, to";
    expect(diagnosticsOf(smallScenarioWith(churn, "{ name: zabbix, from: 10.10.85.105, to"))).toMatchInlineSnapshot(`
      "
      s.yaml:31:27: Cannot connect from "10.10.85.105" as from elsewhere: it is the address of the node
        31 |   - { name: zabbix, from: 10.10.85.105, to: 10.10.85.10:10050, rate: 120/m }
                                       ^^^^^^^^^^^^
        expected: node, the name of a node or a pod, or the address of a host elsewhere
        to mend:  write node
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("default/app-1, to", "node, sourcePorts: 40000-40999, to")))
      .toMatchInlineSnapshot(`
      "
      s.yaml:31:33: Cannot give "node" source ports: its kernel chooses them
        31 |   - { name: zabbix, from: node, sourcePorts: 40000-40999, to: 10.10.85.10:10050, rate: 120/m }
                                             ^^^^^^^^^^^
        expected: sourcePorts only where from is the address of a host elsewhere
        to mend:  delete sourcePorts, or set net.ipv4.ip_local_port_range
      "
    `);
  });

  it("refuses churn that lasts where the server closes", () => {
    expect(diagnosticsOf(smallScenarioWith("rate: 120/m", "rate: 120/m, closes: server, lasts: 5m")))
      .toMatchInlineSnapshot(`
      "
      s.yaml:31:94: Cannot keep connections of "zabbix" open: closes: server leaves the end to the server
        31 |   - { name: zabbix, from: default/app-1, to: 10.10.85.10:10050, rate: 120/m, closes: server, lasts: 5m }
                                                                                                          ^^^^^
        expected: lasts only with closes: client or reset
        to mend:  delete lasts, or write closes: client
      "
    `);
  });

  describe("on several nodes", () => {
    const several = (from: string): string =>
      smallScenarioWith("default/app-1, to", `${from}, to`).replace("node:\n", "node:\n  name: worker\n  count: 2\n");

    it("comes from elsewhere by the same words", () => {
      expect(scenarioOf(several("10.10.85.50, sourcePorts: 40000-40999")).churn[0]?.source?.ports).toEqual([
        40_000, 40_999,
      ]);
    });

    it("refuses the address of any of them as one from elsewhere", () => {
      expect(diagnosticsOf(several("10.10.85.106"))).toMatchInlineSnapshot(`
        "
        s.yaml:33:27: Cannot connect from "10.10.85.106" as from elsewhere: it is the address of "worker-1"
          33 |   - { name: zabbix, from: 10.10.85.106, to: 10.10.85.10:10050, rate: 120/m }
                                         ^^^^^^^^^^^^
          expected: node, the name of a node or a pod, or the address of a host elsewhere
          to mend:  write worker-1
        "
      `);
    });

    it("comes from the node whose name looks like an address", () => {
      const named = several("10.10.85.50").replace("name: worker\n  count: 2", "name: 10.10.85.50");
      expect(scenarioOf(named).churn[0]).toMatchObject({ from: "10.10.85.50" });
      expect(scenarioOf(named).churn[0]?.source).toBeUndefined();
    });
  });
});
