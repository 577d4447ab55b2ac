import { describe, expect, it } from "vitest";
import { formatEndpoint, type Ipv4 } from "../../src/units.ts";
import { ip } from "../support/small_network.ts";
import { bootOf, smallNode } from "./small_node.ts";

const DNS_IP = ip("10.96.0.10");
const PODS = [ip("10.23.77.140"), ip("10.23.77.141")] as const;

const DNS = `  - name: kube-system/dns
    type: ClusterIP
    clusterIP: 10.96.0.10
    ports: [{ port: 53, targetPort: 5353, protocol: UDP }]
    endpoints: [10.23.77.140, 10.23.77.141]
pods:
  - { name: dns-a, address: 10.23.77.140, listen: [80] }
  - { name: dns-b, address: 10.23.77.141, listen: [80] }
`;

/** A node with a DNS service over UDP whose pods answer with as many bytes as they have been asked. */
function dnsNode() {
  const booted = bootOf(smallNode(DNS));
  booted.node.start();
  const { machine } = booted.node;
  const asked = new Map<Ipv4, number>();
  for (const [index, address] of PODS.entries()) {
    const pod = machine.netns(index === 0 ? "dns-a" : "dns-b")!;
    const server = machine.udp.socket(pod, {
      received: (self, from, bytes) => {
        asked.set(address, (asked.get(address) ?? 0) + 1);
        machine.udp.send(self, bytes, from);
      },
      failed() {},
    });
    expect(machine.udp.bind(server, { address, port: 5353 })).toBe(0);
  }
  return { ...booted, asked };
}

describe("A service over UDP", () => {
  it("answers clients on the node from its ClusterIP, each client from one endpoint", () => {
    const { loop, node, asked } = dnsNode();
    const answers: string[] = [];
    const clients = [1, 2, 3, 4].map(() =>
      node.machine.udp.socket(node.netns, {
        received: (_, { address, port }, bytes) => answers.push(`${formatEndpoint(address, port)} ${bytes}`),
        failed() {},
      }),
    );
    for (const [index, client] of clients.entries()) {
      expect(node.machine.udp.connect(client, DNS_IP, 53)).toBe(0);
      node.machine.udp.send(client, 40 + index);
      node.machine.udp.send(client, 40 + index);
    }
    loop.runUntil(10_000);
    const expected = [40, 40, 41, 41, 42, 42, 43, 43].map((bytes) => `10.96.0.10:53 ${bytes}`);
    expect(answers.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(expected);
    expect([...asked.values()]).toEqual([4, 4]);
  });

  it("opens no TCP port on its ClusterIP", () => {
    const { node } = dnsNode();
    const slot = node.machine.tcp.socket(node.netns, undefined, 0);
    expect(node.machine.tcp.bind(slot, { address: DNS_IP, port: 53 })).toBe(0);
  });
});
