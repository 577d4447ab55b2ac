import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { packPorts } from "../../../src/kernel/tuple_index.ts";
import { formatIpv4 } from "../../../src/units.ts";
import { ip } from "../../support/small_network.ts";
import { HOST, PEER, type SentSegment } from "../../support/wire.ts";
import { CLUSTER_IP, ENDPOINT, EXTERNAL_IP, NODE_PORT, proxiedNode, service, ways } from "./proxied_node.ts";

// Goal: the rules of kube-proxy's iptables and nftables mode do to packets what kube-proxy means them to do.
// Method: one host on a wire; a packet comes in or a socket connects, and the segments that leave are read.

const OTHER = ip("10.244.2.6");
const WEB = [service([ENDPOINT])];

function onlySent(segments: readonly SentSegment[]): SentSegment {
  if (segments.length !== 1) throw new Error(`one segment was to be sent, not ${segments.length}`);
  return segments[0]!;
}

describe.each(["iptables", "nftables"] as const)("A node in %s mode", (mode) => {
  it("leads a connection to the ClusterIP to the endpoint, and its answers back to the caller", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync(WEB);
    const { slot, syn } = wire.connect(80, CLUSTER_IP);
    expect(syn).toMatchObject({ src: HOST, dst: ENDPOINT, dport: 8080 });
    wire.inject({ src: ENDPOINT, sport: 8080, dport: syn.sport, flags: "S.", seq: 5000, ack: syn.seq + 1 });
    expect(wire.owner.lines).toContain("connected");
    expect(formatIpv4(wire.tcp.sockets.remote(slot))).toBe("10.96.0.20");
  });

  it("leads a client of the NodePort to the endpoint with the node's own address as source", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync(WEB);
    const forwarded = onlySent(wire.inject({ sport: 4000, dport: NODE_PORT, flags: "S", seq: 7 }).takeSent());
    expect(forwarded).toMatchObject({ src: HOST, dst: ENDPOINT, dport: 8080, flags: "S", seq: 7 });
    wire.inject({ src: ENDPOINT, sport: 8080, dport: forwarded.sport, flags: "S.", seq: 9, ack: 8 });
    expect(ways(wire.takeSent())).toEqual([`192.0.2.1:${NODE_PORT} > 192.0.2.2:4000 S.`]);
  });

  it("masquerades what comes to an external address, but not what a pod sends to the ClusterIP", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync(WEB);
    wire.inject({ dst: EXTERNAL_IP, sport: 4000, dport: 80, flags: "S" });
    expect(onlySent(wire.takeSent())).toMatchObject({ src: HOST, dst: ENDPOINT });
    wire.inject({ dst: CLUSTER_IP, sport: 4000, dport: 80, flags: "S" });
    expect(ways(wire.takeSent())).toEqual(["192.0.2.2:4000 > 10.244.1.5:8080 S"]);
  });

  it("gives an endpoint that calls its own service the node's address, so that it can answer itself (hairpin)", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync(WEB);
    wire.inject({ src: ENDPOINT, dst: CLUSTER_IP, sport: 4000, dport: 80, flags: "S" });
    expect(onlySent(wire.takeSent())).toMatchObject({ src: HOST, dst: ENDPOINT, dport: 8080 });
  });

  it("rejects connections to a service none of whose endpoints is ready, on all its addresses", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync([service([ENDPOINT], [ENDPOINT])]);
    wire.tryConnect(80, CLUSTER_IP);
    wire.at(0.1);
    expect(wire.owner.lines).toEqual([`failed ${Errno.ECONNREFUSED}`]);
    for (const dst of [CLUSTER_IP, EXTERNAL_IP]) {
      wire.inject({ dst, sport: 4000, dport: 80, flags: "S" });
      expect(onlySent(wire.takeSent())).toMatchObject({ dst: PEER, flags: "icmp 3/3" });
    }
    wire.inject({ sport: 4000, dport: NODE_PORT, flags: "S" });
    expect(onlySent(wire.takeSent())).toMatchObject({ src: HOST, dst: PEER, flags: "icmp 3/3" });
  });

  it("draws among the ready endpoints with equal chances", () => {
    const { wire, proxier } = proxiedNode(mode);
    const third = ip("10.244.3.7");
    proxier.sync([service([ENDPOINT, OTHER, ip("10.244.4.8"), third], [ip("10.244.4.8")])]);
    const counts = new Map<string, number>();
    for (let sport = 10_000; sport < 13_000; sport += 1) {
      const { dst } = onlySent(wire.inject({ dst: CLUSTER_IP, sport, dport: 80, flags: "S" }).takeSent());
      counts.set(formatIpv4(dst), (counts.get(formatIpv4(dst)) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(["10.244.1.5", "10.244.2.6", "10.244.3.7"]);
    // Five standard deviations of a binomial count of 3,000 with probability 1/3.
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(130);
  });

  it("sends new connections where the latest sync says, and established ones where they were", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync(WEB);
    const first = wire.connect(80, CLUSTER_IP).syn;
    proxier.sync([service([OTHER])]);
    wire.inject({ src: ENDPOINT, sport: 8080, dport: first.sport, flags: "S.", seq: 5000, ack: first.seq + 1 });
    expect(ways(wire.takeSent())).toEqual([`192.0.2.1:${first.sport} > 10.244.1.5:8080 .`]);
    expect(wire.connect(80, CLUSTER_IP).syn).toMatchObject({ dst: OTHER });
    proxier.sync([]);
    expect(wire.connect(80, CLUSTER_IP).syn).toMatchObject({ dst: CLUSTER_IP });
  });

  it("lets the SYN-ACK to a port that is a NodePort through to the socket that waits for it", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync(WEB);
    wire.set("net.ipv4.ip_local_port_range", `${NODE_PORT} ${NODE_PORT + 1}`);
    const { syn } = wire.connect(9000);
    expect(syn.sport).toBe(NODE_PORT);
    wire.inject({ sport: 9000, dport: NODE_PORT, flags: "S.", seq: 5000, ack: syn.seq + 1 });
    expect(wire.owner.lines).toEqual(["connected"]);
  });

  it("takes an established connection from a NodePort number for a client's once its conntrack entry is lost", () => {
    const { wire, proxier } = proxiedNode(mode);
    proxier.sync(WEB);
    wire.set("net.ipv4.ip_local_port_range", `${NODE_PORT} ${NODE_PORT + 1}`);
    const { syn } = wire.establish(9000);
    const data = { sport: 9000, dport: NODE_PORT, flags: ".", seq: 5001, ack: syn.seq + 1, len: 100 } as const;
    wire.inject(data);
    expect(wire.owner.lines).toEqual(["connected", "received 100"]);
    wire.takeSent();
    const { conntrack } = wire.host;
    const node = conntrack!.findNode(HOST, PEER, packPorts(NODE_PORT, 9000), 6);
    conntrack!.kill(node >> 1);
    wire.inject({ ...data, seq: 5101 });
    expect(onlySent(wire.takeSent())).toMatchObject({ dst: ENDPOINT, dport: 8080, flags: "." });
    expect(wire.owner.lines).toEqual(["connected", "received 100"]);
  });

  it("serves NodePorts on the addresses of --nodeport-addresses only", () => {
    const { wire, proxier } = proxiedNode(mode, { nodePortAddresses: [ip("192.0.2.77")] });
    wire.host.addAddress(wire.host.addDevice("dummy0", "dummy"), ip("192.0.2.77"), 32);
    proxier.sync(WEB);
    wire.inject({ sport: 4000, dport: NODE_PORT, flags: "S" });
    expect(onlySent(wire.takeSent())).toMatchObject({ dst: PEER, flags: "R." });
    wire.inject({ dst: ip("192.0.2.77"), sport: 4000, dport: NODE_PORT, flags: "S" });
    expect(onlySent(wire.takeSent())).toMatchObject({ dst: ENDPOINT });
  });
});

