import { describe, expect, it } from "vitest";
import { Flow } from "../../../src/kernel/flow/flow.ts";
import { FlowPath } from "../../../src/kernel/flow/flow_path.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import type { SocketOwner } from "../../../src/kernel/tcp/socket_owner.ts";
import { CARRIED } from "../../../src/kernel/tcp/tcp.ts";
import { BACKENDS, listen, POD, RecordingOwner, type SmallNetwork, smallNetwork } from "../../support/small_network.ts";

// Goal: which connections the flow path carries, and which it leaves to their packets.
// Method: a client on the node connects to a pod once a second and closes as soon as it is connected; the server closes
// in turn. What connect() answers tells whether the connection was carried.

const PORT = 8080;
const SECOND = 1_000_000;

/** Closes what its peer has closed, and says so beforehand. */
class PlainServer extends RecordingOwner {
  conducted = 0;

  constructor(network: SmallNetwork) {
    super();
    this.onPeerClosed = (slot) => network.tcp.close(slot);
  }

  conductOf(): number {
    return 0;
  }

  hasConducted(): void {
    this.conducted += 1;
  }
}

class Client {
  readonly flow = new Flow(0);
  readonly server: PlainServer;
  readonly listener: number;
  readonly #network: SmallNetwork;

  constructor(network: SmallNetwork) {
    this.#network = network;
    network.machine.group.flowPath = new FlowPath(network.machine.group, network.loop);
    this.server = new PlainServer(network);
    this.listener = listen(network.tcp, network.pod, this.server, PORT);
  }

  /** Connects so many times, a second apart. @returns how many of them were carried. */
  connect(times: number): number {
    const { loop, tcp, node } = this.#network;
    let carried = 0;
    const begins = loop.handler("test/connects", () => {
      const begin = loop.now;
      const owner: SocketOwner = new ClosingClient((slot) => {
        tcp.close(slot);
        this.flow.watch?.finish(loop.now, loop.now - begin);
      });
      if (tcp.connect(tcp.socket(node, owner, 0), POD, PORT, this.flow) === CARRIED) carried += 1;
    });
    const start = loop.now;
    for (let time = 1; time <= times; time += 1) loop.at(start + time * SECOND, begins, 0);
    loop.runUntil(start + (times + 1) * SECOND);
    return carried;
  }
}

class ClosingClient extends RecordingOwner {
  constructor(close: (slot: number) => void) {
    super();
    this.onConnected = close;
  }
}

describe("FlowPath", () => {
  it("carries the fourth connection of a kind, after it has watched three", () => {
    const client = new Client(smallNetwork());
    expect([client.connect(3), client.connect(4)]).toEqual([0, 4]);
  });

  it("tells the server of each connection that it carries", () => {
    const client = new Client(smallNetwork());
    client.connect(7);
    expect(client.server.conducted).toBe(4);
  });

  it("lets counters rise when they are settled", () => {
    const network = smallNetwork();
    new Client(network).connect(7);
    expect(network.node.counters.TcpActiveOpens).toBe(3);
    network.machine.group.flowPath?.settle();
    expect(network.node.counters.TcpActiveOpens).toBe(7);
  });

  it("leaves a connection to its packets during which something else is due", () => {
    const network = smallNetwork();
    const client = new Client(network);
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
    expect(new Client(network).connect(12)).toBeGreaterThan(0);
    expect(network.node.ipvs?.connections.count).toBe(1);
  });

  it("leaves those to their packets whose ports a rule names", () => {
    const filter = ["*filter", "-A INPUT -p tcp --dport 40000:40001 -j ACCEPT", "COMMIT", "*nat"];
    const iptables = [...filter, "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE", "COMMIT"];
    const sysctls = { "net.ipv4.ip_local_port_range": "40000 40011" };
    // Of twelve ports two are named, and three connections are watched.
    expect(new Client(smallNetwork({ iptables, sysctls })).connect(12)).toBe(7);
  });

  it("learns anew when a rule, a route or a sysctl has changed", () => {
    const network = smallNetwork();
    const client = new Client(network);
    client.connect(5);
    network.node.sysctls.set("net.ipv4.tcp_fin_timeout", "30");
    expect([client.connect(3), client.connect(1)]).toEqual([0, 1]);
  });

  it("keeps what it has learnt when the same server listens again", () => {
    const network = smallNetwork();
    const client = new Client(network);
    client.connect(5);
    network.tcp.close(client.listener);
    listen(network.tcp, network.pod, client.server, PORT);
    expect(client.connect(2)).toBe(2);
  });

  it("leaves connections to their packets while nobody listens", () => {
    const network = smallNetwork();
    const client = new Client(network);
    client.connect(5);
    network.tcp.close(client.listener);
    expect(client.connect(2)).toBe(0);
  });

  it("leaves connections to their packets that a load-balanced service would get", () => {
    const network = smallNetwork({ realServers: BACKENDS });
    network.machine.requireIpvs(network.node).addService(Protocol.TCP, POD, PORT, "rr");
    expect(new Client(network).connect(6)).toBe(0);
  });

  it("breaks off when a connection no longer does packet by packet what was learnt", () => {
    const network = smallNetwork();
    const client = new Client(network);
    client.connect(10);
    // The server stops closing, which nobody has been told of: the next one that is compared shows it.
    client.server.onPeerClosed = (slot) => {
      network.tcp.send(slot, 10);
      network.tcp.close(slot);
    };
    expect(() => client.connect(5000)).toThrow("a connection does packet by packet what the flow path has learnt");
  });

  it("is refused by an address that two namespaces have", () => {
    const network = smallNetwork();
    const client = new Client(network);
    const [other] = network.backends;
    other.addAddress(other.addDevice("dummy0", "dummy"), POD, 32);
    expect(client.connect(6)).toBe(0);
  });
});
