import { describe, expect, it } from "vitest";
import type { Device } from "../../src/kernel/device.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { formatIpv4 } from "../../src/units.ts";
import { ip } from "../support/small_network.ts";
import { HOST, PEER, Wire } from "../support/wire.ts";

interface Host {
  readonly netns: Netns;
  readonly eth0: Device;
}

function host(): Host {
  const netns = new Wire().host;
  return { netns, eth0: netns.device("eth0")! };
}

/** The next hop, the device and the source address of what goes to a destination. */
function way({ netns }: Host, destination: string): string {
  const { kind, nextHop, device, preferredSource } = netns.routes.lookup(ip(destination));
  return `${kind} ${formatIpv4(nextHop)} ${device?.name ?? "-"} ${formatIpv4(preferredSource)}`;
}

describe("A route", () => {
  it("of the longest prefix wins, and only that of the given length is removed", () => {
    const node = host();
    const { netns, eth0 } = node;
    const net = { destination: ip("10.0.0.0"), kind: "unicast", device: eth0 } as const;
    netns.addRoute({ ...net, prefixLength: 8, via: ip("192.0.2.8") });
    netns.addRoute({ ...net, prefixLength: 24, via: ip("192.0.2.24") });
    netns.addRoute({ ...net, prefixLength: 16, via: ip("192.0.2.16") });
    const hops = (): (string | undefined)[] =>
      ["10.0.0.1", "10.0.1.1", "10.1.1.1"].map((address) => way(node, address).split(" ")[1]);
    expect(hops()).toEqual(["192.0.2.24", "192.0.2.16", "192.0.2.8"]);
    netns.removeRoute(ip("10.0.0.0"), 16);
    expect(hops()).toEqual(["192.0.2.24", "192.0.2.8", "192.0.2.8"]);
    netns.removeRoute(ip("10.0.0.0"), 8);
    expect(hops()).toEqual(["192.0.2.24", formatIpv4(PEER), formatIpv4(PEER)]);
  });

  it("gives the address that lies in the next hop's network as the source, else the device's first", () => {
    const node = host();
    node.netns.addAddress(node.eth0, ip("198.51.100.5"), 24);
    const route = { prefixLength: 24, kind: "unicast", device: node.eth0 } as const;
    node.netns.addRoute({ ...route, destination: ip("10.1.0.0"), via: ip("198.51.100.1") });
    node.netns.addRoute({ ...route, destination: ip("10.2.0.0"), via: ip("203.0.113.1") });
    expect(way(node, "10.1.0.9")).toBe("unicast 198.51.100.1 eth0 198.51.100.5");
    expect(way(node, "10.2.0.9")).toBe("unicast 203.0.113.1 eth0 192.0.2.1");
    expect(way(node, "198.51.100.5")).toBe("local 198.51.100.5 lo 198.51.100.5");
    expect(way(node, "127.9.9.9")).toBe("local 127.9.9.9 lo 127.0.0.1");
  });
});

describe("An address that is removed", () => {
  it("is local no more, the only one of its namespace neither, and one that is not there changes nothing", () => {
    const { netns, eth0 } = host();
    netns.removeAddress(eth0, ip("192.0.2.50"));
    expect(netns.hasAddress(HOST)).toBe(true);
    netns.removeAddress(eth0, HOST);
    expect([netns.hasAddress(HOST), netns.routes.lookup(HOST).kind]).toEqual([false, "unicast"]);
    netns.addAddress(eth0, ip("192.0.2.7"), 24);
    expect([netns.hasAddress(HOST), netns.hasAddress(ip("192.0.2.7"))]).toEqual([false, true]);
  });
});

describe("The routes of a namespace", () => {
  it("are found once for each destination, however many there are, until something changes", () => {
    const { routes } = new Wire().host;
    const addresses = Array.from({ length: 1000 }, (_, place) => (ip("10.99.0.0") + place) | 0);
    const found = addresses.map((address) => routes.lookup(address));
    expect(new Set(found).size).toBe(1000);
    expect(addresses.filter((address, index) => routes.lookup(address) !== found[index])).toEqual([]);
    routes.add({ destination: ip("10.99.0.0"), prefixLength: 16, kind: "blackhole" });
    expect(new Set(addresses.map((address) => routes.lookup(address).kind))).toEqual(new Set(["blackhole"]));
  });
});
