import { describe, expect, it } from "vitest";
import type { Ipvs } from "../../../src/kernel/ipvs/ipvs.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import type { Ipv4 } from "../../../src/units.ts";
import { DecisionLog } from "../../support/decision_log.ts";
import { ip } from "../../support/small_network.ts";
import { HOST, Wire } from "../../support/wire.ts";

const PORT = 36704;
const SERVER = ip("203.0.113.7");
const TAKEN = "a virtual service stands on 192.0.2.1:36704, and a SYN begins a connection";

/** A host with a virtual service on these servers' port 80 that tells why. */
function balanced(
  servers: readonly Ipv4[],
  sysctls: Readonly<Record<string, string>> = {},
): { readonly wire: Wire; readonly log: DecisionLog; readonly ipvs: Ipvs } {
  const log = new DecisionLog();
  const wire = new Wire({ kernel: "6.1", sysctls, decisions: log });
  const ipvs = wire.machine.requireIpvs(wire.host);
  const service = ipvs.addService(Protocol.TCP, HOST, PORT, "rr");
  for (const server of servers) ipvs.addServer(service, server, 80, 1);
  return { wire, log, ipvs };
}

describe("What IPVS says of a client's packet", () => {
  it("is where it was scheduled to, then how its connection goes on", () => {
    const { wire, log } = balanced([SERVER]);
    wire.inject({ sport: 1000, dport: PORT, flags: "S" });
    wire.inject({ sport: 1000, dport: PORT, flags: "." });
    expect(log.said("host", "ip_vs_in").filter((line) => line.startsWith("STOLEN"))).toEqual([
      "STOLEN: scheduled to 203.0.113.7:80 by rr, destination 192.0.2.1:36704 -> 203.0.113.7:80, " +
        `IPVS connection NONE -> SYN_RECV: ${TAKEN}`,
      "STOLEN: destination 192.0.2.1:36704 -> 203.0.113.7:80, IPVS connection SYN_RECV -> ESTABLISHED: " +
        "IPVS knows this connection: its server is 203.0.113.7:80",
    ]);
  });

  it("is that the service has no server", () => {
    const { wire, log } = balanced([]);
    wire.inject({ sport: 1000, dport: PORT, flags: "S" });
    expect(log.said("host", "ip_vs_in")[0]).toBe(`DROP: ${TAKEN}, but the service has no server: port unreachable`);
  });

  it("is that no route leads to the server", () => {
    const { wire, log } = balanced([SERVER]);
    wire.host.addRoute({ destination: SERVER, prefixLength: 32, kind: "unreachable" });
    wire.inject({ sport: 1000, dport: PORT, flags: "S" });
    expect(log.said("host", "ip_vs_in")[0]).toMatch(/^DROP: .+ SYN_RECV: .+, but no route leads to its server$/);
  });

  it("is that the server of a known connection is gone", () => {
    const { wire, log, ipvs } = balanced([SERVER]);
    wire.inject({ sport: 1000, dport: PORT, flags: "S" });
    const [service] = ipvs.services();
    ipvs.deleteServer(service!, service!.servers[0]!);
    log.clear();
    wire.inject({ sport: 1000, dport: PORT, flags: "." });
    expect(log.said("host", "ip_vs_in")[0]).toBe("DROP: its server is gone or cannot be reached");
  });

  it("is that a finished connection is scheduled anew, unless conn_reuse_mode is 0", () => {
    const servers = [SERVER, ip("203.0.113.8")];
    const [anew, kept] = [balanced(servers), balanced(servers, { "net.ipv4.vs.conn_reuse_mode": "0" })];
    for (const { wire, log } of [anew, kept]) {
      for (const flags of ["S", ".", "R"]) wire.inject({ sport: 1000, dport: PORT, flags });
      log.clear();
      wire.inject({ sport: 1000, dport: PORT, flags: "S" });
    }
    expect(anew.log.said("host", "ip_vs_in")[0]).toMatch(
      /^STOLEN: scheduled anew to 203.0.113.\d:80, .*: the old connection was finished or its server is gone$/,
    );
    expect(kept.log.said("host", "ip_vs_in")[0]).toMatch(
      /IPVS knows this connection, and with conn_reuse_mode 0 a SYN keeps it: its server is 203.0.113.\d:80$/,
    );
  });

  it("is that ICMP errors pass", () => {
    const { wire, log } = balanced([SERVER]);
    const { syn } = wire.connect(80);
    log.clear();
    wire.injectIcmpError(3, 3, { sport: syn.sport, dport: 80, seq: syn.seq });
    expect(log.said("host", "ip_vs_in")).toEqual(["ACCEPT: ICMP errors from clients pass"]);
  });
});

describe("What IPVS says of a server's packet", () => {
  it("is that it belongs to no connection, which nat_icmp_send makes a refusal", () => {
    const stray = { src: SERVER, sport: 80, dport: 1000, flags: "." };
    const [plain, strict] = [balanced([SERVER]), balanced([SERVER], { "net.ipv4.vs.nat_icmp_send": "1" })];
    for (const { wire } of [plain, strict]) wire.inject(stray);
    expect(plain.log.said("host", "ip_vs_out")[0]).toBe("ACCEPT: it answers no IPVS connection");
    expect(strict.log.said("host", "ip_vs_out")[0]).toBe(
      "DROP: it comes from a real server without a connection (nat_icmp_send)",
    );
  });

  it("is that an ICMP error about it quotes a connection's header", () => {
    const { wire, log } = balanced([ip("192.0.2.77")]);
    wire.inject({ sport: 1000, dport: PORT, flags: "S" });
    log.clear();
    wire.at(4);
    expect(log.said("host", "ip_vs_out")).toEqual(["ACCEPT: the header it quotes belongs to an IPVS connection"]);
  });
});
