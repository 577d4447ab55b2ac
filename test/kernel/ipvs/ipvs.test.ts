import { describe, expect, it } from "vitest";
import type { Ipvs } from "../../../src/kernel/ipvs/ipvs.ts";
import { IPVS_STATE_NAMES } from "../../../src/kernel/ipvs/ipvs_tcp_states.ts";
import type { RealServer, VirtualService } from "../../../src/kernel/ipvs/virtual_service.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { packPorts } from "../../../src/kernel/tuple_index.ts";
import { ip, POD, smallNetwork } from "../../support/small_network.ts";
import { HOST, type InjectedSegment, PEER, type SentSegment, Wire } from "../../support/wire.ts";

const NODE_PORT = 36704;
const SERVERS = [ip("203.0.113.10"), ip("203.0.113.11")] as const;

interface BenchOptions {
  readonly kernel?: string;
  readonly reuseMode?: number;
  /** Whether conntrack works; true if absent. */
  readonly isTracked?: boolean;
  readonly sysctls?: Readonly<Record<string, string>>;
}

/** A node that forwards, with the virtual service HOST:36704 and two real servers behind the wire; the peer is a pod. */
class IpvsBench {
  readonly wire: Wire;
  readonly ipvs: Ipvs;
  readonly service: VirtualService;
  readonly servers: readonly RealServer[];

  constructor(options: BenchOptions = {}) {
    this.wire = new Wire({
      kernel: options.kernel ?? "5.4.188",
      sysctls: {
        "net.ipv4.ip_forward": "1",
        "net.ipv4.vs.conntrack": "1",
        "net.ipv4.vs.conn_reuse_mode": `${options.reuseMode ?? 1}`,
        "net.ipv4.ip_local_port_range": `${NODE_PORT} ${NODE_PORT}`,
        ...options.sysctls,
      },
    });
    const { machine, host } = this.wire;
    if (options.isTracked !== false) machine.requireConntrack(host);
    this.ipvs = machine.requireIpvs(host);
    this.service = this.ipvs.addService(6, HOST, NODE_PORT, "rr");
    this.servers = SERVERS.map((address) => this.ipvs.addServer(this.service, address, 443, 1));
  }

  /** What the host sends when a segment of the pod (port 80) comes to the virtual service. */
  fromPod(flags: string, more: Partial<InjectedSegment> = {}): SentSegment[] {
    return this.wire.inject({ sport: 80, dport: NODE_PORT, flags, seq: 5000, ack: 0, ...more }).takeSent();
  }

  /** The node's own probe of the pod leaves from port 36704; the pod's SYN-ACK of it. */
  probe(): () => SentSegment[] {
    const { syn } = this.wire.connect(80);
    return () => this.fromPod("S.", { ack: syn.seq + 1 });
  }

  /** The real server that has the SYN-ACK answers it with a RST. */
  resetFrom(server: number): SentSegment[] {
    return this.wire.inject({ src: server, dst: PEER, sport: 443, dport: 80, flags: "R", seq: 1 }).takeSent();
  }

  /** The connection as `ipvsadm -Lnc` shows it, newest first. */
  get connection(): string | undefined {
    const { connections } = this.ipvs;
    const row = connections.findIn(6, PEER, 80, HOST, NODE_PORT);
    return row < 0 ? undefined : IPVS_STATE_NAMES[connections.state[row]!];
  }

  /** Whether the probe's conntrack entry stands. */
  get hasProbeEntry(): boolean {
    const { conntrack } = this.wire.host;
    return conntrack !== undefined && conntrack.findNode(HOST, PEER, packPorts(NODE_PORT, 80), 6) >= 0;
  }
}

/** Where segments went. */
function destinations(sent: readonly SentSegment[]): number[] {
  return sent.map((segment) => segment.dst);
}

