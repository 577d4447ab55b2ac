import { describe, expect, it } from "vitest";
import { readingsIn } from "../../src/cluster/gauges.ts";
import { runReplication } from "../../src/cluster/replication.ts";
import { MILLISECOND, SECOND } from "../../src/units.ts";
import { smallNode } from "./small_node.ts";
import { twoNodes } from "./two_nodes.ts";

// Goal: gauges read what the node holds and change nothing.
// Method: a node whose agent closes 3 connections a second, so that TIME_WAIT fills for 60 s; a port range that is narrow
// enough to be used up.

const BUSY = `sysctls:
  net.ipv4.ip_local_port_range: 36680 36759
  net.ipv4.ip_local_reserved_ports: 36690-36699
pods:
  - { name: default/web, listen: [80], replicas: 3, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 2 } }
churn:
  - { name: agent, to: 10.10.85.10:10050, rate: 3/s }
`;

describe("Gauges", () => {
  const scenario = smallNode(BUSY);
  const plain = runReplication(scenario, 0);
  const read = runReplication(scenario, 0, { gaugeReadings: 30 });
  const gauges = read.gauges!;

  it("change nothing: the result is that of a run without, to the last figure", () => {
    const { gauges: _gauges, ...rest } = read;
    expect(rest).toEqual(plain);
    expect(plain).not.toHaveProperty("gauges");
  });

  it("are read as often as was asked, evenly, the last time at the end", () => {
    expect(gauges.every).toBe(10 * SECOND);
    expect([gauges.portsInUse, gauges.timeWaits, gauges.conntrack].map(({ length }) => length)).toEqual([30, 30, 30]);
  });

  it("read at the end what the result says of the end", () => {
    const atEnd = Object.values(plain.ports.timeWaitByAddress).reduce((sum, count) => sum + count, 0);
    expect(gauges.timeWaits.at(-1)).toBe(atEnd);
  });

  it("see the whole tooth of conntrack's saw, though stretches are as long as the collector's pause", () => {
    // Kernel 5.15.24 collects every 120 s. Entries live for 120 s in TIME_WAIT, and then wait for the collector.
    const agent = smallNode("churn:\n  - { name: agent, to: 10.10.85.10:10050, rate: 3/s }\n", ["kernel=5.15.24"]);
    const { gauges: slow } = runReplication({ ...agent, duration: 1_200 * SECOND }, 0, { gaugeReadings: 10 });
    const { mean, least, most } = slow!.conntrack.at(-1)!;
    expect(most).toBeGreaterThan(1.5 * least);
    expect(mean).toBeGreaterThan(1.1 * least);
    expect(mean).toBeLessThan(0.9 * most);
  });

  it("never exceed the peaks, and come near them", () => {
    expect(Math.max(...gauges.portsInUse)).toBeLessThanOrEqual(plain.ports.inUseMax);
    expect(Math.max(...gauges.timeWaits)).toBeLessThanOrEqual(plain.ports.timeWaitMax);
    expect(Math.max(...gauges.conntrack.map(({ most }) => most))).toBeLessThanOrEqual(plain.conntrack.peak);
    expect(Math.max(...gauges.portsInUse)).toBeGreaterThan(0.9 * plain.ports.inUseMax);
  });

  it("leave out TIME_WAIT entries whose time is over, though TCP has not looked yet", () => {
    const once = smallNode(`churn:\n  - { name: agent, to: 10.10.85.10:10050, rate: 1/h, arrivals: periodic }\n`, [
      "duration=2h",
    ]);
    const { gauges: rare } = runReplication(once, 0, { gaugeReadings: 24 });
    // One connection an hour lasts a minute in TIME_WAIT; nobody looks at it for the other 59.
    expect(rare!.timeWaits.filter((count) => count > 0).length).toBeLessThanOrEqual(2);
    expect(rare!.portsInUse.filter((count) => count > 0).length).toBeLessThanOrEqual(2);
  });

  it("state the room that there is: ports of the range that are neither reserved nor held", () => {
    expect(gauges.capacity.ports).toBe(70);
    expect(gauges.capacity.conntrack).toBe(plain.conntrack.max);
  });

  it("begin behind the warm-up", () => {
    const { gauges: late } = runReplication(scenario, 0, { gaugeReadings: 8, warmUp: 60 * SECOND });
    expect(late!.every).toBe(30 * SECOND);
    expect(late!.timeWaits[0]).toBe(gauges.timeWaits[8]);
  });

  it("read the node that holds the most, of several", () => {
    const nodes = twoNodes("", "{ name: agent, from: node-2, to: 172.28.128.200:5000, rate: 2/s }");
    const { gauges: both, ...result } = runReplication(nodes, 0, { gaugeReadings: 5 });
    expect(both!.timeWaits.every((count) => count > 20)).toBe(true);
    expect(Math.max(...both!.timeWaits)).toBeLessThanOrEqual(result.ports.timeWaitMax);
  });
});

describe("readingsIn", () => {
  it("keeps readings a second apart", () => {
    expect([readingsIn(10 * SECOND, 60), readingsIn(3_600 * SECOND, 60), readingsIn(MILLISECOND, 60)]).toEqual([
      10, 60, 1,
    ]);
  });
});
