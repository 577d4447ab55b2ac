import { describe, expect, it } from "vitest";
import { parseIptables } from "../../../src/kernel/netfilter/iptables.ts";
import { Vxlan, VXLAN_PORT } from "../../../src/kernel/vxlan.ts";
import { DecisionLog } from "../../support/decision_log.ts";
import { ip } from "../../support/small_network.ts";
import { HOST, PEER, Wire } from "../../support/wire.ts";

function host(sysctls: Readonly<Record<string, string>> = {}): { readonly wire: Wire; readonly log: DecisionLog } {
  const log = new DecisionLog();
  return { wire: new Wire({ kernel: "6.1", sysctls, decisions: log }), log };
}

const FORWARDING = { "net.ipv4.ip_forward": "1" };

describe("What routing says", () => {
  it.each([
    ["its own address", {}, { dst: HOST }, ["192.0.2.1 is an address of host"]],
    [
      "another address",
      {},
      { dst: ip("198.51.100.1") },
      ["DROP: 198.51.100.1 is not of host, and net.ipv4.ip_forward is 0"],
    ],
    [
      "another address, forwarding",
      FORWARDING,
      { dst: ip("198.51.100.1") },
      ["198.51.100.1 is not of host: it leaves by eth0"],
    ],
    [
      "a net of which it says unreachable",
      FORWARDING,
      { dst: ip("203.0.113.1") },
      ["DROP: no route leads to 203.0.113.1"],
    ],
    ["its own source", {}, { src: HOST }, ["DROP: the source 192.0.2.1 is one of this host's own"]],
    [
      "a source behind no device",
      { "net.ipv4.conf.all.rp_filter": "1" },
      { src: ip("203.0.113.1") },
      ["DROP: the source 203.0.113.1 fails rp_filter"],
    ],
  ])("of a packet for or from %s", (_, sysctls, ends, said) => {
    const { wire, log } = host(sysctls);
    wire.host.addRoute({ destination: ip("203.0.113.0"), prefixLength: 24, kind: "unreachable" });
    wire.inject({ sport: 1, dport: 2, flags: "R", ...ends });
    expect(log.said("host", "route")).toEqual(said);
  });

  it("of a packet at its last hop is that its time to live is over", () => {
    const { wire, log } = host(FORWARDING);
    const packet = wire.machine.packets.take();
    packet.src = PEER;
    packet.dst = ip("198.51.100.1");
    packet.ttl = 1;
    wire.host.receive(packet, wire.host.device("eth0")!);
    expect(log.said("host", "route")).toEqual(["DROP: its time to live is over"]);
  });

  it("of a next hop that nobody answers for is how long the packet waits", () => {
    const { wire, log } = host();
    wire.tryConnect(80, ip("192.0.2.77"));
    expect(log.said("host", "neighbour")).toEqual([
      "nobody answers for the next hop 192.0.2.77 on eth0: the packet waits while ARP asks, and is dropped after three questions",
    ]);
  });

  it("of a connection that DNAT turns to where no route leads is that it goes nowhere", () => {
    const { wire, log } = host();
    wire.host.addRoute({ destination: ip("203.0.113.0"), prefixLength: 24, kind: "blackhole" });
    const rules = parseIptables(["*nat", "-A OUTPUT -p tcp --dport 80 -j DNAT --to-destination 203.0.113.9", "COMMIT"]);
    if (!rules.ok) throw new Error("the rules are right");
    wire.machine.loadRules(wire.host, rules.ruleset);
    wire.tryConnect(80);
    expect(log.said("host", "route").at(-1)).toBe("DROP: no route leads to 203.0.113.9");
    expect(wire.host.counters.IpOutNoRoutes).toBe(1);
  });
});

describe("What a tunnel says", () => {
  it("is which UDP packet carries a packet, or that nobody is behind the next hop", () => {
    const { wire, log } = host();
    const tunnel = new Vxlan(wire.host, { name: "flannel.1", local: HOST, port: VXLAN_PORT });
    const far = new Vxlan(wire.machine.netns("far end")!, { name: "flannel.1", local: PEER, port: VXLAN_PORT });
    wire.host.addAddress(tunnel.device, ip("10.1.0.1"), 32);
    tunnel.addPeer(ip("10.1.1.1"), far.device, PEER);
    wire.host.addRoute({
      destination: ip("10.1.1.0"),
      prefixLength: 24,
      kind: "unicast",
      device: tunnel.device,
      via: ip("10.1.1.1"),
    });
    wire.tryConnect(80, ip("10.1.1.9"));
    const stray = wire.machine.packets.take();
    stray.target = tunnel.device;
    tunnel.transmit(stray);
    const [carried, dropped] = log.said("host", "vxlan");
    expect(carried).toMatch(
      /^put into UDP 192\.0\.2\.1:\d+ > 192\.0\.2\.2:8472: the next hop is behind the tunnel to 192\.0\.2\.2$/,
    );
    expect(dropped).toBe("DROP: no forwarding entry names the node of its next hop");
  });
});
