import { describe, expect, it } from "vitest";
import { CT_TCP_STATE_NAMES } from "../../src/kernel/conntrack/tcp_state_table.ts";
import { IPVS_STATE_NAMES } from "../../src/kernel/ipvs/ipvs_tcp_states.ts";
import { TcpState } from "../../src/kernel/tcp/tcp_states.ts";
import { packPorts } from "../../src/kernel/tuple_index.ts";
import { type LoggedPacket, PacketLog } from "../support/packet_log.ts";
import {
  BACKENDS,
  ip,
  NODE,
  NODE_PORT,
  POD,
  RecordingOwner,
  type SmallNetwork,
  smallNetwork,
} from "../support/small_network.ts";

// Goal: incident 001 packet by packet. A probe of the pod leaves from a source port that is also a NodePort; IPVS sends
// the pod's SYN-ACK to a real server, whose RST kills the pod's request; the probe times out after 2 s.
// Method: a range of one port makes the collision certain; captures on the pod's, a backend's and the node's interfaces.

const ONE_PORT = { "net.ipv4.ip_local_port_range": `${NODE_PORT} ${NODE_PORT}` };

interface FailedProbe {
  readonly network: SmallNetwork;
  readonly log: PacketLog;
  readonly client: RecordingOwner;
  /** What the pod's own interface saw. */
  readonly atPod: readonly LoggedPacket[];
  readonly close: () => void;
}

/** A probe that begins at 1 s and has run for two. */
function failedProbe(sysctls: Readonly<Record<string, string>>, kernel = "5.4.188"): FailedProbe {
  const log = new PacketLog();
  const network = smallNetwork({ kernel, trace: log, realServers: BACKENDS, sysctls: { ...ONE_PORT, ...sysctls } });
  const { loop, tcp, node } = network;
  const client = new RecordingOwner();
  loop.runUntil(1_000_000);
  const slot = tcp.socket(node, client, 0);
  expect(tcp.connect(slot, POD, 80)).toBe(0);
  loop.runUntil(3_000_000);
  return { network, log, client, atPod: log.at("p1/eth0"), close: () => tcp.close(slot) };
}

function lines(packets: readonly LoggedPacket[]): string[] {
  return packets.map((packet) => `${packet.direction} ${packet.flags} ${packet.way}`);
}

const THERE = "10.23.77.129:36704 > 10.23.77.138:80";
const BACK = "10.23.77.138:80 > 10.23.77.129:36704";

function conntrackState({ node }: SmallNetwork): string | undefined {
  const conntrack = node.conntrack;
  const slot = (conntrack?.findNode(NODE, POD, packPorts(NODE_PORT, 80), 6) ?? -1) >> 1;
  return conntrack === undefined || slot < 0 ? undefined : CT_TCP_STATE_NAMES[conntrack.table.state(slot)];
}

function ipvsState({ node }: SmallNetwork): string | undefined {
  const connections = node.ipvs?.connections;
  const row = connections?.findIn(6, POD, 80, NODE, NODE_PORT) ?? -1;
  return connections === undefined || row < 0 ? undefined : IPVS_STATE_NAMES[connections.state[row]!];
}

describe("The failing probe on 5.4.188 with conn_reuse_mode 0", () => {
  const mode0 = { "net.ipv4.vs.conn_reuse_mode": "0" };

  it("shows SYN, SYN-ACK, RST twice, a second apart, at the pod's interface, and nothing more", () => {
    const { network, atPod, close } = failedProbe(mode0);
    close();
    network.loop.runUntil(60_000_000);
    const attempt = [`in S ${THERE}`, `out S. ${BACK}`, `in R ${THERE}`];
    expect(lines(atPod)).toEqual([...attempt, ...attempt]);
    const second = atPod[3]!.time - atPod[0]!.time;
    expect(second).toBeGreaterThanOrEqual(1_000_000);
    expect(second).toBeLessThanOrEqual(1_032_000);
    expect(atPod[2]!.time - atPod[0]!.time).toBeLessThan(1000);
  });

  it("repeats the SYN with its sequence number, and the pod answers with a new ISN each time", () => {
    const [syn, synAck, , again, synAckAgain] = failedProbe(mode0).atPod;
    expect(again!.seq).toBe(syn!.seq);
    expect([synAck!.ack, synAckAgain!.ack]).toEqual([(syn!.seq + 1) | 0, (syn!.seq + 1) | 0]);
    const grown = (synAckAgain!.seq - synAck!.seq) | 0;
    const gap = synAckAgain!.time - synAck!.time;
    expect(Math.abs(grown - gap * 15.625)).toBeLessThanOrEqual(1);
  });

  it("kills the request with a bare RST: no ACK, window 0, seq = the SYN-ACK's ack, ack 0, from node:NodePort", () => {
    const { atPod } = failedProbe(mode0);
    for (const [synAck, reset] of [
      [atPod[1]!, atPod[2]!],
      [atPod[4]!, atPod[5]!],
    ] as const) {
      expect(reset).toMatchObject({ flags: "R", seq: synAck.ack, ack: 0, hasZeroWindow: true });
    }
  });

  it("sends both SYN-ACKs to the backend added last, with the pod's address as source and one hop less", () => {
    const { log } = failedProbe(mode0);
    const toBackend = log.at("p3/eth0");
    const attempt = ["in S. 10.23.77.138:80 > 10.23.77.141:443", "out R 10.23.77.141:443 > 10.23.77.138:80"];
    expect(lines(toBackend)).toEqual([...attempt, ...attempt]);
    expect(toBackend.map((packet) => packet.ttl)).toEqual([63, 64, 63, 64]);
    expect(log.at("p2/eth0")).toEqual([]);
  });

  it("tells neither the probe nor the server anything", () => {
    const { client, network } = failedProbe(mode0);
    expect([client.lines, network.server.lines]).toEqual([[], []]);
    const { TcpAttemptFails, TcpExtEmbryonicRsts } = network.pod.counters;
    expect([TcpAttemptFails, TcpExtEmbryonicRsts]).toEqual([2, 2]);
    const states = [...Array(network.tcp.sockets.extent).keys()].map((slot) => network.tcp.sockets.state(slot));
    expect(states).not.toContain(TcpState.SYN_RECV);
  });

  it("leaves ct in SYN_RECV and the IPVS connection in CLOSE; 10 s after the last RST both are gone", () => {
    const { network, atPod, close } = failedProbe(mode0);
    expect([conntrackState(network), ipvsState(network)]).toEqual(["SYN_RECV", "CLOSE"]);
    close();
    const lastReset = atPod[5]!.time;
    network.loop.runUntil(lastReset + 9_900_000);
    expect([conntrackState(network), ipvsState(network)]).toEqual(["SYN_RECV", "CLOSE"]);
    network.loop.runUntil(lastReset + 10_400_000);
    expect([conntrackState(network), ipvsState(network)]).toEqual([undefined, undefined]);
    expect(network.node.counters.nf_conntrack_invalid).toBeGreaterThan(0);
  });

  it("frees the port at once when the probe closes: nothing is sent, and the next one meets the same fate", () => {
    const { network, atPod, close } = failedProbe(mode0);
    const before = atPod.length;
    close();
    expect(network.node.ports.inUse).toBe(0);
    network.loop.runUntil(3_100_000);
    expect(atPod).toHaveLength(before);
    expect(network.tcp.connect(network.tcp.socket(network.node, undefined, 0), POD, 80)).toBe(0);
    network.loop.runUntil(3_200_000);
    expect(lines(atPod).slice(before)).toEqual([`in S ${THERE}`, `out S. ${BACK}`, `in R ${THERE}`]);
  });
});

