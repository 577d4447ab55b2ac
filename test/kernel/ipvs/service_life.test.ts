import { describe, expect, it } from "vitest";
import type { Ipvs } from "../../../src/kernel/ipvs/ipvs.ts";
import type { SchedulerName } from "../../../src/kernel/ipvs/schedulers.ts";
import type { RealServer, VirtualService } from "../../../src/kernel/ipvs/virtual_service.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { type Ipv4, seconds } from "../../../src/units.ts";
import { ip } from "../../support/small_network.ts";
import { HOST, PEER, Wire } from "../../support/wire.ts";

// Goal: what servers and services that change under way do to the connections that come then.
// Method: clients send SYNs to a virtual service with real servers behind the wire; we look where they go.

const PORT = 36704;

class Bench {
  readonly wire: Wire;
  readonly ipvs: Ipvs;
  readonly service: VirtualService;
  readonly servers: RealServer[];

  constructor(scheduler: SchedulerName, addresses: readonly string[], weights: readonly number[] = []) {
    this.wire = new Wire({ kernel: "6.1", sysctls: { "net.ipv4.ip_forward": "1" } });
    this.ipvs = this.wire.machine.requireIpvs(this.wire.host);
    this.service = this.ipvs.addService(Protocol.TCP, HOST, PORT, scheduler);
    this.servers = addresses.map((address, index) =>
      this.ipvs.addServer(this.service, ip(address), 80, weights[index] ?? 1),
    );
  }

  /** The last byte of the address that a client's SYN goes to; nothing if it is refused. */
  syn(sport: number, src: Ipv4 = PEER): number | undefined {
    this.wire.takeSent();
    const [sent] = this.wire.inject({ src, sport, dport: PORT, flags: "S" }).takeSent();
    return sent?.flags === "S" ? sent.dst & 255 : undefined;
  }
}

const FOUR = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"];

describe("rr", () => {
  it("goes on behind the place of a server that was deleted, whether it was the last one chosen or not", () => {
    const chosen = new Bench("rr", FOUR);
    expect([chosen.syn(1), chosen.syn(2)]).toEqual([4, 3]);
    chosen.ipvs.deleteServer(chosen.service, chosen.servers[2]!);
    expect([3, 4, 5].map((sport) => chosen.syn(sport))).toEqual([2, 1, 4]);
    const head = new Bench("rr", FOUR);
    head.syn(1);
    head.ipvs.deleteServer(head.service, head.servers[3]!);
    expect([2, 3].map((sport) => head.syn(sport))).toEqual([3, 2]);
  });
});

describe("mh", () => {
  it("takes nobody's place in the table from a server whose weight falls to 0, so that others keep their clients", () => {
    const bench = new Bench("mh", FOUR);
    const clients = Array.from({ length: 60 }, (_, index) => ip("198.51.100.0") + index);
    const before = clients.map((client) => bench.syn(1, client));
    bench.ipvs.setWeight(bench.service, bench.servers[1]!, 0);
    const after = clients.map((client) => bench.syn(2, client));
    expect(after).toEqual(before.map((server) => (server === 2 ? undefined : server)));
    expect(before).toContain(2);
    bench.ipvs.setWeight(bench.service, bench.servers[1]!, 1);
    expect(clients.map((client) => bench.syn(3, client))).toEqual(before);
  });

  it("cuts weights down to turns of 63 at most in a row: of 128 and 1, they become 32 and 1", () => {
    const bench = new Bench("mh", FOUR.slice(0, 2), [128, 1]);
    let light = 0;
    for (let client = 0; client < 3300; client += 1) if (bench.syn(1, ip("198.51.0.0") + client) === 2) light += 1;
    expect(light).toBeGreaterThan(60);
    expect(light).toBeLessThan(140);
  });
});

describe("sh", () => {
  it("leaves a server of weight 0 its bucket in each round, and serves nobody from it", () => {
    const bench = new Bench("sh", FOUR.slice(0, 2), [0, 1]);
    const served = Array.from({ length: 256 }, (_, client) => bench.syn(1, ip("198.51.100.0") + client));
    const refused = served.filter((server) => server === undefined).length;
    expect(refused).toBeGreaterThan(96);
    expect(refused).toBeLessThan(160);
  });
});

