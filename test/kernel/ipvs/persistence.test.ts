import { describe, expect, it } from "vitest";
import { IpvsFlag } from "../../../src/kernel/ipvs/ipvs_connection_table.ts";
import type { Ipvs } from "../../../src/kernel/ipvs/ipvs.ts";
import type { RealServer, VirtualService } from "../../../src/kernel/ipvs/virtual_service.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { seconds } from "../../../src/units.ts";
import { ip } from "../../support/small_network.ts";
import { HOST, PEER, Wire } from "../../support/wire.ts";

// Goal: persistence and deleted servers do as ip_vs_sched_persist and ip_vs_trash_get_dest do.
// Method: clients send SYNs to a virtual service with two real servers behind the wire; we look where they go.

const PORT = 36704;
const SERVERS = [ip("203.0.113.7"), ip("203.0.113.8")] as const;

class Bench {
  readonly wire: Wire;
  readonly ipvs: Ipvs;
  readonly service: VirtualService;
  readonly servers: RealServer[];

  constructor(sysctls: Readonly<Record<string, string>> = {}) {
    this.wire = new Wire({ kernel: "6.1", sysctls: { "net.ipv4.ip_forward": "1", ...sysctls } });
    this.ipvs = this.wire.machine.requireIpvs(this.wire.host);
    this.service = this.ipvs.addService(Protocol.TCP, HOST, PORT, "rr");
    this.servers = SERVERS.map((address) => this.ipvs.addServer(this.service, address, 80, 1));
  }

  /** Where a client's SYN goes; nowhere if it is dropped. */
  syn(sport: number, src = PEER): number | undefined {
    this.wire.takeSent();
    return this.wire.inject({ src, sport, dport: PORT, flags: "S" }).takeSent()[0]?.dst;
  }

  /** The row of the client's template, or -1. */
  template(src = PEER): number {
    return this.ipvs.connections.findIn(Protocol.TCP, src, 0, HOST, PORT);
  }
}

describe("A persistent service", () => {
  it("sends every connection of a client to the server of the first, and other clients in turn", () => {
    const bench = new Bench();
    bench.service.persistentTimeout = seconds(300);
    expect([bench.syn(1000), bench.syn(1001), bench.syn(1002)]).toEqual([SERVERS[1], SERVERS[1], SERVERS[1]]);
    expect(bench.syn(1000, ip("192.0.2.9"))).toBe(SERVERS[0]);
  });

  it("counts connections, not templates", () => {
    const bench = new Bench();
    bench.service.persistentTimeout = seconds(300);
    bench.syn(1000);
    const { active, inactive, stats } = bench.servers[1]!;
    expect([active, inactive, stats.connections, bench.service.stats.connections]).toEqual([1, 0, 1, 1]);
    expect(bench.ipvs.connections.count).toBe(2);
  });

  it("forgets a client after the timeout, which starts anew with each connection", () => {
    const bench = new Bench();
    bench.service.persistentTimeout = seconds(100);
    bench.syn(1000);
    bench.wire.at(90);
    bench.syn(1001);
    bench.wire.at(185);
    expect(bench.template()).toBeGreaterThanOrEqual(0);
    bench.wire.at(200);
    expect(bench.template()).toBe(-1);
    expect(bench.syn(1002)).toBe(SERVERS[0]);
  });

  it("keeps a template as long as a connection of it lives, looking again every 60 s", () => {
    const bench = new Bench();
    bench.service.persistentTimeout = seconds(10);
    bench.syn(1000);
    bench.wire.at(50);
    expect(bench.template()).toBeGreaterThanOrEqual(0);
    bench.wire.at(80);
    expect(bench.template()).toBe(-1);
  });

  it("calls a template ASSURED once a connection of it was established", () => {
    const bench = new Bench();
    bench.service.persistentTimeout = seconds(300);
    bench.syn(1000);
    const isAssured = (): boolean => (bench.ipvs.connections.flags[bench.template()]! & IpvsFlag.ASSURED) !== 0;
    expect(isAssured()).toBe(false);
    bench.wire.inject({ sport: 1000, dport: PORT, flags: "." });
    expect(isAssured()).toBe(true);
  });

  it("parts with a template at once if its last connection is told to end and none was ever established", () => {
    const templateAfterDeletion = (flags: readonly string[]): number => {
      const bench = new Bench({ "net.ipv4.vs.expire_nodest_conn": "1" });
      bench.service.persistentTimeout = seconds(300);
      for (const one of flags) bench.wire.inject({ sport: 1000, dport: PORT, flags: one });
      bench.ipvs.deleteServer(bench.service, bench.servers[1]!);
      bench.wire.at(1);
      return bench.template();
    };
    expect(templateAfterDeletion(["S"])).toBe(-1);
    expect(templateAfterDeletion(["S", "."])).toBeGreaterThanOrEqual(0);
  });

  it("schedules a client anew when its server was deleted, or rests under expire_quiescent_template", () => {
    const bench = new Bench({ "net.ipv4.vs.expire_quiescent_template": "1" });
    bench.service.persistentTimeout = seconds(300);
    bench.syn(1000);
    bench.ipvs.setWeight(bench.service, bench.servers[1]!, 0);
    expect(bench.syn(1001)).toBe(SERVERS[0]);
    bench.ipvs.setWeight(bench.service, bench.servers[1]!, 1);
    bench.ipvs.deleteServer(bench.service, bench.servers[0]!);
    expect(bench.syn(1002)).toBe(SERVERS[1]);
  });

  it("keeps a client at a server of weight 0 without that sysctl", () => {
    const bench = new Bench();
    bench.service.persistentTimeout = seconds(300);
    bench.syn(1000);
    bench.ipvs.setWeight(bench.service, bench.servers[1]!, 0);
    expect(bench.syn(1001)).toBe(SERVERS[1]);
  });
});

