import { describe, expect, it } from "vitest";
import { Machine } from "../../src/kernel/machine.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { deviceSysctl } from "../../src/kernel/sysctl.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { era, ip } from "../support/small_network.ts";
import { HOST, Wire } from "../support/wire.ts";

const BEHIND_THE_OTHER = ip("198.51.100.5");

/** A host with a second link behind which 198.51.100.0/24 lies; a SYN from there comes in by the first. */
function answersFromTheWrongSide(sysctls: Readonly<Record<string, string>>): boolean {
  const wire = new Wire({ kernel: "6.1", sysctls });
  const other = wire.machine.createNetns("other side");
  const [device] = wire.machine.createVeth({ netns: wire.host, name: "eth1" }, { netns: other, name: "eth0" });
  wire.host.addAddress(device, ip("198.51.100.1"), 24);
  wire.inject({ src: BEHIND_THE_OTHER, sport: 5000, dport: 81, flags: "S" });
  const { TcpInSegs, TcpExtIPReversePathFilter } = wire.host.counters;
  expect(TcpInSegs + TcpExtIPReversePathFilter).toBe(1);
  return TcpInSegs === 1;
}

describe("A packet whose way back is another", () => {
  it.each([
    [{}, true],
    [{ "net.ipv4.conf.all.rp_filter": "1" }, false],
    [{ "net.ipv4.conf.eth0.rp_filter": "1" }, false],
    [{ "net.ipv4.conf.eth1.rp_filter": "1" }, true],
    [{ "net.ipv4.conf.all.rp_filter": "2" }, true],
    [{ "net.ipv4.conf.all.rp_filter": "1", "net.ipv4.conf.eth0.rp_filter": "2" }, true],
  ])("is let in under %o: %s", (sysctls, isLetIn) => {
    expect(answersFromTheWrongSide(sysctls)).toBe(isLetIn);
  });
});

describe("A device whose name has a dot", () => {
  it("has settings of its own, under a slash in its place", () => {
    const wire = new Wire({ kernel: "6.1" });
    const other = wire.machine.createNetns("other side");
    const [vlan, far] = wire.machine.createVeth({ netns: wire.host, name: "eth0.100" }, { netns: other, name: "eth0" });
    wire.host.addAddress(vlan, ip("198.51.100.1"), 24);
    other.addAddress(far, ip("198.51.100.2"), 24);
    expect(wire.host.sysctls.set("net.ipv4.conf.eth0/100.rp_filter", "1")).toBeUndefined();
    expect(wire.host.sysctls.number(deviceSysctl("eth0.100", "rp_filter"))).toBe(1);
    expect(wire.host.answersFor(ip("198.51.100.9"), vlan)).toBe(false);
  });
});

describe("A packet from one of the host's own addresses", () => {
  it.each([
    [{}, 1],
    [{ "net.ipv4.conf.all.accept_local": "1" }, 0],
    [{ "net.ipv4.conf.eth0.accept_local": "1" }, 0],
  ])("is a martian unless accept_local (%o): %i", (sysctls, martians) => {
    const wire = new Wire({ kernel: "6.1", sysctls });
    wire.inject({ src: HOST, sport: 80, dport: 80, flags: "S." });
    expect(wire.host.counters.in_martian_src).toBe(martians);
  });
});

describe("A neighbour", () => {
  interface Link {
    readonly node: Netns;
    readonly pod: Netns;
  }

  /** A pod whose gateway 169.254.1.1 nobody has, as Calico makes them. */
  function routedPod(): Link {
    const random = new RandomStreams("neighbours", 0);
    const machine = new Machine({ loop: new EventLoop(), era: era("6.1"), random });
    const [node, pod, outside] = ["node", "pod", "outside"].map((name) => machine.createNetns(name));
    const [cali, eth0] = machine.createVeth({ netns: node!, name: "cali1" }, { netns: pod!, name: "eth0" });
    const [uplink] = machine.createVeth({ netns: node!, name: "eth0" }, { netns: outside!, name: "eth0" });
    node!.addAddress(uplink, ip("10.10.85.235"), 24);
    node!.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device: uplink, via: ip("10.10.85.236") });
    node!.addRoute({ destination: ip("10.23.77.138"), prefixLength: 32, kind: "unicast", device: cali });
    pod!.addAddress(eth0, ip("10.23.77.138"), 32);
    pod!.addRoute({ destination: ip("169.254.1.1"), prefixLength: 32, kind: "unicast", device: eth0 });
    pod!.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device: eth0, via: ip("169.254.1.1") });
    return { node: node!, pod: pod! };
  }

  it("answers for addresses that it forwards to, with proxy_arp on the device and forwarding on", () => {
    const { node, pod } = routedPod();
    const gateway = (): string | undefined => pod.routes.lookup(ip("8.8.8.8")).neighbour?.name;
    expect(gateway()).toBeUndefined();
    node.sysctls.set("net.ipv4.conf.cali1.proxy_arp", "1");
    expect(gateway()).toBeUndefined();
    node.sysctls.set("net.ipv4.ip_forward", "1");
    expect(gateway()).toBe("cali1");
  });

  it("does not answer for an address that it reaches by the device the question came from", () => {
    const { node, pod } = routedPod();
    node.sysctls.set("net.ipv4.ip_forward", "1");
    node.sysctls.set("net.ipv4.conf.all.proxy_arp", "1");
    const device = pod.device("eth0");
    pod.addRoute({ destination: ip("10.23.77.138"), prefixLength: 31, kind: "unicast", ...(device && { device }) });
    expect(pod.routes.lookup(ip("10.23.77.139")).neighbour?.name).toBe("cali1");
    const cali = node.device("cali1");
    node.addRoute({
      destination: ip("10.23.77.139"),
      prefixLength: 32,
      kind: "unicast",
      ...(cali && { device: cali }),
    });
    expect(pod.routes.lookup(ip("10.23.77.139")).neighbour).toBeUndefined();
  });
});
