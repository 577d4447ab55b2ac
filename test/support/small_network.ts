import { resolveKernel } from "../../src/kernel/eras.ts";
import type { KernelEra } from "../../src/kernel/kernel_era.ts";
import { Machine } from "../../src/kernel/machine.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { Protocol } from "../../src/kernel/packet.ts";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import type { SocketOwner } from "../../src/kernel/tcp/socket_owner.ts";
import type { Tcp } from "../../src/kernel/tcp/tcp.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { type Ipv4, parseIpv4 } from "../../src/units.ts";

/** The era of a build that the table knows. */
export function era(build: string): KernelEra {
  const resolution = resolveKernel({ build });
  if (!resolution.ok) throw new Error(resolution.problem);
  return resolution.era;
}

/** An address that is written correctly. */
export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

export const NODE = ip("10.23.77.129");
export const POD = ip("10.23.77.138");
export const BACKENDS = [ip("10.23.77.140"), ip("10.23.77.141")] as const;
export const NODE_PORT = 36704;

/** An owner that records what happens to it as lines, and lets the test react. */
export class RecordingOwner implements SocketOwner {
  readonly lines: string[] = [];
  onConnected: (slot: number) => void = () => {};
  onAccepted: (slot: number) => void = () => {};
  onReceived: (slot: number, bytes: number) => void = () => {};
  onPeerClosed: (slot: number) => void = () => {};

  connected(slot: number): void {
    this.lines.push("connected");
    this.onConnected(slot);
  }
  accepted(slot: number): void {
    this.lines.push("accepted");
    this.onAccepted(slot);
  }
  received(slot: number, _tag: number, bytes: number): void {
    this.lines.push(`received ${bytes}`);
    this.onReceived(slot, bytes);
  }
  peerClosed(slot: number): void {
    this.lines.push("peer closed");
    this.onPeerClosed(slot);
  }
  failed(_slot: number, _tag: number, errno: number): void {
    this.lines.push(`failed ${errno}`);
  }
}

export interface SmallNetwork {
  readonly loop: EventLoop;
  readonly machine: Machine;
  readonly tcp: Tcp;
  readonly node: Netns;
  readonly pod: Netns;
  readonly backends: readonly [Netns, Netns];
  /** A server of the pod on port 80 that closes when its client has closed. */
  readonly server: RecordingOwner;
}

export interface SmallNetworkOptions {
  readonly kernel?: string;
  readonly trace?: TraceSink;
  readonly seed?: string;
  /** iptables rules of the node; a MASQUERADE rule that never matches if absent, so that conntrack works. */
  readonly iptables?: readonly string[];
  /** Real servers behind node:36704, in the order in which they are added. */
  readonly realServers?: readonly Ipv4[];
  readonly sysctls?: Readonly<Record<string, string>>;
}

const PLAIN_NAT = ["*nat", "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE --random-fully", "COMMIT"];

/**
 * A node with a bridge and three pods on it: the probed one and two that are real servers of a NodePort. br_netfilter
 * is loaded, conntrack works on the node.
 */
export function smallNetwork(options: SmallNetworkOptions = {}): SmallNetwork {
  const loop = new EventLoop();
  const machine = new Machine({
    loop,
    era: era(options.kernel ?? "5.4.188"),
    random: new RandomStreams(options.seed ?? "small network", 0),
    uptime: 100_000_000_000,
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  });
  const node = machine.createNetns("node");
  node.sysctls.set("net.ipv4.ip_forward", "1");
  node.sysctls.set("net.ipv4.vs.conntrack", "1");
  for (const [name, value] of Object.entries(options.sysctls ?? {})) {
    const problem = node.sysctls.set(name, value);
    if (problem !== undefined) throw new Error(problem.message);
  }
  node.loadBrNetfilter();
  const bridge = node.addDevice("cni0", "bridge");
  node.addAddress(bridge, NODE, 25);
  const addPod = (name: string, address: Ipv4): Netns => {
    const netns = machine.createNetns(name);
    const [hostEnd, podEnd] = machine.createVeth({ netns: node, name: `veth${name}` }, { netns, name: "eth0" });
    machine.attachPort(bridge, hostEnd);
    netns.addAddress(podEnd, address, 25);
    netns.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device: podEnd, via: NODE });
    return netns;
  };
  const pod = addPod("p1", POD);
  const backends = [addPod("p2", BACKENDS[0]), addPod("p3", BACKENDS[1])] as const;
  const reading = parseIptables(options.iptables ?? PLAIN_NAT);
  if (!reading.ok) throw new Error(reading.problems.map((problem) => problem.message).join("; "));
  machine.loadRules(node, reading.ruleset);
  if (options.realServers !== undefined) {
    const service = machine.requireIpvs(node).addService(Protocol.TCP, NODE, NODE_PORT, "rr");
    for (const address of options.realServers) node.ipvs?.addServer(service, address, 443, 1);
  }
  const server = new RecordingOwner();
  server.onPeerClosed = (slot) => machine.tcp.close(slot);
  listen(machine.tcp, pod, server, 80);
  for (const backend of backends) listen(machine.tcp, backend, new RecordingOwner(), 443);
  return { loop, machine, tcp: machine.tcp, node, pod, backends, server };
}

/** Opens a listening socket on 0.0.0.0. */
export function listen(tcp: Tcp, netns: Netns, owner: SocketOwner, port: number): number {
  const slot = tcp.socket(netns, owner, 0);
  if (tcp.bind(slot, { address: 0, port, hasReuseAddress: true }) < 0 || tcp.listen(slot) < 0) {
    throw new Error(`cannot listen on ${port}`);
  }
  return slot;
}
