import { describe, expect, it } from "vitest";
import { Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { nftUsesConntrack } from "../../src/kernel/netfilter/nft_ruleset.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { CtState } from "../../src/kernel/packet.ts";
import { formatEndpoint, formatIpv4 } from "../../src/units.ts";
import { baseChain, CLUSTER_IP, dnat, environment, forward } from "../support/nft.ts";
import { synTo } from "../support/match_view.ts";
import { KUBE_PROXY, KUBE_PROXY_COMMANDS, readNft } from "../support/nft.ts";
import { PacketLog } from "../support/packet_log.ts";
import { BACKENDS, ip, listen, NODE, NODE_PORT, POD, RecordingOwner, smallNetwork } from "../support/small_network.ts";
import type { SmallNetwork } from "../support/small_network.ts";
import { Wire } from "../support/wire.ts";

// Goal: kube-proxy's nftables mode does what it does on a node: services are translated, NodePorts are masqueraded, a
// probe whose source port is a NodePort is left alone; and base chains run where their type, hook and priority say.
// Method: its tables as blocks and as commands, on packets alone and end to end on a small network.

describe("kube-proxy's nftables", () => {
  it("choose an endpoint of a NodePort at random and mark the packet", () => {
    const chain = baseChain(readNft(KUBE_PROXY), "nat-prerouting", environment([0.49, 0.5]));
    const packets = [synTo("10.23.77.129", NODE_PORT), synTo("10.23.77.129", NODE_PORT)];
    expect(packets.map(chain)).toEqual([dnat("10.23.77.140", 443), dnat("10.23.77.141", 443)]);
    expect(packets.map(({ mark }) => mark)).toEqual([0x4000, 0x4000]);
  });

  it("mark ClusterIP traffic from outside the pod network and from the endpoint itself", () => {
    const chain = baseChain(readNft(KUBE_PROXY), "nat-prerouting", environment([0.2]));
    const markOf = (src: string): number => {
      const packet = synTo(CLUSTER_IP, 443, { src: ip(src) });
      expect(chain(packet)).toEqual(dnat("10.23.77.140", 443));
      return packet.mark;
    };
    expect(["192.0.2.1", "10.23.77.138", "10.23.77.140"].map(markOf)).toEqual([0x4000, 0, 0x4000]);
  });

  it("masquerade what is marked, and take the mark off", () => {
    const chain = baseChain(readNft(KUBE_PROXY), "nat-postrouting");
    const packet = synTo("10.23.77.140", 443, { mark: 0x4001 });
    expect(chain(packet)).toEqual({ kind: "masquerade", isRandom: true });
    expect(packet.mark).toBe(1);
    expect(chain(packet)).toBe(Verdict.ACCEPT);
  });

  it("leave alone another port, another protocol and another address", () => {
    const chain = baseChain(readNft(KUBE_PROXY), "nat-prerouting");
    const packets = [
      synTo("10.23.77.129", NODE_PORT + 1),
      synTo("10.23.77.129", NODE_PORT, { protocol: 17 }),
      synTo("10.23.77.138", NODE_PORT),
    ];
    expect(packets.map(chain)).toEqual([Verdict.ACCEPT, Verdict.ACCEPT, Verdict.ACCEPT]);
  });

  it("reject what goes to a service without endpoints or to an unknown port of a ClusterIP", () => {
    const chain = baseChain(readNft(KUBE_PROXY), "filter-forward");
    const reject = { kind: "reject", answer: "icmp", icmpCode: 3 };
    const packets = [
      synTo("10.23.254.53", 80),
      synTo(CLUSTER_IP, 80),
      synTo("10.23.254.54", 80),
      synTo("10.9.9.9", 80),
    ];
    expect(packets.map(chain)).toEqual([reject, reject, Verdict.DROP, Verdict.ACCEPT]);
    expect(chain(synTo("10.23.254.53", 80, { ctState: CtState.ESTABLISHED }))).toBe(Verdict.ACCEPT);
  });

  it("mean the same as commands", () => {
    const chain = baseChain(readNft(KUBE_PROXY_COMMANDS), "nat-prerouting");
    const packet = synTo("10.10.85.235", NODE_PORT);
    expect([chain(packet), packet.mark]).toEqual([dnat("10.23.77.140", 443), 0x4000]);
    expect(chain(synTo("127.0.0.1", NODE_PORT))).toBe(Verdict.ACCEPT);
    expect(chain(synTo("10.23.77.138", NODE_PORT))).toBe(Verdict.ACCEPT);
  });
});

interface NftNetwork extends SmallNetwork {
  readonly log: PacketLog;
  /** Another machine, 10.10.85.1, to which the node's default route leads. */
  readonly outside: Netns;
}

/** The small network with nothing of iptables, kube-proxy's nftables on the node, and a machine outside. */
function nftNetwork(seed: string, sysctls: Readonly<Record<string, string>> = {}): NftNetwork {
  const log = new PacketLog();
  const network = smallNetwork({ trace: log, seed, iptables: [], sysctls });
  const { machine, node } = network;
  const outside = machine.createNetns("outside");
  const [nodeEnd, outsideEnd] = machine.createVeth({ netns: node, name: "eth0" }, { netns: outside, name: "eth0" });
  node.addAddress(nodeEnd, ip("10.10.85.235"), 24);
  outside.addAddress(outsideEnd, ip("10.10.85.1"), 24);
  const anywhere = { destination: 0, prefixLength: 0, kind: "unicast" } as const;
  node.addRoute({ ...anywhere, device: nodeEnd, via: ip("10.10.85.1") });
  outside.addRoute({ ...anywhere, device: outsideEnd, via: ip("10.10.85.235") });
  machine.loadNft(node, readNft(KUBE_PROXY));
  return { ...network, log, outside };
}

/** SYNs that arrive at the backends, as `source > destination`. */
function synsAtBackends(log: PacketLog): string[] {
  return ["p2/eth0", "p3/eth0"].flatMap((place) =>
    log
      .at(place)
      .filter(({ direction, flags }) => direction === "in" && flags === "S")
      .map(({ way }) => way),
  );
}

describe("A node with kube-proxy's nftables", () => {
  it("leads a pod that connects to the ClusterIP to an endpoint, with its own source", () => {
    const { loop, tcp, pod, log } = nftNetwork("cluster ip");
    const client = new RecordingOwner();
    const slot = tcp.socket(pod, client, 0);
    loop.runUntil(1_000_000);
    expect(tcp.connect(slot, ip(CLUSTER_IP), 443)).toBe(0);
    loop.runUntil(1_500_000);
    expect(client.lines).toEqual(["connected"]);
    const source = log.at("p1/eth0")[0]?.way.split(" > ")[0] ?? "";
    expect(source).toMatch(new RegExp(`^${formatIpv4(POD)}:`));
    expect(synsAtBackends(log)).toEqual([expect.stringMatching(new RegExp(`^${source} > 10\\.23\\.77\\.14[01]:443$`))]);
  });

  it("uses both endpoints of the ClusterIP for many connects", () => {
    const { loop, tcp, pod, log } = nftNetwork("many");
    for (let index = 0; index < 20; index += 1) {
      const slot = tcp.socket(pod, new RecordingOwner(), 0);
      expect(tcp.connect(slot, ip(CLUSTER_IP), 443)).toBe(0);
    }
    loop.runUntil(500_000);
    const destinations = synsAtBackends(log).map((way) => way.split(" > ")[1]);
    expect(destinations).toHaveLength(20);
    expect(new Set(destinations)).toEqual(new Set(BACKENDS.map((address) => formatEndpoint(address, 443))));
  });

  it("masquerades what comes to a NodePort from outside", () => {
    const { loop, tcp, log, outside } = nftNetwork("node port");
    const client = new RecordingOwner();
    const slot = tcp.socket(outside, client, 0);
    expect(tcp.connect(slot, NODE, NODE_PORT)).toBe(0);
    loop.runUntil(500_000);
    expect(client.lines).toEqual(["connected"]);
    expect(synsAtBackends(log)).toEqual([expect.stringMatching(/^10\.23\.77\.129:\d+ > 10\.23\.77\.14[01]:443$/)]);
  });

  it("lets a probe alone whose source port is a NodePort", () => {
    const { loop, tcp, node, log } = nftNetwork("probe", {
      "net.ipv4.ip_local_port_range": `${NODE_PORT} ${NODE_PORT}`,
    });
    const client = new RecordingOwner();
    const slot = tcp.socket(node, client, 0);
    expect(tcp.connect(slot, POD, 80)).toBe(0);
    loop.runUntil(2_000_000);
    expect(client.lines).toEqual(["connected"]);
    expect(log.at("p2/eth0").length + log.at("p3/eth0").length).toBe(0);
  });

  it("refuses a connect to a ClusterIP without endpoints by ICMP", () => {
    const { loop, tcp, pod, log } = nftNetwork("reject");
    const client = new RecordingOwner();
    const slot = tcp.socket(pod, client, 0);
    expect(tcp.connect(slot, ip("10.23.254.53"), 80)).toBe(0);
    loop.runUntil(500_000);
    expect(log.at("p1/eth0").map(({ direction, flags }) => `${direction} ${flags}`)).toEqual(["out S", "in icmp 3/3"]);
  });
});

describe("Chains on hooks", () => {
  const filterAt = (priority: string, rule: string, name = "t"): string =>
    `table ip ${name} { chain c { type filter hook input priority ${priority}; ${rule}; } }\n`;

  /** What a connect from p1 to port 8080 of the node comes to. */
  const connectWith = (nft: string, iptables: readonly string[] = []): string[] => {
    const { loop, machine, tcp, node, pod } = smallNetwork({ iptables });
    machine.loadNft(node, readNft(nft));
    listen(tcp, node, new RecordingOwner(), 8080);
    const client = new RecordingOwner();
    expect(tcp.connect(tcp.socket(pod, client, 0), NODE, 8080)).toBe(0);
    loop.runUntil(500_000);
    return client.lines;
  };

  it("run by priority: a drop counts for a mark that an earlier chain set, not a later one", () => {
    const mark = "mark set 0x1";
    const drop = "mark 0x1 drop";
    expect(connectWith(filterAt("filter", mark, "a") + filterAt("security", drop, "b"))).toEqual([]);
    expect(connectWith(filterAt("security", mark, "a") + filterAt("filter", drop, "b"))).toEqual(["connected"]);
    expect(connectWith(filterAt("10", mark, "a") + filterAt("filter + 11", drop, "b"))).toEqual([]);
  });

  it("go on after accept, which ends one base chain only", () => {
    expect(connectWith(filterAt("-10", "accept", "a") + filterAt("0", "tcp dport 8080 drop", "b"))).toEqual([]);
  });

  it("stand beside those of iptables", () => {
    const iptables = ["*filter", "-A INPUT -m mark --mark 0x1 -j DROP", "COMMIT"];
    expect(connectWith(filterAt("mangle", "mark set 0x1"), iptables)).toEqual([]);
    expect(connectWith(filterAt("1", "mark set 0x1"), iptables)).toEqual(["connected"]);
  });

  it("drop by policy what no rule decides", () => {
    const chain = "table ip t { chain c { type filter hook input priority 0; policy drop; tcp dport 8081 accept; } }";
    expect(connectWith(chain)).toEqual([]);
    expect(connectWith(chain.replace("8081", "8080"))).toEqual(["connected"]);
  });

  it("of type nat are not asked where nothing needs conntrack, as no packet has an entry to translate", () => {
    const chain = readNft("table ip t { chain c { type nat hook output priority -100; drop; } }");
    const [plain, tracked] = [new Wire(), new Wire()];
    tracked.machine.requireConntrack(tracked.host);
    for (const wire of [plain, tracked]) {
      wire.machine.loadNft(wire.host, chain);
      wire.tryConnect(80);
    }
    expect([plain.takeFlags(), tracked.takeFlags()]).toEqual([["S"], []]);
  });

  it("are gone once the ruleset is taken away, those of nat, too", () => {
    const wire = new Wire();
    wire.machine.requireConntrack(wire.host);
    const chains = ["nat", "filter"].map((type) => `chain ${type} { type ${type} hook output priority 5; drop; }`);
    const remove = wire.machine.loadNft(wire.host, readNft(`table ip t {\n${chains.join("\n")}\n}`));
    wire.tryConnect(80);
    remove();
    wire.tryConnect(80);
    expect(wire.takeFlags()).toEqual(["S"]);
  });

  it("are asked in turn for a translation, by priority, until one translates", () => {
    const to = (port: number): string => `tcp dport 9999 dnat to :${port}`;
    const nat = (name: string, priority: number, rule: string): string =>
      `table ip ${name} { chain c { type nat hook prerouting priority ${priority}; ${rule}; } }\n`;
    const answer = (text: string, iptables: readonly string[]): string[] => {
      const { loop, machine, tcp, node, pod } = smallNetwork({ iptables });
      machine.loadNft(node, readNft(text));
      listen(tcp, node, new RecordingOwner(), 8080);
      const client = new RecordingOwner();
      expect(tcp.connect(tcp.socket(pod, client, 0), NODE, 9999)).toBe(0);
      loop.runUntil(500_000);
      return client.lines;
    };
    const iptables = ["*nat", "-A PREROUTING -p tcp --dport 9999 -j DNAT --to-destination :8080", "COMMIT"];
    const refused = [expect.stringMatching(/^failed/)];
    expect(answer(nat("a", -101, "accept"), iptables)).toEqual(["connected"]);
    expect(answer(nat("a", -101, to(7)), iptables)).toEqual(refused);
    expect(answer(nat("a", -99, to(7)), iptables)).toEqual(["connected"]);
    expect(answer(nat("a", -100, to(8080)) + nat("b", -100, to(7)), [])).toEqual(refused);
  });
});

describe("nftUsesConntrack", () => {
  it.each([
    ["kube-proxy's tables", KUBE_PROXY, true],
    ["ct state", forward("ct state invalid drop"), true],
    ["a plain filter", forward("tcp dport 82 drop"), false],
    [
      "a nat chain without a translation",
      "table ip t { chain c { type nat hook output priority -100; accept; } }",
      false,
    ],
  ])("of %s", (_, text, expected) => {
    expect(nftUsesConntrack(readNft(text))).toBe(expected);
  });
});
