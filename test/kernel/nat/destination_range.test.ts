import { describe, expect, it } from "vitest";
import { parseIptables } from "../../../src/kernel/netfilter/iptables.ts";
import { Wire } from "../../support/wire.ts";

/** How often the host's connections to port 80 go to each port. */
function portsOf(target: string, connections: number): Map<number, number> {
  const wire = new Wire({ kernel: "6.1" });
  const rule = `-A OUTPUT -p tcp -m tcp --dport 80 -j DNAT --to-destination ${target}`;
  const reading = parseIptables(["*nat", rule, "COMMIT"]);
  if (!reading.ok) throw new Error("the rule is right");
  wire.machine.loadRules(wire.host, reading.ruleset);
  const counts = new Map<number, number>();
  for (let connection = 0; connection < connections; connection += 1) {
    const { dport } = wire.connect(80).syn;
    counts.set(dport, (counts.get(dport) ?? 0) + 1);
  }
  return counts;
}

describe("DNAT to a range of ports", () => {
  it("takes each of them about equally often, the first and the last too", () => {
    const counts = portsOf(":8080-8083", 800);
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([8080, 8081, 8082, 8083]);
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan(140);
      expect(count).toBeLessThan(260);
    }
  });

  it("of one port takes that one, and without a port keeps the old one", () => {
    expect([...portsOf("192.0.2.2:8080", 3)]).toEqual([[8080, 3]]);
    expect([...portsOf("198.51.100.9", 3)]).toEqual([[80, 3]]);
  });
});
