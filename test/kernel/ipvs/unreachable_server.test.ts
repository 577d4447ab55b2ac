import { describe, expect, it } from "vitest";
import { Protocol } from "../../../src/kernel/packet.ts";
import { ip } from "../../support/small_network.ts";
import { HOST, PEER, Wire } from "../../support/wire.ts";

const PORT = 36704;
const SERVER = ip("203.0.113.7");

describe("A real server to which no route leads", () => {
  it.each(["unreachable", "prohibit", "blackhole"] as const)(
    "costs the client a host unreachable from the virtual address, whatever is wrong with the route (%s)",
    (kind) => {
      const wire = new Wire({ kernel: "6.1" });
      wire.host.addRoute({ destination: SERVER, prefixLength: 32, kind });
      const ipvs = wire.machine.requireIpvs(wire.host);
      ipvs.addServer(ipvs.addService(Protocol.TCP, HOST, PORT, "rr"), SERVER, 80, 1);
      const sent = wire.inject({ sport: 80, dport: PORT, flags: "S." }).takeSent();
      expect(sent).toMatchObject([{ flags: "icmp 3/1", src: HOST, dst: PEER }]);
      expect(ipvs.connections.count).toBe(1);
    },
  );
});
