import { describe, expect, it } from "vitest";
import { parseIptables } from "../../../src/kernel/netfilter/iptables.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { packPorts } from "../../../src/kernel/tuple_index.ts";
import { ways } from "../../cluster/kube_proxy/proxied_node.ts";
import { ip } from "../../support/small_network.ts";
import { HOST, Wire } from "../../support/wire.ts";

// Goal: say who is hit when MASQUERADE picks the number of a NodePort, which kubernetes issue 139276 is about.
// Method: a host with IPVS services whose only masquerading rule leaves no choice but the NodePort.

const NODE_PORT = 30080;
const CLUSTER_IP = ip("10.96.0.20");
const POD = ip("10.244.0.9");
const SERVER = ip("203.0.113.9");

/** A host with a virtual server on a ClusterIP and one on the NodePort that it masquerades to. */
function masqueradingHost(): Wire {
  const wire = new Wire({
    kernel: "6.1",
    sysctls: { "net.ipv4.ip_forward": "1", "net.ipv4.vs.conntrack": "1", "net.ipv4.ip_local_reserved_ports": "30080" },
  });
  const reading = parseIptables([
    "*nat",
    `-A POSTROUTING -s 10.244.0.9 -p tcp -j MASQUERADE --to-ports ${NODE_PORT}`,
    `-A POSTROUTING -s 10.96.0.20 -p tcp -j MASQUERADE --to-ports ${NODE_PORT}`,
    "COMMIT",
  ]);
  if (!reading.ok) throw new Error(reading.problems[0]?.message);
  wire.machine.loadRules(wire.host, reading.ruleset);
  wire.host.addAddress(wire.host.addDevice("kube-ipvs0", "dummy"), CLUSTER_IP, 32);
  const ipvs = wire.machine.requireIpvs(wire.host);
  ipvs.addServer(ipvs.addService(Protocol.TCP, CLUSTER_IP, 80, "rr"), ip("10.244.1.5"), 8080, 1);
  ipvs.addServer(ipvs.addService(Protocol.TCP, HOST, NODE_PORT, "rr"), ip("10.244.1.6"), 8080, 1);
  return wire;
}

/** A pod's SYN goes out by way of the masquerade. */
function podConnects(wire: Wire): Wire {
  wire.inject({ src: POD, sport: 5000, dst: SERVER, dport: 443, flags: "S", seq: 5 });
  expect(ways(wire.takeSent())).toEqual([`192.0.2.1:${NODE_PORT} > 203.0.113.9:443 S`]);
  return wire;
}

describe("A connection that is masqueraded to the number of a NodePort", () => {
  it("gets its answers although IPVS serves that NodePort: they are translated back before IPVS looks", () => {
    const wire = podConnects(masqueradingHost());
    wire.inject({ src: SERVER, sport: 443, dport: NODE_PORT, flags: "S.", seq: 1, ack: 6 });
    expect(ways(wire.takeSent())).toEqual(["203.0.113.9:443 > 10.244.0.9:5000 S."]);
  });

  it("gets them too if it is the node's own connection to a ClusterIP", () => {
    const wire = masqueradingHost();
    wire.tryConnect(80, CLUSTER_IP);
    const [syn] = wire.takeSent();
    expect(ways([syn!])).toEqual([`192.0.2.1:${NODE_PORT} > 10.244.1.5:8080 S`]);
    wire.inject({ src: syn!.dst, sport: 8080, dport: NODE_PORT, flags: "S.", seq: 1, ack: syn!.seq + 1 });
    expect(wire.owner.lines).toEqual(["connected"]);
  });

  it("loses its SYN-ACK to the NodePort's real server if its conntrack entry is gone by then", () => {
    const wire = podConnects(masqueradingHost());
    const { conntrack } = wire.host;
    conntrack!.kill(conntrack!.findNode(SERVER, HOST, packPorts(443, NODE_PORT), 6) >> 1);
    wire.inject({ src: SERVER, sport: 443, dport: NODE_PORT, flags: "S.", seq: 1, ack: 6 });
    expect(ways(wire.takeSent())).toEqual(["203.0.113.9:443 > 10.244.1.6:8080 S."]);
  });
});
