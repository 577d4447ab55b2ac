import { describe, expect, it } from "vitest";
import { CtStatus } from "../../../src/kernel/conntrack/ct_status.ts";
import { BACKENDS, NODE, POD, smallNetwork } from "../../support/small_network.ts";

/** An exchange per second between a client of the node and a server of the pod, and the entry after each. */
function flow(kernel: string, seconds: number, answers = true): { left: number; isAssured: boolean }[] {
  const network = smallNetwork({ kernel });
  const { udp } = network.machine;
  const server = udp.socket(network.pod, {
    received: (self, from) => {
      if (answers) udp.send(self, 10, from);
    },
    failed() {},
  });
  udp.bind(server, { address: POD, port: 53 });
  const client = udp.socket(network.node, { received() {}, failed() {} });
  const { table } = network.node.conntrack!;
  return Array.from({ length: seconds }, (_, second) => {
    udp.send(client, 20, { address: POD, port: 53 });
    network.loop.runUntil(second * 1_000_000 + 500_000);
    const seen = {
      left: Math.ceil((table.expires(0) - network.loop.now) / 1e6),
      isAssured: table.has(0, CtStatus.ASSURED),
    };
    network.loop.runUntil((second + 1) * 1_000_000);
    return seen;
  });
}

describe("A UDP flow in conntrack", () => {
  it("lives 30 s after each datagram as long as nobody answers", () => {
    expect(flow("6.1", 3, false)).toEqual([1, 2, 3].map(() => ({ left: 30, isAssured: false })));
  });

  it.each([
    ["4.19.40", [30, 180, 180, 180], [false, true, true, true]],
    ["5.10.35", [30, 30, 30, 120], [false, true, true, true]],
    ["6.1", [30, 30, 30, 120], [false, false, false, true]],
  ])("is a stream on %s once it is answered and old enough", (kernel, left, assured) => {
    const seen = flow(kernel, 4);
    expect(seen.map((one) => one.left)).toEqual(left);
    expect(seen.map(({ isAssured }) => isAssured)).toEqual(assured);
  });

  it("is translated by DNAT both ways", () => {
    const rule = ["*nat", `-A OUTPUT -p udp -m udp --dport 36704 -j DNAT --to-destination 10.23.77.140:53`, "COMMIT"];
    const network = smallNetwork({ iptables: rule });
    const { udp } = network.machine;
    const server = udp.socket(network.backends[0], { received: (self, from) => udp.send(self, 8, from), failed() {} });
    udp.bind(server, { address: BACKENDS[0], port: 53 });
    const peers: string[] = [];
    const client = udp.socket(network.node, {
      received: (_, { address, port }) => peers.push(`${address === NODE} ${port}`),
      failed() {},
    });
    udp.connect(client, NODE, 36704);
    udp.send(client, 20);
    network.loop.runUntil(1000);
    expect(peers).toEqual(["true 36704"]);
  });
});