describe("A server that was deleted", () => {
  it("comes back as the same one, with its connections, when it is added again", () => {
    const bench = new Bench();
    bench.syn(1000);
    const [, server] = bench.servers;
    bench.ipvs.deleteServer(bench.service, server!);
    expect(bench.syn(1000)).toBeUndefined();
    expect(bench.ipvs.addServer(bench.service, SERVERS[1], 80, 1)).toBe(server);
    expect(bench.syn(1000)).toBe(SERVERS[1]);
  });

  it("comes back to a service of the same address and port with its counts of traffic at 0", () => {
    const bench = new Bench();
    bench.syn(1000);
    bench.ipvs.deleteService(bench.service);
    const service = bench.ipvs.addService(Protocol.TCP, HOST, PORT, "rr");
    const server = bench.ipvs.addServer(service, SERVERS[1], 80, 1);
    expect([server === bench.servers[1], server.stats.connections, server.active]).toEqual([true, 0, 1]);
  });

  it("is remembered for longer than 120 s as long as a connection refers to it", () => {
    const bench = new Bench();
    const [first, second] = bench.servers;
    bench.syn(1000);
    bench.wire.inject({ sport: 1000, dport: PORT, flags: "." });
    for (const server of [first, second]) bench.ipvs.deleteServer(bench.service, server!);
    bench.wire.at(500);
    const added = SERVERS.map((address) => bench.ipvs.addServer(bench.service, address, 80, 1));
    expect([added[0] === first, added[1] === second]).toEqual([false, true]);
  });

  it("is a new one for another service, and when nothing has referred to it for 120 s", () => {
    const bench = new Bench();
    const [first] = bench.servers;
    bench.ipvs.deleteServer(bench.service, first!);
    const other = bench.ipvs.addService(Protocol.TCP, HOST, PORT + 1, "rr");
    expect(bench.ipvs.addServer(other, SERVERS[0], 80, 1)).not.toBe(first);
    bench.wire.at(121);
    expect(bench.ipvs.addServer(bench.service, SERVERS[0], 80, 1)).not.toBe(first);
  });

  it("counts no packets of the connections that still refer to it", () => {
    const bench = new Bench();
    bench.syn(1000);
    const [, server] = bench.servers;
    bench.ipvs.deleteServer(bench.service, server!);
    bench.wire.inject({ src: SERVERS[1], dst: PEER, sport: 80, dport: 1000, flags: "S." });
    expect([server!.stats.inPackets, server!.stats.outPackets]).toEqual([1, 0]);
  });
});

describe("The traffic that ipvsadm --stats shows", () => {
  it("is the same at a service and at its servers together, packets and bytes of either way", () => {
    const bench = new Bench();
    bench.syn(1000);
    bench.wire.inject({ src: SERVERS[1], dst: PEER, sport: 80, dport: 1000, flags: "S.", seq: 1, ack: 1 });
    bench.wire.inject({ sport: 1000, dport: PORT, flags: "." });
    bench.syn(1001);
    const { connections, inPackets, outPackets, inBytes, outBytes } = bench.service.stats;
    expect([connections, inPackets, inBytes, outPackets, outBytes]).toEqual([2, 3, 60 + 52 + 60, 1, 60]);
    const [first, second] = bench.servers.map(({ stats }) => stats);
    expect([first!.inPackets + second!.inPackets, first!.inBytes + second!.inBytes]).toEqual([inPackets, inBytes]);
    expect([first!.outBytes + second!.outBytes, second!.outPackets]).toEqual([outBytes, outPackets]);
  });
});
