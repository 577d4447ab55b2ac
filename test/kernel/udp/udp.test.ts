import { describe, expect, it } from "vitest";
import { errnoName } from "../../../src/kernel/errno.ts";
import type { Netns } from "../../../src/kernel/netns.ts";
import type { UdpSocket } from "../../../src/kernel/udp/udp_socket.ts";
import { type Ipv4, formatEndpoint, type Port } from "../../../src/units.ts";
import { BACKENDS, ip, NODE, POD, type SmallNetwork, smallNetwork } from "../../support/small_network.ts";

/** A socket that writes down what happens to it; with `answerBytes` it answers each datagram. */
function socketOf(
  { machine }: SmallNetwork,
  netns: Netns,
  options: { readonly answerBytes?: number } = {},
): { readonly socket: UdpSocket; readonly lines: string[] } {
  const lines: string[] = [];
  const socket = machine.udp.socket(netns, {
    received: (self, { address, port }, bytes) => {
      lines.push(`${bytes} from ${formatEndpoint(address, port)}`);
      if (options.answerBytes !== undefined) machine.udp.send(self, options.answerBytes, { address, port });
    },
    failed: (_, errno) => lines.push(errnoName(errno)),
  });
  return { socket, lines };
}

function boundSocket(
  network: SmallNetwork,
  netns: Netns,
  [address, port]: readonly [Ipv4, Port],
  options: { readonly answerBytes?: number } = {},
): { readonly socket: UdpSocket; readonly lines: string[] } {
  const made = socketOf(network, netns, options);
  expect(network.machine.udp.bind(made.socket, { address, port })).toBe(0);
  return made;
}