describe("A packet to a server that was deleted this moment, with expire_nodest_conn", () => {
  it.each([
    ["5.4.188", [2, undefined, 1]],
    ["6.1", [2, 1, 1]],
  ])("on %s: where the SYN went before, goes then, and goes a tick later", (kernel, expected) => {
    const wire = new Wire({ kernel, sysctls: { "net.ipv4.vs.expire_nodest_conn": "1" } });
    const ipvs = wire.machine.requireIpvs(wire.host);
    const service = ipvs.addService(Protocol.TCP, HOST, PORT, "rr");
    const servers = FOUR.slice(0, 2).map((address) => ipvs.addServer(service, ip(address), 80, 1));
    const goesTo = (): number | undefined => {
      const [sent] = wire.inject({ sport: 1000, dport: PORT, flags: "S" }).takeSent();
      return sent === undefined ? undefined : sent.dst & 255;
    };
    const before = goesTo();
    ipvs.deleteServer(service, servers[1]!);
    const then = goesTo();
    wire.at(1);
    expect([before, then, goesTo()]).toEqual(expected);
  });
});

describe("Services of TCP and of UDP on one address and port", () => {
  it("have servers of their own, and one alone does not take the other's packets", () => {
    const wire = new Wire({ kernel: "6.1" });
    const ipvs = wire.machine.requireIpvs(wire.host);
    const udp = ipvs.addService(Protocol.UDP, HOST, PORT, "rr");
    ipvs.addServer(udp, ip("203.0.113.1"), 53, 1);
    expect(wire.inject({ sport: 1, dport: PORT, flags: "S" }).takeFlags()).toEqual(["R."]);
    const tcp = ipvs.addService(Protocol.TCP, HOST, PORT, "rr");
    ipvs.addServer(tcp, ip("203.0.113.2"), 53, 1);
    expect(wire.inject({ sport: 2, dport: PORT, flags: "S" }).takeSent()).toMatchObject([{ dst: ip("203.0.113.2") }]);
    expect([udp.stats.connections, tcp.stats.connections]).toEqual([0, 1]);
    ipvs.deleteService(udp);
    expect(ipvs.findService(Protocol.UDP, HOST, PORT)).toBeUndefined();
  });
});

describe("A template whose time is over", () => {
  it("looks for its connections every 60 s", () => {
    const bench = new Bench("rr", FOUR);
    bench.service.persistentTimeout = seconds(40);
    bench.syn(1000);
    // The connection is gone after some 60 s. The template looks at some 40 and 100 s.
    const isThere = (): boolean => bench.ipvs.connections.findIn(Protocol.TCP, PEER, 0, HOST, PORT) >= 0;
    expect([90, 110].map((moment) => [bench.wire.at(moment), isThere()][1])).toEqual([true, false]);
  });
});

describe("A client's packet at its last hop", () => {
  it("draws ICMP time exceeded instead of going on to a real server", () => {
    const bench = new Bench("rr", FOUR);
    const { machine, host } = bench.wire;
    const sentWith = (ttl: number): string[] => {
      const packet = machine.packets.take();
      packet.src = PEER;
      packet.dst = HOST;
      packet.sport = ttl;
      packet.dport = PORT;
      packet.flags = 2;
      packet.ttl = ttl;
      host.receive(packet, host.device("eth0")!);
      return bench.wire.takeFlags();
    };
    expect([sentWith(1), sentWith(2)]).toEqual([["icmp 11/0"], ["S"]]);
  });
});

describe("A real server that nobody answers for", () => {
  it("is told to a client on this host as host unreachable, by the virtual address and port that it knows", () => {
    const bench = new Bench("rr", ["192.0.2.77"]);
    expect(bench.wire.tryConnect(PORT, HOST)).toBe(0);
    bench.wire.at(4);
    expect(bench.wire.owner.lines).toEqual(["failed 113"]);
  });
});
