import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { ip } from "../../support/small_network.ts";
import { PEER, Wire } from "../../support/wire.ts";

const TEN_PORTS = { "net.ipv4.ip_local_port_range": "40000 40009" };

/** The source ports of so many connects to one destination, one right after the other. */
function connectPorts(wire: Wire, count: number, dport = 80, daddr = PEER): number[] {
  return Array.from({ length: count }, () => wire.connect(dport, daddr).syn.sport);
}

/** Steps from port to port, in a range that has not wrapped. */
function steps(ports: readonly number[]): number[] {
  return ports.slice(1).map((port, index) => port - ports[index]!);
}

describe("PortAllocator", () => {
  it.each(["4.1.19", "4.4.11", "5.4.188", "5.15.24", "6.1", "6.18.44"])(
    "on %s hands out ten ports to one destination, then EADDRNOTAVAIL, then the same ten to others",
    (kernel) => {
      const wire = new Wire({ kernel, sysctls: TEN_PORTS });
      const ten = Array.from({ length: 10 }, (_, offset) => 40000 + offset);
      const sorted = (ports: readonly number[]): number[] => ports.toSorted((a, b) => a - b);
      expect(sorted(connectPorts(wire, 10))).toEqual(ten);
      const sockets = wire.count(TcpState.SYN_SENT);
      expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
      expect([wire.takeSent(), wire.count(TcpState.SYN_SENT)]).toEqual([[], sockets]);
      expect(sorted(connectPorts(wire, 10, 81))).toEqual(ten);
      expect(sorted(connectPorts(wire, 10, 80, ip("203.0.113.9")))).toEqual(ten);
    },
  );

  it("gives every port of the low bound's parity before any other from 4.6 on", () => {
    const ports = connectPorts(new Wire({ kernel: "6.1", sysctls: TEN_PORTS }), 10);
    expect(ports.map((port) => port % 2)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it("shares one cursor between all destinations and namespaces up to 5.11", () => {
    const wire = new Wire({ kernel: "5.4.188" });
    const [first] = connectPorts(wire, 1);
    connectPorts(wire, 10, 443);
    const other = wire.machine.createNetns("other");
    const [device] = wire.machine.createVeth(
      { netns: other, name: "a" },
      { netns: wire.machine.createNetns("b"), name: "b" },
    );
    other.addAddress(device, ip("198.51.100.1"), 24);
    const slot = wire.tcp.socket(other, wire.owner, 0);
    expect(wire.tcp.connect(slot, ip("198.51.100.2"), 80)).toBe(0);
    const [second] = connectPorts(wire, 1);
    expect((second! - first! + 28232) % 28232).toBe(24);
  });

  it("moves the cursor of one destination only from 5.18 on: connects elsewhere do not roll its ports", () => {
    const wire = new Wire({ kernel: "6.1" }).at(1);
    const ports: number[] = [];
    for (let connect = 0; connect < 20; connect += 1) {
      ports.push(...connectPorts(wire, 1));
      connectPorts(wire, 25, 1000 + connect);
    }
    const moved = steps(ports).map((step) => (step + 28232) % 28232);
    expect(moved.every((step) => step >= 2 && step <= 16 && step % 2 === 0)).toBe(true);
  });

  it("from 5.18 on steps by 2 to 16, each about equally often, 9 in the mean", () => {
    const wire = new Wire({ kernel: "6.1" }).at(1);
    const moved = steps(connectPorts(wire, 1200)).map((step) => (step + 28232) % 28232);
    const counts = [2, 4, 6, 8, 10, 12, 14, 16].map((size) => moved.filter((step) => step === size).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1199);
    // 7 degrees of freedom: 29.9 is exceeded once in 10,000.
    expect(counts.reduce((sum, count) => sum + (count - 150) ** 2 / 150, 0)).toBeLessThan(29.9);
  });
});

describe("PortAllocator's re-salting", () => {
  /** The moments, in ticks, at which the port sequence of a destination jumps. */
  function jumps(wire: Wire, daddr: number, ticks: readonly number[]): number[] {
    const found: number[] = [];
    let last: number | undefined;
    for (const tick of ticks) {
      wire.at(tick / 250);
      const port = connectPorts(wire, 1, 80, daddr)[0]!;
      const step = last === undefined ? 2 : (port - last + 28232) % 28232;
      if (step > 16) found.push(tick);
      last = port;
    }
    return found;
  }
  const destinations = [PEER, ip("203.0.113.77"), ip("203.0.113.5")];

  it("happens for all destinations at one boundary, 0.816 s after boot and every 10 s from then on (HZ=250)", () => {
    const ticks = [190, 203, 204, 1000, 2703, 2704, 3000, 5203, 5204];
    for (const daddr of destinations) {
      const wire = new Wire({ kernel: "6.1", uptime: 0 });
      expect(jumps(wire, daddr, ticks)).toEqual([204, 2704, 5204]);
    }
  });

  it.each(["4.1.19", "5.4.188", "5.15.24"])("does not happen on %s", (kernel) => {
    const wire = new Wire({ kernel, uptime: 0 });
    expect(jumps(wire, PEER, [190, 203, 204, 1000, 2703, 2704, 3000, 5203, 5204])).toEqual([]);
  });

  it("happens on 5.10.118, which re-salts but still has the one cursor", () => {
    const wire = new Wire({ kernel: "5.10.118", uptime: 0 });
    expect(jumps(wire, PEER, [203, 204, 2703, 2704])).toEqual([204, 2704]);
  });
});

describe("bind(0)", () => {
  function bindZero(wire: Wire, hasReuseAddress = false): number {
    const slot = wire.tcp.socket(wire.host, wire.owner, 0);
    const outcome = wire.tcp.bind(slot, { address: 0, port: 0, hasReuseAddress });
    return outcome < 0 ? outcome : wire.tcp.sockets.localPort(slot);
  }
  const many = (wire: Wire, count: number, hasReuseAddress = false): number[] =>
    Array.from({ length: count }, () => bindZero(wire, hasReuseAddress));

  it("takes the parity opposite to the low bound from 4.6 on", () => {
    expect(many(new Wire({ kernel: "6.1" }), 100).every((port) => port % 2 === 1)).toBe(true);
    const oddLow = new Wire({ kernel: "5.4.188", sysctls: { "net.ipv4.ip_local_port_range": "40001 50000" } });
    expect(many(oddLow, 100).every((port) => port % 2 === 0)).toBe(true);
  });

  it("takes either parity up to 4.5", () => {
    const parities = many(new Wire({ kernel: "4.4.11" }), 60).map((port) => port % 2);
    expect([parities.includes(0), parities.includes(1)]).toEqual([true, true]);
  });

  it("with SO_REUSEADDR takes the lower half first: 32768 to 46883 of the default range", () => {
    const ports = many(new Wire({ kernel: "6.1" }), 200, true);
    expect(ports.every((port) => port >= 32768 && port <= 46883 && port % 2 === 1)).toBe(true);
    expect(many(new Wire({ kernel: "6.1" }), 200).some((port) => port > 46883)).toBe(true);
  });

  it("with SO_REUSEADDR has no lower half up to 4.1", () => {
    expect(many(new Wire({ kernel: "4.1.19" }), 200, true).some((port) => port > 46884)).toBe(true);
  });

  it("goes on to the upper half when the lower one is used up, and ends with EADDRINUSE", () => {
    const wire = new Wire({ kernel: "6.1", sysctls: TEN_PORTS });
    const ports = many(wire, 10, true);
    expect(ports.slice(0, 4).toSorted((a, b) => a - b)).toEqual([40000, 40001, 40002, 40003]);
    expect(new Set(ports).size).toBe(10);
    expect(bindZero(wire, true)).toBe(-Errno.EADDRINUSE);
  });

  it("parts the halves at an even distance from the low bound, so that no port is in neither", () => {
    const wire = new Wire({ kernel: "6.1", sysctls: { "net.ipv4.ip_local_port_range": "40000 40005" } });
    const ports = many(wire, 6, true);
    expect(ports.slice(0, 2).toSorted((a, b) => a - b)).toEqual([40000, 40001]);
    expect(ports.toSorted((a, b) => a - b)).toEqual([40000, 40001, 40002, 40003, 40004, 40005]);
  });

  it("passes over reserved ports and over ports that connections own", () => {
    const wire = new Wire({ kernel: "6.1", sysctls: TEN_PORTS });
    wire.set("net.ipv4.ip_local_reserved_ports", "40001,40003,40005");
    const connected = connectPorts(wire, 5);
    expect(connected.every((port) => port % 2 === 0)).toBe(true);
    expect(many(wire, 3).toSorted((a, b) => a - b)).toEqual(
      [40007, 40009, -Errno.EADDRINUSE].toSorted((a, b) => a - b),
    );
  });

  it("does not move the cursor of connect()", () => {
    const ports = (between: number): number[] => {
      const wire = new Wire({ kernel: "5.4.188" });
      const first = connectPorts(wire, 1);
      many(wire, between);
      return [...first, ...connectPorts(wire, 1)];
    };
    expect(steps(ports(20))).toEqual([2]);
  });

  it("is what listen() on an unbound socket does", () => {
    const wire = new Wire({ kernel: "6.1" });
    const slot = wire.tcp.socket(wire.host, wire.owner, 0);
    expect(wire.tcp.listen(slot)).toBe(0);
    expect(wire.tcp.sockets.localPort(slot) % 2).toBe(1);
  });
});