describe("A segment for a virtual service without a connection", () => {
  it.each(["S", "S.", "FS"])("%s is scheduled: destination and port rewritten, source kept, TTL one less", (flags) => {
    const bench = new IpvsBench();
    const sent = bench.fromPod(flags, { ack: 7777 });
    expect(sent).toMatchObject([{ src: PEER, sport: 80, dst: SERVERS[1], dport: 443, ttl: 63, seq: 5000, ack: 7777 }]);
    expect([bench.connection, bench.ipvs.connections.count]).toEqual(["SYN_RECV", 1]);
    expect([bench.servers[1]!.active, bench.servers[1]!.inactive]).toEqual([1, 0]);
  });

  it.each([
    [".", ["R 7777 0"]],
    ["F.", ["R 7777 0"]],
    ["F", ["R. 0 5001"]],
    ["", ["R. 0 5000"]],
    ["R", []],
    ["R.", []],
  ])("%j is left to the local TCP, which answers %j", (flags, expected) => {
    const bench = new IpvsBench();
    const sent = bench.fromPod(flags, { ack: flags.includes(".") ? 7777 : 0 });
    expect(sent.map((one) => `${one.flags} ${one.seq} ${one.ack}`)).toEqual(expected);
    expect([destinations(sent), bench.ipvs.connections.count]).toEqual([expected.map(() => PEER), 0]);
  });

  it.each(["S", "S.", ".", "F", "F.", ""])("with sloppy_tcp %j is scheduled", (flags) => {
    const bench = new IpvsBench({ sysctls: { "net.ipv4.vs.sloppy_tcp": "1" } });
    expect(destinations(bench.fromPod(flags))).toEqual([SERVERS[1]]);
  });

  it.each(["R", "R."])("with sloppy_tcp %j is still not scheduled", (flags) => {
    const bench = new IpvsBench({ sysctls: { "net.ipv4.vs.sloppy_tcp": "1" } });
    expect([bench.fromPod(flags), bench.ipvs.connections.count]).toEqual([[], 0]);
  });

  it("on another port or address is not touched", () => {
    const bench = new IpvsBench();
    expect(bench.wire.inject({ sport: 80, dport: NODE_PORT + 1, flags: "S", seq: 1 }).takeFlags()).toEqual(["R."]);
    const other = ip("203.0.113.99");
    const sent = bench.wire.inject({ sport: 80, dst: other, dport: NODE_PORT, flags: "S", seq: 1 }).takeSent();
    expect(destinations(sent)).toEqual([other]);
  });

  it("reaches the client socket if it is no SYN: a bare ACK draws its RST", () => {
    const bench = new IpvsBench();
    const { syn, slot } = bench.wire.connect(80);
    const sent = bench.fromPod(".", { ack: syn.seq - 5 });
    expect(sent).toMatchObject([{ flags: "R", dst: PEER, seq: (syn.seq - 5) | 0 }]);
    expect(bench.wire.tcp.sockets.state(slot)).toBe(TcpState.SYN_SENT);
  });

  it("draws ICMP port unreachable, and never a RST, when there is no real server or all have weight 0", () => {
    const bench = new IpvsBench();
    for (const server of bench.servers) bench.ipvs.setWeight(bench.service, server, 0);
    expect(bench.fromPod("S.").map((one) => one.flags)).toEqual(["icmp 3/3"]);
    for (const server of bench.servers) bench.ipvs.deleteServer(bench.service, server);
    expect(bench.fromPod("S.")).toMatchObject([{ flags: "icmp 3/3", src: HOST, dst: PEER }]);
    expect(bench.ipvs.connections.count).toBe(0);
  });
});