describe("The failing probe under other settings", () => {
  it("with conn_reuse_mode 1: the second SYN-ACK is dropped, the pod keeps its request and repeats it later", () => {
    const { network, atPod, log } = failedProbe({ "net.ipv4.vs.conn_reuse_mode": "1" });
    network.loop.runUntil(4_900_000);
    expect(lines(atPod).slice(0, 5)).toEqual([
      `in S ${THERE}`,
      `out S. ${BACK}`,
      `in R ${THERE}`,
      `in S ${THERE}`,
      `out S. ${BACK}`,
    ]);
    const [, , , , second, third] = atPod;
    expect(third).toMatchObject({ direction: "out", flags: "S.", seq: second!.seq });
    expect(third!.time - second!.time).toBeGreaterThanOrEqual(1_000_000);
    // By then the old connection and its conntrack entry are gone: the next backend gets it.
    expect(log.at("p2/eth0")[0]?.flags).toBe("S.");
  });

  it("with bridge-nf-call-iptables 0: the RST comes from the backend itself and the request survives", () => {
    const { atPod } = failedProbe({ "net.ipv4.vs.conn_reuse_mode": "0", "net.bridge.bridge-nf-call-iptables": "0" });
    const isns = new Set(atPod.filter((packet) => packet.flags === "S.").map((packet) => packet.seq));
    expect(isns.size).toBe(1);
    expect(atPod.find((packet) => packet.flags === "R")?.way).toBe("10.23.77.141:443 > 10.23.77.138:80");
  });

  it("from any other port: connects, and closes to TIME_WAIT on the node", () => {
    const log = new PacketLog();
    const range = { "net.ipv4.ip_local_port_range": "36706 36706" };
    const { loop, tcp, node } = smallNetwork({ trace: log, realServers: BACKENDS, sysctls: range });
    const client = new RecordingOwner();
    const slot = tcp.socket(node, client, 0);
    client.onConnected = (connected) => tcp.close(connected);
    expect(tcp.connect(slot, POD, 80)).toBe(0);
    loop.runUntil(1_000_000);
    expect(client.lines).toEqual(["connected"]);
    expect(tcp.timeWaitCount(node)).toBe(1);
    expect(log.at("p3/eth0")).toEqual([]);
    const flags = log.at("p1/eth0").map((packet) => packet.flags);
    expect(flags.slice(0, 4)).toEqual(["S", "S.", ".", "F."]);
  });
});

describe("A connection through a translated address", () => {
  /** The node connects to 10.96.0.1:443, which is DNATed to a port of the first backend. @returns what its owner hears. */
  function connectThrough(port: number): readonly string[] {
    const service = ip("10.96.0.1");
    const rule = `-A OUTPUT -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.23.77.140:${port}`;
    const { loop, tcp, node } = smallNetwork({ iptables: ["*nat", rule, "COMMIT"] });
    const device = node.device("cni0");
    if (device === undefined) throw new Error("the node has a bridge");
    node.addRoute({ destination: service, prefixLength: 32, kind: "unicast", device, via: BACKENDS[0] });
    const client = new RecordingOwner();
    expect(tcp.connect(tcp.socket(node, client, 0), service, 443)).toBe(0);
    loop.runUntil(500_000);
    return client.lines;
  }

  it("succeeds when the backend listens", () => {
    expect(connectThrough(443)).toEqual(["connected"]);
  });

  it("is refused when it does not: the RST gets the service's address back although it ends the conntrack entry", () => {
    expect(connectThrough(8443)).toEqual(["failed 111"]);
  });
});
