import { describe, expect, it } from "vitest";
import { Protocol } from "../../../src/kernel/packet.ts";
import { FLOW_PORT, FlowClient } from "../../support/flow_client.ts";
import { BACKENDS, ip, listen, NODE, POD, smallNetwork } from "../../support/small_network.ts";

// Goal: which connections the flow path carries, and which it leaves to their packets.
// Method: a client on the node connects to a pod once a second and closes as soon as it is connected; the server closes
// in turn. What connect() answers tells whether the connection was carried.

const SECOND = 1_000_000;

describe("FlowPath", () => {
  it("carries the fourth connection of a kind, after it has watched three", () => {
    const client = new FlowClient(smallNetwork());
    expect([client.connect(3), client.connect(4)]).toEqual([0, 4]);
  });

  it("tells the server of each connection that it carries", () => {
    const client = new FlowClient(smallNetwork());
    client.connect(7);
    expect(client.server.conducted).toBe(4);
  });

  it("lets counters rise when they are settled", () => {
    const network = smallNetwork();
    new FlowClient(network).connect(7);
    expect(network.node.counters.TcpActiveOpens).toBe(3);
    network.machine.group.flowPath?.settle();
    expect(network.node.counters.TcpActiveOpens).toBe(7);
  });

  it("leaves a connection to its packets during which something else is due", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    client.connect(3);
    const { loop } = network;
    const nothing = loop.handler("test/nothing", () => {});
    for (let time = 1; time <= 5; time += 1) loop.at(loop.now + time * SECOND + 15, nothing, 0);
    expect(client.connect(5)).toBe(0);
  });

  it("leaves one to its packets whose port is a NodePort", () => {
    const sysctls = { "net.ipv4.ip_local_port_range": "36700 36711" };
    const network = smallNetwork({ realServers: BACKENDS, sysctls });
    // Twelve connections take the twelve ports, 36704 among them: IPVS gets the answer to that one.
    expect(new FlowClient(network).connect(12)).toBeGreaterThan(0);
    expect(network.node.ipvs?.connections.count).toBe(1);
  });

  it("leaves those to their packets whose ports a rule names", () => {
    const filter = ["*filter", "-A INPUT -p tcp --dport 40000:40001 -j ACCEPT", "COMMIT", "*nat"];
    const iptables = [...filter, "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE", "COMMIT"];
    const sysctls = { "net.ipv4.ip_local_port_range": "40000 40011" };
    // Of twelve ports two are named, and three connections are watched.
    expect(new FlowClient(smallNetwork({ iptables, sysctls })).connect(12)).toBe(7);
  });

  it("looks a few hundred times at one that nobody answers for minutes", () => {
    const iptables = ["*filter", `-A OUTPUT -p tcp --dport ${FLOW_PORT} -j DROP`, "COMMIT"];
    const network = smallNetwork({ iptables });
    const { loop } = network;
    const looks = loop.lastSequence;
    expect(new FlowClient(network).connect(1, 90 * SECOND)).toBe(0);
    expect(loop.lastSequence - looks).toBeLessThan(1000);
  });

  it("learns anew when a rule, a route or a sysctl has changed", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    client.connect(5);
    network.node.sysctls.set("net.ipv4.tcp_fin_timeout", "30");
    expect([client.connect(3), client.connect(1)]).toEqual([0, 1]);
  });

  it("takes the route of now, not that of the connections before", () => {
    const network = smallNetwork();
    const { node, tcp } = network;
    const client = new FlowClient(network);
    client.connect(5);
    const device = node.routes.lookup(POD).device!;
    const source = ip("10.23.77.200");
    node.addAddress(device, source, 25);
    node.addRoute({ destination: POD, prefixLength: 32, kind: "unicast", device, source });
    client.connect(5);
    const sources = [...tcp.timeWaits.slots()].map((slot) => tcp.sockets.local(slot));
    expect(sources.filter((address) => address === NODE)).toHaveLength(5);
    expect(sources.filter((address) => address === source)).toHaveLength(5);
  });

  it("keeps what it has learnt when the same server listens again", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    client.connect(5);
    network.tcp.close(client.listener);
    listen(network.tcp, network.pod, client.server, FLOW_PORT);
    expect(client.connect(2)).toBe(2);
  });

  it("leaves connections to their packets while nobody listens", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    client.connect(5);
    network.tcp.close(client.listener);
    expect(client.connect(2)).toBe(0);
  });

  it("leaves connections to their packets that a load-balanced service would get", () => {
    const network = smallNetwork({ realServers: BACKENDS });
    network.machine.requireIpvs(network.node).addService(Protocol.TCP, POD, FLOW_PORT, "rr");
    expect(new FlowClient(network).connect(6)).toBe(0);
  });

  it("breaks off when a connection no longer does packet by packet what was learnt", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    client.connect(10);
    // The server stops closing, which nobody has been told of: the next one that is compared shows it.
    client.server.onPeerClosed = (slot) => {
      network.tcp.send(slot, 10);
      network.tcp.close(slot);
    };
    expect(() => client.connect(5000)).toThrow("a connection does packet by packet what the flow path has learnt");
  });

  it("takes counters that are brought up to date in the middle of a connection for no part of it", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    client.connect(10);
    client.server.onPeerClosed = (slot) => {
      network.machine.group.flowPath?.settle();
      network.tcp.close(slot);
    };
    // One of them is to be compared; it is left to another one.
    expect(client.connect(5000)).toBeGreaterThan(4900);
  });

  it("is refused by an address that two namespaces have", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    const [other] = network.backends;
    other.addAddress(other.addDevice("dummy0", "dummy"), POD, 32);
    expect(client.connect(6)).toBe(0);
  });
});