describe("The SYN-ACK of a probe whose source port is a NodePort", () => {
  it("never reaches the probe, and leaves its conntrack entry in SYN_RECV as it was", () => {
    const bench = new IpvsBench();
    const synAck = bench.probe();
    expect(destinations(synAck())).toEqual([SERVERS[1]]);
    expect([bench.wire.owner.lines, bench.wire.count(TcpState.SYN_SENT), bench.hasProbeEntry]).toEqual([[], 1, true]);
  });

  it("draws a RST from the real server, which reaches the pod as one from node:NodePort and closes the connection", () => {
    const bench = new IpvsBench();
    bench.probe()();
    const reset = bench.resetFrom(SERVERS[1]);
    expect(reset).toMatchObject([{ flags: "R", src: HOST, sport: NODE_PORT, dst: PEER, dport: 80 }]);
    expect([bench.connection, bench.servers[1]!.active, bench.servers[1]!.inactive]).toEqual(["CLOSE", 0, 1]);
    expect(bench.hasProbeEntry).toBe(true);
  });

  it("takes the probe's conntrack entry with it 10 s after the last RST, 50 s early", () => {
    const bench = new IpvsBench({ reuseMode: 0 });
    bench.probe()();
    bench.resetFrom(SERVERS[1]);
    bench.wire.at(9.9);
    expect([bench.connection, bench.hasProbeEntry]).toEqual(["CLOSE", true]);
    bench.wire.at(10.5);
    expect([bench.connection, bench.hasProbeEntry]).toEqual([undefined, false]);
  });

  it("leaves the probe's entry to its own timeout when vs.conntrack is 0", () => {
    const bench = new IpvsBench({ reuseMode: 0, sysctls: { "net.ipv4.vs.conntrack": "0" } });
    bench.probe()();
    bench.resetFrom(SERVERS[1]);
    bench.wire.at(10.5);
    expect([bench.connection, bench.hasProbeEntry]).toEqual([undefined, true]);
  });
});

describe("The next SYN-ACK of the same probe", () => {
  /** Where the second SYN-ACK (after the RST, at 1 s) and a third one (1 s later) go; and whether the entry lives. */
  function nextTwo(options: BenchOptions, hasReset = true): { readonly to: number[][]; readonly hasEntry: boolean } {
    const bench = new IpvsBench(options);
    const synAck = bench.probe();
    synAck();
    if (hasReset) bench.resetFrom(SERVERS[1]);
    bench.wire.at(0.9).takeSent();
    const second = destinations(synAck());
    bench.wire.at(0.95);
    const hasEntry = bench.hasProbeEntry;
    return { to: [second, destinations(synAck())], hasEntry };
  }
  const [next, same] = SERVERS;

  it.each(["5.4.188", "5.10.89", "6.1", "6.12"])(
    "goes to the same real server with conn_reuse_mode 0 on %s",
    (kernel) => {
      expect(nextTwo({ kernel, reuseMode: 0 })).toEqual({ to: [[same], [same]], hasEntry: true });
    },
  );

  it.each(["5.4.188", "6.1", "6.12"])(
    "is dropped with conn_reuse_mode 1 when tracked, the entry dies, and the one after goes to the next server on %s",
    (kernel) => {
      expect(nextTwo({ kernel, reuseMode: 1 })).toEqual({ to: [[], [next]], hasEntry: false });
    },
  );

  it("goes to the same real server with mode 1 too up to 4.5: only TIME_WAIT is reused there", () => {
    expect(nextTwo({ kernel: "4.5", reuseMode: 1 })).toEqual({ to: [[same], [same]], hasEntry: true });
    expect(nextTwo({ kernel: "4.6", reuseMode: 1 })).toEqual({ to: [[], [next]], hasEntry: false });
  });

  it("is dropped with mode 1 and vs.conntrack 0 too, but the entry survives; up to 5.8 it was not dropped", () => {
    const sysctls = { "net.ipv4.vs.conntrack": "0" };
    expect(nextTwo({ kernel: "6.1", reuseMode: 1, sysctls })).toMatchObject({ to: [[], [next]], hasEntry: true });
    expect(nextTwo({ kernel: "5.8", reuseMode: 1, sysctls }).to[0]).toEqual([next]);
  });

  it("goes to the next server at once with mode 1 when conntrack does not work", () => {
    expect(nextTwo({ reuseMode: 1, isTracked: false }).to[0]).toEqual([next]);
  });

  it.each([0, 1])("goes to the same server with mode %i when nothing had come back", (reuseMode) => {
    expect(nextTwo({ reuseMode }, false)).toEqual({ to: [[same], [same]], hasEntry: true });
  });

  it("is not taken for a new connection in FIN_WAIT by bit 2 of the mode: the server has spoken", () => {
    const bench = new IpvsBench({ reuseMode: 3 });
    bench.fromPod("S");
    const server = { src: SERVERS[1], dst: PEER, sport: 443, dport: 80 };
    bench.wire.inject({ ...server, flags: "S.", seq: 1, ack: 5001 });
    bench.fromPod(".", { seq: 5001, ack: 2 });
    bench.wire.inject({ ...server, flags: "F.", seq: 2, ack: 5001 });
    expect(bench.connection).toBe("FIN_WAIT");
    bench.wire.takeSent();
    expect(destinations(bench.fromPod("S", { seq: 90_000 }))).toEqual([SERVERS[1]]);
  });
});

