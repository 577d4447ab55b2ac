import { Protocol } from "../kernel/packet.ts";
import type { Ipvs } from "../kernel/ipvs/ipvs.ts";
import type { Machine } from "../kernel/machine.ts";
import type { RuleMatch, Ruleset, RuleTable, RuleTarget } from "../kernel/netfilter/ruleset.ts";
import type { Netns } from "../kernel/netns.ts";
import type { RandomStream } from "../sim/random.ts";
import { type Ipv4, type Micros, prefixMask, type Port, SECOND } from "../units.ts";
import type { ClaimFailure } from "./kube_proxy_text.ts";
import { type KubeProxyEra, kubeProxyEra, setsConnReuseMode } from "./kube_proxy_eras.ts";
import type { NodeOptions, ServiceOptions } from "./options.ts";

const SYNC_PERIOD: Micros = 30 * SECOND;
/** The mark of packets that kube-proxy has masqueraded (`iptablesMasqueradeBit` 14). */
export const MASQUERADE_MARK = 0x4000;
const IPVS_DEVICE = "kube-ipvs0";

/** A NodePort that the proxy should hold open, and whether it does. */
interface Claim {
  readonly service: string;
  readonly port: Port;
  slot: number;
}

/** Failed claims that are kept. */
const FAILURES_KEPT = 1000;

/**
 * kube-proxy in IPVS mode: virtual servers for ClusterIPs, external addresses and NodePorts on every local address;
 * sysctls; masquerading rules; and, in the versions that had it, a listening socket that holds each NodePort.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, v1.23.4.
 * Not modelled: session affinity, external traffic policy Local, updates while it runs, health check ports, SCTP.
 */
export class KubeProxy {
  readonly era: KubeProxyEra;
  readonly #options: NodeOptions;
  readonly #services: readonly ServiceOptions[];
  readonly #node: Netns;
  readonly #machine: Machine;
  readonly #order: RandomStream;
  readonly #claims: Claim[] = [];
  readonly #failures: ClaimFailure[] = [];
  readonly #handler: number;

  constructor(options: NodeOptions, services: readonly ServiceOptions[], node: Netns) {
    this.era = kubeProxyEra(options.kubeProxy.version);
    this.#options = options;
    this.#services = services;
    this.#node = node;
    this.#machine = node.machine;
    this.#order = this.#machine.random.stream("kube-proxy/endpoint-order");
    this.#handler = this.#machine.loop.handler("kube-proxy/sync", () => this.#sync());
  }

