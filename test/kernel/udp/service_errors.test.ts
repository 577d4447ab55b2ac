import { describe, expect, it } from "vitest";
import { errnoName } from "../../../src/kernel/errno.ts";
import { BACKENDS, NODE, NODE_PORT, type SmallNetwork, smallNetwork } from "../../support/small_network.ts";

/** A pod's connected socket to node:36704, and the errors that it has met. */
function clientOf(network: SmallNetwork): { readonly send: () => number; readonly errors: string[] } {
  const { udp } = network.machine;
  const errors: string[] = [];
  const socket = udp.socket(network.pod, { received() {}, failed: (_, errno) => errors.push(errnoName(errno)) });
  expect(udp.connect(socket, NODE, NODE_PORT)).toBe(0);
  return { send: () => udp.send(socket, 30), errors };
}

describe("An ICMP error of a real server over UDP", () => {
  it("reaches the client with the virtual address in it", () => {
    const network = smallNetwork();
    const ipvs = network.machine.requireIpvs(network.node);
    ipvs.addServer(ipvs.addService(17, NODE, NODE_PORT, "rr"), BACKENDS[0], 53, 1);
    const { send, errors } = clientOf(network);
    send();
    network.loop.runUntil(1000);
    expect(errors).toEqual(["ECONNREFUSED"]);
  });

  it("is translated back by NAT, too", () => {
    const rule = `-A PREROUTING -p udp -m udp --dport ${NODE_PORT} -j DNAT --to-destination 10.23.77.140:53`;
    const network = smallNetwork({ iptables: ["*nat", rule, "COMMIT"] });
    const { send, errors } = clientOf(network);
    send();
    network.loop.runUntil(1000);
    expect(errors).toEqual(["ECONNREFUSED"]);
  });
});

describe("Persistence over UDP", () => {
  it("assures the template with the first answer, not with the first datagram", () => {
    const network = smallNetwork();
    const { udp } = network.machine;
    const ipvs = network.machine.requireIpvs(network.node);
    const service = ipvs.addService(17, NODE, NODE_PORT, "rr");
    service.persistentTimeout = 300_000_000;
    ipvs.addServer(service, BACKENDS[0], 53, 1);
    const asked: (() => void)[] = [];
    const server = udp.socket(network.backends[0], {
      received: (self, from) => asked.push(() => udp.send(self, 9, from)),
      failed() {},
    });
    udp.bind(server, { address: BACKENDS[0], port: 53 });
    clientOf(network).send();
    network.loop.runUntil(1000);
    const { flags } = ipvs.connections;
    const assured = (): boolean[] => [0, 1].map((row) => (flags[row]! & 12) === 12);
    expect(assured()).toEqual([false, false]);
    asked[0]!();
    network.loop.runUntil(2000);
    expect(assured()).toEqual([true, false]);
  });
});
