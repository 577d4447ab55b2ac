import { describe, expect, it } from "vitest";
import type { Device } from "../../src/kernel/device.ts";
import { Machine } from "../../src/kernel/machine.ts";
import { MachineGroup } from "../../src/kernel/machine_group.ts";
import { Hook, Priority, Verdict } from "../../src/kernel/netfilter/hooks.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { type Packet, Protocol } from "../../src/kernel/packet.ts";
import { Vxlan, VXLAN_PORT } from "../../src/kernel/vxlan.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { formatEndpoint, type Ipv4, SECOND } from "../../src/units.ts";
import { era, ip, listen, RecordingOwner } from "../support/small_network.ts";

interface Tunnelled {
  readonly loop: EventLoop;
  readonly nodes: readonly [Netns, Netns];
  readonly tunnels: readonly [Vxlan, Vxlan];
  /** UDP packets seen on the wire of the first node, as `in|out way length`. */
  readonly outer: string[];
}

/** Two machines with one wire between them, and a tunnel over it: 10.1.0.1 is behind 192.0.2.1, 10.1.1.1 behind 192.0.2.2. */
function twoMachines(ports: readonly [number, number] = [VXLAN_PORT, VXLAN_PORT]): Tunnelled {
  const loop = new EventLoop();
  const group = new MachineGroup();
  const outer: string[] = [];
  const trace = {
    packet: (_time: number, device: Device, direction: string, packet: Packet): void => {
      if (device.name !== "a0" || packet.protocol !== Protocol.UDP) return;
      const to = formatEndpoint(packet.dst, packet.dport);
      outer.push(`${direction} ${formatEndpoint(packet.src, 0)} > ${to} ${packet.bytes}`);
    },
  };
  const machines = ["a", "b"].map(
    (name) => new Machine({ loop, era: era("6.1"), random: new RandomStreams(name, 0), group, trace }),
  );
  const [a, b] = machines.map((machine) => machine.createNetns("node"));
  const [aEnd, bEnd] = machines[0]!.createVeth({ netns: a!, name: "a0" }, { netns: b!, name: "b0" });
  a!.addAddress(aEnd, ip("192.0.2.1"), 24);
  b!.addAddress(bEnd, ip("192.0.2.2"), 24);
  const tunnel = (netns: Netns, local: string, port: number): Vxlan =>
    new Vxlan(netns, { name: "flannel.1", local: ip(local), port });
  const tunnels = [tunnel(a!, "192.0.2.1", ports[0]), tunnel(b!, "192.0.2.2", ports[1])] as const;
  const join = (index: 0 | 1, own: Ipv4, other: Ipv4, remote: Ipv4): void => {
    const netns = [a!, b!][index]!;
    const { device } = tunnels[index];
    netns.addAddress(device, own, 32);
    tunnels[index].addPeer(other, tunnels[1 - index]!.device, remote);
    netns.addRoute({ destination: other, prefixLength: 24, kind: "unicast", device, via: other });
  };
  join(0, ip("10.1.0.1"), ip("10.1.1.1"), ip("192.0.2.2"));
  join(1, ip("10.1.1.1"), ip("10.1.0.1"), ip("192.0.2.1"));
  listen(machines[1]!.tcp, b!, new RecordingOwner(), 80);
  return { loop, nodes: [a!, b!], tunnels, outer };
}

/** Connects from the first node through the tunnel to the server on the second. */
function connect({ loop, nodes: [a] }: Tunnelled): readonly string[] {
  const owner = new RecordingOwner();
  a.machine.tcp.connect(a.machine.tcp.socket(a, owner, 0), ip("10.1.1.1"), 80);
  loop.runUntil(loop.now + SECOND / 2);
  return owner.lines;
}

describe("Vxlan", () => {
  it("carries a handshake in UDP packets between the nodes, 50 bytes longer than what they carry", () => {
    const tunnelled = twoMachines();
    expect(connect(tunnelled)).toEqual(["connected"]);
    expect(tunnelled.outer).toEqual([
      `out 192.0.2.1:0 > 192.0.2.2:8472 ${60 + 50}`,
      `in 192.0.2.2:0 > 192.0.2.1:8472 ${60 + 50}`,
      `out 192.0.2.1:0 > 192.0.2.2:8472 ${52 + 50}`,
    ]);
  });

  it("reaches nobody at a node that listens on another port", () => {
    const tunnelled = twoMachines([VXLAN_PORT, 4789]);
    expect(connect(tunnelled)).toEqual([]);
    expect(tunnelled.outer).toEqual([`out 192.0.2.1:0 > 192.0.2.2:8472 ${60 + 50}`]);
  });

  it("knows a next hop without asking for it, whether or not packets get there", () => {
    const { nodes, tunnels } = twoMachines();
    expect(nodes[0].routes.lookup(ip("10.1.1.9")).neighbour).toBe(tunnels[1].device);
    expect(tunnels[0].neighbour(ip("10.1.2.1"))).toBeUndefined();
  });

  it("gives one flow one source port of the port range, and other flows others", () => {
    const tunnelled = twoMachines();
    const [a] = tunnelled.nodes;
    const ports = new Map<number, Set<number>>();
    a.hooks.register(Hook.LOCAL_OUT, Priority.FILTER, (packet) => {
      const flow = packet.inner?.sport;
      if (flow !== undefined) ports.set(flow, (ports.get(flow) ?? new Set()).add(packet.sport));
      return Verdict.ACCEPT;
    });
    a.sysctls.set("net.ipv4.ip_local_port_range", "20000 20999");
    for (let index = 0; index < 20; index += 1) connect(tunnelled);
    expect(ports.size).toBe(20);
    const seen = [...ports.values()].map((set) => [...set]);
    expect(seen.every((set) => set.length === 1)).toBe(true);
    expect(new Set(seen.flat()).size).toBeGreaterThan(10);
    expect(seen.flat().every((port) => port >= 20_000 && port <= 20_999)).toBe(true);
  });

  it("gives back the packet inside when the outer one is dropped", () => {
    const tunnelled = twoMachines();
    const [a] = tunnelled.nodes;
    a.hooks.register(Hook.POST_ROUTING, Priority.FILTER, () => Verdict.DROP);
    expect(connect(tunnelled)).toEqual([]);
    const { packets } = a.machine;
    const free = [packets.take(), packets.take()];
    expect(new Set(free.map(({ row }) => row))).toEqual(new Set([0, 1]));
    expect(free.map(({ inner }) => inner)).toEqual([undefined, undefined]);
  });
});