describe("A real server that goes away", () => {
  const expireNodest = { "net.ipv4.vs.expire_nodest_conn": "1" };

  it("by deletion leaves its connections to silence without expire_nodest_conn", () => {
    const bench = new IpvsBench();
    bench.fromPod("S");
    bench.ipvs.deleteServer(bench.service, bench.servers[1]!);
    expect([bench.fromPod("S"), bench.fromPod("."), bench.connection]).toEqual([[], [], "SYN_RECV"]);
  });

  it("by deletion ends them within a tick with expire_nodest_conn from 5.9 on", () => {
    const bench = new IpvsBench({ kernel: "6.1", sysctls: expireNodest });
    bench.fromPod("S");
    bench.ipvs.deleteServer(bench.service, bench.servers[1]!);
    bench.wire.at(0.1);
    expect(bench.connection).toBeUndefined();
    const old = new IpvsBench({ kernel: "5.8", sysctls: expireNodest });
    old.fromPod("S");
    old.ipvs.deleteServer(old.service, old.servers[1]!);
    old.wire.at(0.1);
    expect(old.connection).toBe("SYN_RECV");
  });

  it("by weight 0 with expire_nodest_conn: a tracked SYN is dropped, the following one scheduled anew", () => {
    const moved = (kernel: string, reuseMode = 0): number[][] => {
      const bench = new IpvsBench({ kernel, reuseMode, sysctls: expireNodest });
      bench.fromPod("S");
      bench.ipvs.setWeight(bench.service, bench.servers[1]!, 0);
      bench.wire.at(1);
      const second = destinations(bench.fromPod("S"));
      bench.wire.at(2);
      return [second, destinations(bench.fromPod("S"))];
    };
    expect(moved("5.4.188")).toEqual([[], [SERVERS[0]]]);
    // Up to 4.5 nothing was dropped.
    expect(moved("4.1", 1)[0]).toEqual([SERVERS[0]]);
    expect(moved("4.6", 1)[0]).toEqual([]);
    // Before the fix of 5.16 (5.4.163), mode 0 switched this test off as well.
    expect(moved("5.4.162")).toEqual([[SERVERS[1]], [SERVERS[1]]]);
  });

  it("by the deletion of its service takes the hooks away: a SYN meets the closed port", () => {
    const bench = new IpvsBench();
    bench.ipvs.deleteService(bench.service);
    expect(bench.fromPod("S").map((one) => one.flags)).toEqual(["R."]);
  });
});

describe("A virtual service without servers", () => {
  it("answers the pod's SYN-ACK with ICMP, which its request ignores: it lives on and sends SYN-ACKs with the same ISN", () => {
    const synAcks: number[] = [];
    const icmps: number[] = [];
    const network = smallNetwork({
      realServers: [],
      sysctls: { "net.ipv4.ip_local_port_range": `${NODE_PORT} ${NODE_PORT}` },
      trace: {
        packet: (time, device, direction, packet) => {
          if (device.netns.name !== "p1") return;
          if (direction === "out" && packet.flags === 18) synAcks.push(packet.seq);
          if (direction === "in" && packet.protocol === 1) icmps.push(time);
        },
      },
    });
    const { tcp, loop } = network;
    expect(tcp.connect(tcp.socket(network.node, undefined, 0), POD, 80)).toBe(0);
    loop.runUntil(5_000_000);
    expect(synAcks.length).toBeGreaterThanOrEqual(3);
    expect(new Set(synAcks).size).toBe(1);
    expect(icmps.length).toBe(synAcks.length);
    const request = [...Array(tcp.sockets.extent).keys()].filter(
      (slot) => tcp.sockets.state(slot) === TcpState.SYN_RECV,
    );
    expect(request).toHaveLength(1);
  });
});
