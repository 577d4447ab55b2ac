import { describe, expect, it } from "vitest";
import { DecisionLog } from "../../support/decision_log.ts";
import { listen } from "../../support/small_network.ts";
import { type InjectedSegment, Wire } from "../../support/wire.ts";

/** A host that listens on port 80 and tells why it does what it does. */
function host(
  sysctls: Readonly<Record<string, string>> = {},
  kernel = "6.1",
): { readonly wire: Wire; readonly log: DecisionLog } {
  const log = new DecisionLog();
  const wire = new Wire({ kernel, sysctls, decisions: log });
  listen(wire.tcp, wire.host, wire.owner, 80);
  return { wire, log };
}

/** What TCP says of a segment for which there is no connection. */
function saidOf(segment: Pick<InjectedSegment, "dport" | "flags">): string[] {
  const { wire, log } = host();
  wire.inject({ sport: 1000, ...segment });
  return log.said("host", "tcp");
}

describe("What TCP says", () => {
  it.each([
    [
      80,
      "S",
      "socket none -> SYN-RECV: a socket listens on 192.0.2.1:80: the SYN makes a request socket, which is answered by a SYN-ACK",
    ],
    [80, ".", "RST sent: a listening socket answers a segment with ACK by a RST"],
    [80, "F", "a listening socket ignores it"],
    [80, "R", "a RST for a connection that is not there is ignored"],
    [81, "S", "RST sent: no socket stands on 192.0.2.1:81"],
    [
      81,
      "S.",
      "RST sent: no socket stands on 192.0.2.1:81; a listener would answer a segment with ACK by the same RST",
    ],
  ])("of a segment for port %i with flags [%s]: %s", (dport, flags, why) => {
    expect(saidOf({ dport, flags })).toEqual([`receive: ${why}`]);
  });

  it("of a segment in an open connection is whether its number was expected", () => {
    const { wire, log } = host();
    const { syn } = wire.establish(8080);
    log.clear();
    const segment = { sport: 8080, dport: syn.sport, flags: ".", ack: syn.seq + 1 };
    wire.inject({ ...segment, seq: 5001 }).inject({ ...segment, seq: 6001 });
    expect(log.said("host", "tcp")).toEqual([
      "receive: socket stays ESTAB: flags [.], the sequence number expected",
      "receive: socket stays ESTAB: flags [.], not the sequence number expected",
    ]);
  });

  it("of a RST for a request socket is whether it ends it", () => {
    const { wire, log } = host();
    wire.inject({ sport: 1000, dport: 80, flags: "S", seq: 100 });
    log.clear();
    wire.inject({ sport: 1000, dport: 80, flags: "S", seq: 100 });
    wire.inject({ sport: 1000, dport: 80, flags: "R", seq: 101 });
    expect(log.said("host", "tcp")).toEqual([
      "receive: socket stays SYN-RECV: the SYN came again: the same SYN-ACK answers it",
      "receive: socket SYN-RECV -> none: the RST ends the request socket; listener and application see nothing",
    ]);
  });

  it("of connect() is the route, and the port or why there is none", () => {
    const { wire, log } = host({ "net.ipv4.ip_local_port_range": "40000 40000" });
    wire.connect(8080);
    wire.tryConnect(8080);
    expect(log.said("host", "connect")).toEqual([
      "port 40000: socket UNCONN -> SYN-SENT: the first candidate is free",
      "-EADDRNOTAVAIL: every one of 1 candidates is unusable",
    ]);
    expect(log.said("host", "route")[0]).toBe("192.0.2.2 leaves by eth0, so the source address is 192.0.2.1");
  });

  it.each([
    ["3.10.108", "3.10"],
    ["4.4", "4.4"],
    ["5.4.188", "5.4"],
    ["5.15.24", "5.15"],
    ["6.1", "5.18"],
  ])("of connect() on %s names the source of its walk: v%s", (kernel, version) => {
    const { wire, log } = host({}, kernel);
    wire.connect(8080);
    const decision = log.decisions.find(({ name }) => name === "connect");
    expect(decision?.source).toBe(`net/ipv4/inet_hashtables.c __inet_hash_connect, v${version}`);
  });

  it.each([
    ["S.", 1, "socket SYN-SENT -> ESTAB: the SYN-ACK acknowledges the SYN: the handshake is complete on this side"],
    ["S.", 9, "socket stays SYN-SENT, RST sent: its ACK acknowledges nothing that was sent: a RST answers it"],
    ["R.", 1, "socket SYN-SENT -> none: a RST that acknowledges the SYN: connection refused"],
    ["R", 0, "socket stays SYN-SENT: without an ACK of the SYN it changes nothing"],
  ])("of flags [%s] that acknowledge the SYN and %i: %s", (flags, beyond, why) => {
    const { wire, log } = host();
    const { syn } = wire.connect(8080);
    log.clear();
    wire.inject({ sport: 8080, dport: syn.sport, flags, seq: 5000, ack: flags === "R" ? 0 : syn.seq + beyond });
    expect(log.said("host", "tcp")[0]).toBe(`receive: ${why}`);
  });

  it("of connect() on a bound socket is that nothing was searched", () => {
    const { wire, log } = host();
    const slot = wire.tcp.socket(wire.host, wire.owner, 0);
    wire.tcp.bind(slot, { address: 0, port: 4444 });
    wire.tcp.connect(slot, wire.host.device("eth0")!.addresses[0]!.address + 1, 8080);
    expect(log.said("host", "connect")).toEqual([
      "port 4444: socket UNCONN -> SYN-SENT: the socket was bound beforehand",
    ]);
  });

  it("of close() is what is sent: nothing, a FIN, or with SO_LINGER of 0 s a RST", () => {
    const { wire, log } = host();
    const [waiting, open, lingering] = [wire.connect(8080).slot, wire.establish(8081).slot, wire.establish(8082).slot];
    wire.tcp.setLingerReset(lingering);
    for (const slot of [waiting, open, lingering]) wire.tcp.close(slot);
    expect(log.said("host", "close")).toEqual([
      "in SYN-SENT nothing is sent: port and tuple are free at once",
      "in ESTAB a FIN is sent",
      "in ESTAB a RST is sent (SO_LINGER of 0 s)",
    ]);
  });

  it("of close() on a socket that only listens is nothing", () => {
    const { wire, log } = host();
    wire.tcp.close(listen(wire.tcp, wire.host, wire.owner, 81));
    expect(log.decisions).toEqual([]);
  });
});