describe("A UDP socket", () => {
  it("gets a port of ip_local_port_range when it first sends, and reads the answer", () => {
    const network = smallNetwork({ sysctls: { "net.ipv4.ip_local_port_range": "40000 40009" } });
    const server = boundSocket(network, network.pod, [0, 53], { answerBytes: 90 });
    const { socket, lines } = socketOf(network, network.node);
    expect(network.machine.udp.send(socket, 40, { address: POD, port: 53 })).toBe(40);
    network.loop.runUntil(1000);
    expect(socket.localPort).toBeGreaterThanOrEqual(40000);
    expect(socket.localPort).toBeLessThanOrEqual(40009);
    expect(server.lines).toEqual([`40 from ${formatEndpoint(NODE, socket.localPort)}`]);
    expect(lines).toEqual([`90 from ${formatEndpoint(POD, 53)}`]);
  });

  it("never gets a reserved port, and EAGAIN when all others are taken", () => {
    const sysctls = {
      "net.ipv4.ip_local_port_range": "40000 40003",
      "net.ipv4.ip_local_reserved_ports": "40001",
    };
    const network = smallNetwork({ sysctls });
    const sockets = [1, 2, 3, 4].map(() => socketOf(network, network.node).socket);
    const sent = sockets.map((socket) => network.machine.udp.send(socket, 1, { address: POD, port: 53 }));
    expect(sent).toEqual([1, 1, 1, -11]);
    const ports = sockets.slice(0, 3).map(({ localPort }) => localPort);
    expect(ports.toSorted((a, b) => a - b)).toEqual([40000, 40002, 40003]);
  });

  it("refuses a port that another one has at the same address, unless both have SO_REUSEADDR", () => {
    const network = smallNetwork();
    const { udp } = network.machine;
    boundSocket(network, network.node, [NODE, 53]);
    const bind = (address: Ipv4, port: Port): number =>
      udp.bind(socketOf(network, network.node).socket, { address, port });
    expect([bind(NODE, 53), bind(0, 53), bind(ip("127.0.0.1"), 53), bind(ip("10.9.9.9"), 54)]).toEqual([
      -98, -98, 0, -99,
    ]);
    const shared = { address: NODE, port: 55, hasReuseAddress: true };
    const reuse = (): number => udp.bind(socketOf(network, network.node).socket, shared);
    expect([reuse(), reuse(), bind(NODE, 55)]).toEqual([0, 0, -98]);
    boundSocket(network, network.node, [0, 56]);
    expect([bind(NODE, 56), bind(0, 56)]).toEqual([-98, -98]);
  });

  it("holds a port that is free for TCP all the same, and the other way round", () => {
    const network = smallNetwork();
    boundSocket(network, network.node, [0, 8080]);
    const slot = network.tcp.socket(network.node, undefined, 0);
    expect(network.tcp.bind(slot, { address: 0, port: 8080 })).toBe(0);
  });

  it("hears only its peer when it is connected", () => {
    const network = smallNetwork();
    const { udp } = network.machine;
    const { socket, lines } = boundSocket(network, network.node, [NODE, 5000]);
    expect(udp.connect(socket, POD, 53)).toBe(0);
    const stranger = socketOf(network, network.backends[0]);
    const peer = boundSocket(network, network.pod, [POD, 53]);
    for (const { socket: sender } of [stranger, peer]) udp.send(sender, 7, { address: NODE, port: 5000 });
    network.loop.runUntil(1000);
    expect(lines).toEqual([`7 from ${formatEndpoint(POD, 53)}`]);
    expect(network.node.counters.UdpNoPorts).toBe(1);
  });

  it("is preferred if it is bound to the address, and again if it is connected to the sender", () => {
    const network = smallNetwork();
    const { udp } = network.machine;
    const any = boundSocket(network, network.node, [0, 5000]);
    network.node.addAddress(network.node.device("cni0")!, ip("10.23.77.130"), 32);
    const shared = { address: NODE, port: 5001, hasReuseAddress: true };
    const plain = socketOf(network, network.node);
    const connected = socketOf(network, network.node);
    for (const { socket } of [plain, connected]) expect(udp.bind(socket, shared)).toBe(0);
    expect(udp.connect(connected.socket, POD, 53)).toBe(0);
    const sender = boundSocket(network, network.pod, [POD, 53]);
    const other = boundSocket(network, network.pod, [POD, 54]);
    udp.send(sender.socket, 1, { address: NODE, port: 5001 });
    udp.send(other.socket, 2, { address: NODE, port: 5001 });
    udp.send(other.socket, 3, { address: ip("10.23.77.130"), port: 5000 });
    network.loop.runUntil(1000);
    const bytes = [any, plain, connected].map(({ lines }) => lines.map((line) => line.split(" ")[0]).join());
    expect(bytes).toEqual(["3", "2", "1"]);
  });

  it("binds once, and its port is free again when it is closed, though others share it", () => {
    const network = smallNetwork();
    const { udp } = network.machine;
    const shared = { address: NODE, port: 53, hasReuseAddress: true };
    const [first, second] = [socketOf(network, network.node), socketOf(network, network.node)];
    expect([udp.bind(first.socket, shared), udp.bind(second.socket, shared)]).toEqual([0, 0]);
    expect(udp.bind(first.socket, { address: NODE, port: 54 })).toBe(-22);
    udp.close(second.socket);
    udp.send(socketOf(network, network.pod).socket, 9, { address: NODE, port: 53 });
    network.loop.runUntil(1000);
    expect([first.lines.length, second.lines]).toEqual([1, []]);
    udp.close(first.socket);
    expect(udp.bind(socketOf(network, network.node).socket, { address: NODE, port: 53 })).toBe(0);
  });

  it("gets no peer where no route leads, nor if no port is left", () => {
    const network = smallNetwork({ sysctls: { "net.ipv4.ip_local_port_range": "40000 40000" } });
    const connect = (address: string): number =>
      network.machine.udp.connect(socketOf(network, network.node).socket, ip(address), 53);
    expect([connect("10.60.0.1"), connect("10.60.0.1")]).toEqual([-101, -11]);
  });

  it.each([
    ["EINVAL", "blackhole", -22],
    ["EHOSTUNREACH", "unreachable", -113],
    ["EACCES", "prohibit", -13],
  ] as const)("is told %s where the route is a %s", (_, kind, errno) => {
    const network = smallNetwork();
    network.node.addRoute({ destination: ip("10.50.0.0"), prefixLength: 16, kind });
    const { socket } = socketOf(network, network.node);
    expect(network.machine.udp.connect(socket, ip("10.50.0.1"), 53)).toBe(errno);
  });

  it("tells ENETUNREACH, EHOSTUNREACH and EDESTADDRREQ at once", () => {
    const network = smallNetwork();
    network.node.addRoute({ destination: ip("10.50.0.0"), prefixLength: 16, kind: "unreachable" });
    const { socket } = socketOf(network, network.node);
    const send = (address: string): number => network.machine.udp.send(socket, 1, { address: ip(address), port: 53 });
    expect([send("10.60.0.1"), send("10.50.0.1"), network.machine.udp.send(socket, 1)]).toEqual([-101, -113, -89]);
  });
});

