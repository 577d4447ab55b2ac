import { describe, expect, it } from "vitest";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import { PortBits } from "../../src/kernel/ports/port_bits.ts";
import { RulePorts } from "../../src/kernel/netfilter/rule_ports.ts";
import { readNft } from "../support/nft.ts";

function namedBy(name: (ports: RulePorts) => void): number[] {
  const ports = new RulePorts();
  name(ports);
  const named = new PortBits();
  ports.addTo(named);
  return Array.from({ length: 65_536 }, (_, port) => port).filter((port) => named.has(port));
}

function namedByIptables(...lines: readonly string[]): number[] {
  const reading = parseIptables(lines);
  if (!reading.ok) throw new Error(reading.problems.map(({ message }) => message).join("; "));
  return namedBy((ports) => ports.addRuleset(reading.ruleset));
}

describe("RulePorts", () => {
  it("names the ports of iptables matches of either side, ranges and lists with both ends", () => {
    const lines = [
      "*filter",
      "-A INPUT -p tcp --dport 22 -j ACCEPT",
      "-A INPUT -p tcp ! --sport 53:54 -j ACCEPT",
      "-A INPUT -p tcp -m multiport --ports 80,8080:8081 -j ACCEPT",
      "COMMIT",
    ];
    expect(namedByIptables(...lines)).toEqual([22, 53, 54, 80, 8080, 8081]);
  });

  it("names the ports of nftables keys, also within concatenations and maps", () => {
    const ruleset = readNft(`table ip t {
      chain input {
        type filter hook input priority 0; policy accept;
        tcp dport 22 accept
        ip daddr . meta l4proto . th dport vmap { 10.0.0.1 . tcp . 30080 : accept }
        th sport { 1000-1002 } accept
      }
    }`);
    expect(namedBy((ports) => ports.addNft(ruleset))).toEqual([22, 1000, 1001, 1002, 30_080]);
  });

  it("names nothing for rules without ports", () => {
    expect(namedByIptables("*filter", "-A INPUT -s 10.0.0.1 -j ACCEPT", "COMMIT")).toEqual([]);
  });
});
