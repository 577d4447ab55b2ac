import type { Ipvs } from "../../kernel/ipvs/ipvs.ts";
import { Protocol } from "../../kernel/packet.ts";
import type { Netns } from "../../kernel/netns.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { Ipv4, Port } from "../../units.ts";
import type { NodeOptions, ServiceOptions } from "../options.ts";
import { ipvsRules } from "./ipvs_rules.ts";
import { type KubeProxyEra, setsConnReuseMode } from "./kube_proxy_eras.ts";
import { IPVS_DEVICE, nodePortAddresses } from "./node_port_addresses.ts";
import type { ProxiedService, Proxier } from "./proxier.ts";

/**
 * kube-proxy in IPVS mode: virtual servers for ClusterIPs, external addresses and NodePorts on every local address;
 * sysctls; masquerading rules.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, v1.23.4.
 */
export class IpvsProxier implements Proxier {
  readonly #options: NodeOptions;
  readonly #node: Netns;
  readonly #era: KubeProxyEra;
  readonly #order: RandomStream;

  constructor(options: NodeOptions, node: Netns, era: KubeProxyEra) {
    this.#options = options;
    this.#node = node;
    this.#era = era;
    this.#order = node.machine.random.stream("kube-proxy/endpoint-order");
  }

  /** Values that the operator has set in the scenario win: they stand for what is written after the proxy's start. */
  start(): void {
    const given = new Set(this.#options.sysctls.map(([name]) => name));
    const write = (name: string, value: string): void => {
      if (!given.has(name)) this.#node.sysctls.set(name, value);
    };
    write("net.ipv4.vs.conntrack", "1");
    write("net.ipv4.vs.expire_nodest_conn", "1");
    write("net.ipv4.vs.expire_quiescent_template", "1");
    write("net.ipv4.ip_forward", "1");
    if (this.#era.setsRouteLocalnet) write("net.ipv4.conf.all.route_localnet", "1");
    if (setsConnReuseMode(this.#era, this.#node.machine.era)) write("net.ipv4.vs.conn_reuse_mode", "0");
  }

  sync(services: readonly ProxiedService[]): void {
    const nodePorts = services.flatMap(({ spec }) =>
      spec.ports.flatMap((port) => (port.nodePort === undefined || port.protocol !== "TCP" ? [] : [port.nodePort])),
    );
    this.#node.machine.loadRules(this.#node, ipvsRules(nodePorts));
    const ipvs = this.#node.machine.requireIpvs(this.#node);
    const nodeAddresses = nodePortAddresses(this.#node, this.#options.kubeProxy, this.#era);
    this.#bindServiceAddresses(services);
    for (const { spec } of services) this.#programService(ipvs, spec, nodeAddresses);
  }

  #bindServiceAddresses(services: readonly ProxiedService[]): void {
    const device = this.#node.addDevice(IPVS_DEVICE, "dummy");
    for (const { spec } of services) {
      for (const address of ownAddresses(spec)) {
        if (!this.#node.hasAddress(address)) this.#node.addAddress(device, address, 32);
      }
    }
  }

  #programService(ipvs: Ipvs, service: ServiceOptions, nodeAddresses: readonly Ipv4[]): void {
    for (const { port, nodePort, targetPort, protocol } of service.ports) {
      if (protocol === "SCTP") continue;
      const number = protocol === "TCP" ? Protocol.TCP : Protocol.UDP;
      for (const address of ownAddresses(service)) {
        this.#addVirtualServer(ipvs, { protocol: number, address, port, targetPort, service });
      }
      if (nodePort === undefined) continue;
      for (const address of nodeAddresses) {
        this.#addVirtualServer(ipvs, { protocol: number, address, port: nodePort, targetPort, service });
      }
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
}

function ownAddresses({ clusterIp, externalIps }: ServiceOptions): readonly Ipv4[] {
  return clusterIp === undefined ? externalIps : [clusterIp, ...externalIps];
}