describe("A datagram that nobody waits for", () => {
  it("draws an ICMP port unreachable, which a connected socket learns of: ECONNREFUSED, once", () => {
    const network = smallNetwork();
    const { udp } = network.machine;
    const { socket, lines } = socketOf(network, network.node);
    udp.connect(socket, POD, 9);
    expect(udp.send(socket, 5)).toBe(5);
    network.loop.runUntil(1000);
    expect(lines).toEqual(["ECONNREFUSED"]);
    expect(network.pod.counters.UdpNoPorts).toBe(1);
    expect([udp.send(socket, 5), udp.send(socket, 5)]).toEqual([-111, 5]);
  });

  it("says nothing to a socket that is not connected", () => {
    const network = smallNetwork();
    const { socket, lines } = socketOf(network, network.node);
    network.machine.udp.send(socket, 5, { address: POD, port: 9 });
    network.loop.runUntil(1000);
    expect(lines).toEqual([]);
    expect(network.pod.counters.UdpNoPorts).toBe(1);
  });

  it("does not refuse a TCP connection of the same four numbers", () => {
    const network = smallNetwork();
    const { udp } = network.machine;
    const { socket } = boundSocket(network, network.node, [NODE, 5000]);
    const slot = network.tcp.socket(network.node, undefined, 0);
    network.tcp.bind(slot, { address: NODE, port: 5000 });
    network.tcp.connect(slot, POD, 80);
    udp.send(socket, 5, { address: POD, port: 80 });
    network.loop.runUntil(1000);
    expect(network.tcp.find(network.node, NODE, 5000, POD, 80)).toBe(slot);
  });
});

describe("A service over UDP", () => {
  function withService(seconds: number): { network: SmallNetwork; answers: string[]; servers: string[][] } {
    const network = smallNetwork({ kernel: "6.1" });
    const { machine } = network;
    const ipvs = machine.requireIpvs(network.node);
    const service = ipvs.addService(17, NODE, 36704, "rr");
    for (const address of BACKENDS) ipvs.addServer(service, address, 53, 1);
    const servers = network.backends.map((netns, index) =>
      boundSocket(network, netns, [BACKENDS[index]!, 53], { answerBytes: 10 * (index + 1) }),
    );
    const client = socketOf(network, network.pod);
    for (let second = 0; second < seconds; second += 1) {
      machine.udp.send(client.socket, 30, { address: NODE, port: 36704 });
      network.loop.runUntil((second + 1) * 1_000_000);
    }
    return { network, answers: client.lines, servers: servers.map(({ lines }) => lines) };
  }

  it("keeps a client at one server and answers from the virtual address; the connection is never active", () => {
    const { network, answers, servers } = withService(3);
    expect(answers).toEqual(Array(3).fill(`20 from ${formatEndpoint(NODE, 36704)}`));
    expect(servers.map(({ length }) => length)).toEqual([0, 3]);
    const [service] = network.node.ipvs!.services();
    expect(service!.servers.map(({ active, inactive }) => [active, inactive])).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  it("forgets a client 300 s after its last datagram", () => {
    const { network } = withService(1);
    const { connections } = network.node.ipvs!;
    network.loop.runUntil(299_000_000);
    expect(connections.count).toBe(1);
    // The timer of 300 s has a granule of 5.1 s at 100 Hz, and of 4 s at most elsewhere.
    network.loop.runUntil(307_000_000);
    expect(connections.count).toBe(0);
  });

  it("answers by an ICMP port unreachable if it has no server", () => {
    const network = smallNetwork();
    const { machine } = network;
    machine.requireIpvs(network.node).addService(17, NODE, 36704, "rr");
    const { socket, lines } = socketOf(network, network.pod);
    machine.udp.connect(socket, NODE, 36704);
    machine.udp.send(socket, 30);
    network.loop.runUntil(1000);
    expect(lines).toEqual(["ECONNREFUSED"]);
  });

  it("does not touch a TCP connection from its port: there is no collision", () => {
    const network = smallNetwork();
    const ipvs = network.machine.requireIpvs(network.node);
    ipvs.addServer(ipvs.addService(17, NODE, 36704, "rr"), BACKENDS[0], 53, 1);
    const slot = network.tcp.socket(network.node, undefined, 0);
    network.tcp.bind(slot, { address: NODE, port: 36704 });
    network.tcp.connect(slot, POD, 80);
    network.loop.runUntil(1000);
    expect(network.server.lines).toEqual(["accepted"]);
  });
});