describe("A node in nftables mode", () => {
  it("rejects other ports of a ClusterIP from 1.30 on, where iptables mode sends them out", () => {
    const sentBy = (mode: "iptables" | "nftables", minor: number): string[] => {
      const { wire, proxier } = proxiedNode(mode, { version: [1, minor, 0] });
      proxier.sync(WEB);
      return ways(wire.inject({ dst: CLUSTER_IP, sport: 4000, dport: 81, flags: "S" }).takeSent());
    };
    expect(sentBy("iptables", 30)).toEqual(["192.0.2.2:4000 > 10.96.0.20:81 S"]);
    expect(sentBy("nftables", 29)).toEqual(["192.0.2.2:4000 > 10.96.0.20:81 S"]);
    expect(sentBy("nftables", 30)).toEqual(["192.0.2.1:0 > 192.0.2.2:0 icmp 3/3"]);
  });

  it("does not serve NodePorts on 127.0.0.1, which iptables mode does", () => {
    const dispatched = (mode: "iptables" | "nftables"): boolean => {
      const { wire, proxier } = proxiedNode(mode);
      proxier.sync(WEB);
      wire.tryConnect(NODE_PORT, ip("127.0.0.1"));
      return wire.takeSent().some(({ dst }) => dst === ENDPOINT);
    };
    expect([dispatched("iptables"), dispatched("nftables")]).toEqual([true, false]);
  });
});