  /** Programs the node, claims the NodePorts, and syncs every 30 s from then on. */
  start(): void {
    this.#writeSysctls();
    this.#writeRules();
    const ipvs = this.#machine.requireIpvs(this.#node);
    const nodeAddresses = this.nodePortAddresses();
    this.#bindServiceAddresses();
    for (const service of this.#services) this.#programService(ipvs, service, nodeAddresses);
    this.#sync();
  }

  /** The addresses on which NodePorts get virtual servers. Source: pkg/proxy/ipvs/proxier.go syncProxyRules, v1.21 v1.23 v1.28. */
  nodePortAddresses(): readonly Ipv4[] {
    const addresses: Ipv4[] = [];
    for (const device of this.#node.devices()) {
      if (device.name === IPVS_DEVICE) continue;
      for (const { address } of device.addresses) if (this.#isServed(address)) addresses.push(address);
    }
    if (this.era.servesLoopback && this.#options.kubeProxy.nodePortAddresses === undefined)
      addresses.push((127 << 24) | 1);
    return addresses;
  }

  /** NodePorts whose socket is open now. */
  heldPorts(): readonly Port[] {
    return this.#claims.filter((claim) => claim.slot >= 0).map((claim) => claim.port);
  }

  /** Claims that failed, at most the first 1,000; `claimFailureLine` has kube-proxy's words for each. */
  get claimFailures(): readonly ClaimFailure[] {
    return this.#failures;
  }

  #isServed(address: Ipv4): boolean {
    const wanted = this.#options.kubeProxy.nodePortAddresses;
    if (wanted === undefined) return true;
    return wanted.some((net) => ((address ^ net.address) & prefixMask(net.prefixLength)) === 0);
  }

  /** Values that the operator has set in the scenario win: they stand for what is written after the proxy's start. */
  #writeSysctls(): void {
    const given = new Set(this.#options.sysctls.map(([name]) => name));
    const write = (name: string, value: string): void => {
      if (!given.has(name)) this.#node.sysctls.set(name, value);
    };
    write("net.ipv4.vs.conntrack", "1");
    write("net.ipv4.vs.expire_nodest_conn", "1");
    write("net.ipv4.vs.expire_quiescent_template", "1");
    write("net.ipv4.ip_forward", "1");
    if (this.era.setsRouteLocalnet) write("net.ipv4.conf.all.route_localnet", "1");
    if (setsConnReuseMode(this.era, this.#machine.era)) write("net.ipv4.vs.conn_reuse_mode", "0");
  }

  #bindServiceAddresses(): void {
    const device = this.#node.addDevice(IPVS_DEVICE, "dummy");
    for (const { clusterIp, externalIps } of this.#services) {
      for (const address of clusterIp === undefined ? externalIps : [clusterIp, ...externalIps]) {
        if (!this.#node.hasAddress(address)) this.#node.addAddress(device, address, 32);
      }
    }
  }

  #programService(ipvs: Ipvs, service: ServiceOptions, nodeAddresses: readonly Ipv4[]): void {
    const own = service.clusterIp === undefined ? service.externalIps : [service.clusterIp, ...service.externalIps];
    for (const { port, nodePort, targetPort, protocol } of service.ports) {
      if (protocol === "SCTP") continue;
      const number = protocol === "TCP" ? Protocol.TCP : Protocol.UDP;
      for (const address of own) this.#addVirtualServer(ipvs, { protocol: number, address, port, targetPort, service });
      if (nodePort === undefined) continue;
      for (const address of nodeAddresses) {
        this.#addVirtualServer(ipvs, { protocol: number, address, port: nodePort, targetPort, service });
      }
      if (this.era.claimsNodePorts && protocol === "TCP")
        this.#claims.push({ service: service.name, port: nodePort, slot: -1 });
    }
  }

  #addVirtualServer(
    ipvs: Ipvs,
    server: { protocol: number; address: Ipv4; port: Port; targetPort: Port; service: ServiceOptions },
  ): void {
    const { protocol, address, port, targetPort } = server;
    const virtual = ipvs.addService(protocol, address, port, this.#options.kubeProxy.scheduler);
    // Endpoints come out of a Go set, that is in random order.
    const endpoints = [...server.service.endpoints];
    for (let left = endpoints.length; left > 0; left -= 1) {
      const chosen = endpoints.splice(this.#order.below(left), 1)[0]!;
      ipvs.addServer(virtual, chosen, targetPort, 1);
    }
  }

  /** Opens every claimed port that is not open yet; one that is in use is tried again at the next sync, and its virtual servers stand all the same. */
  #sync(): void {
    for (const claim of this.#claims) {
      if (claim.slot >= 0) continue;
      claim.slot = this.#open(claim.port);
      if (claim.slot < 0) this.#noteFailure(claim);
    }
    if (this.era.claimsNodePorts) this.#machine.loop.after(SYNC_PERIOD, this.#handler, 0);
  }

  #noteFailure({ service, port }: Claim): void {
    if (this.#failures.length < FAILURES_KEPT) this.#failures.push({ at: this.#machine.loop.now, service, port });
  }

  #open(port: Port): number {
    const tcp = this.#machine.tcp;
    // Without an owner nothing accepts: a connection that got here would hang.
    const slot = tcp.socket(this.#node, undefined, 0);
    const isOpen = tcp.bind(slot, { address: 0, port, hasReuseAddress: true }) === 0 && tcp.listen(slot) === 0;
    if (isOpen) return slot;
    tcp.close(slot);
    return -1;
  }

  /**
   * KUBE-SERVICES and its like: what comes to a NodePort is marked and masqueraded; the ipset KUBE-NODE-PORT-TCP is a
   * list of ports here.
   */
  #writeRules(): void {
    const nodePorts = this.#services.flatMap((service) =>
      service.ports.flatMap((port) => (port.nodePort === undefined || port.protocol !== "TCP" ? [] : [port.nodePort])),
    );
    this.#machine.loadRules(this.#node, kubeProxyRules(nodePorts));
  }
}

/** The nat and filter rules of kube-proxy in IPVS mode. Source: pkg/proxy/ipvs/proxier.go writeIptablesRules, v1.23. */
export function kubeProxyRules(nodePorts: readonly Port[]): Ruleset {
  const isMarked: RuleMatch = { kind: "mark", value: MASQUERADE_MARK, mask: MASQUERADE_MARK, isNegated: false };
  const isTcp: RuleMatch = { kind: "protocol", protocol: Protocol.TCP, isNegated: false };
  const toLocal: RuleMatch = { kind: "localDestination", isNegated: false };
  const toNodePort: RuleMatch = {
    kind: "destinationPort",
    ranges: nodePorts.map((port) => ({ low: port, high: port })),
    isNegated: false,
  };
  const isFollowing: RuleMatch = { kind: "ctState", states: 2 | 4, isNegated: false };
  const mark: RuleTarget = { kind: "mark", value: MASQUERADE_MARK, mask: MASQUERADE_MARK };
  const nat: RuleTable = new Map([
    ["PREROUTING", chain("ACCEPT", [[[], jump("KUBE-SERVICES")]])],
    ["INPUT", chain("ACCEPT", [])],
    ["OUTPUT", chain("ACCEPT", [[[], jump("KUBE-SERVICES")]])],
    ["POSTROUTING", chain("ACCEPT", [[[], jump("KUBE-POSTROUTING")]])],
    ["KUBE-SERVICES", chain(undefined, [[[toLocal], jump("KUBE-NODE-PORT")]])],
    ["KUBE-NODE-PORT", chain(undefined, nodePorts.length === 0 ? [] : [[[isTcp, toNodePort], jump("KUBE-MARK-MASQ")]])],
    ["KUBE-MARK-MASQ", chain(undefined, [[[], mark]])],
    [
      "KUBE-POSTROUTING",
      chain(undefined, [
        [[{ ...isMarked, isNegated: true }], { kind: "return" }],
        [[], { kind: "mark", value: MASQUERADE_MARK, mask: 0 }],
        [[], { kind: "masquerade", isRandom: true }],
      ]),
    ],
  ]);
  const filter: RuleTable = new Map([
    ["INPUT", chain("ACCEPT", [])],
    ["FORWARD", chain("ACCEPT", [[[], jump("KUBE-FORWARD")]])],
    ["OUTPUT", chain("ACCEPT", [])],
    [
      "KUBE-FORWARD",
      chain(undefined, [
        [[isMarked], { kind: "accept" }],
        [[isFollowing], { kind: "accept" }],
      ]),
    ],
  ]);
  return new Map([
    ["nat", nat],
    ["filter", filter],
  ]);
}

function jump(chainName: string): RuleTarget {
  return { kind: "jump", chain: chainName };
}

function chain(
  policy: "ACCEPT" | undefined,
  rules: readonly (readonly [matches: readonly RuleMatch[], target: RuleTarget])[],
): { policy?: "ACCEPT"; rules: { line: number; matches: readonly RuleMatch[]; target: RuleTarget }[] } {
  const numbered = rules.map(([matches, target], index) => ({ line: index + 1, matches, target }));
  return policy === undefined ? { rules: numbered } : { policy, rules: numbered };
}
