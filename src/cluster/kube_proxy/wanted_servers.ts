import { Protocol } from "../../kernel/packet.ts";
import type { Ipv4, Port } from "../../units.ts";
import type { ServiceOptions } from "../options.ts";
import type { ProxiedService } from "./proxier.ts";

/** A virtual server that a service needs. */
export interface WantedServer {
  readonly protocol: number;
  readonly address: Ipv4;
  readonly port: Port;
  readonly targetPort: Port;
  readonly endpoints: readonly Ipv4[];
}

/** The virtual servers that services need; written down once for all syncs that find the same services and addresses. */
export class WantedServers {
  #services: readonly ProxiedService[] = [];
  #nodeAddresses: readonly Ipv4[] = [];
  #servers: readonly WantedServer[] = [];

  /** @param nodeAddresses those on which NodePorts are served. */
  of(services: readonly ProxiedService[], nodeAddresses: readonly Ipv4[]): readonly WantedServer[] {
    const isSame =
      services === this.#services &&
      nodeAddresses.length === this.#nodeAddresses.length &&
      nodeAddresses.every((address, index) => address === this.#nodeAddresses[index]);
    if (!isSame) {
      this.#services = services;
      this.#nodeAddresses = nodeAddresses;
      this.#servers = services.flatMap((service) => serversOf(service, nodeAddresses));
    }
    return this.#servers;
  }
}

/** The addresses that a service has for itself. */
export function ownAddresses({ clusterIp, externalIps }: ServiceOptions): readonly Ipv4[] {
  return clusterIp === undefined ? externalIps : [clusterIp, ...externalIps];
}

function serversOf({ spec, endpoints: all }: ProxiedService, nodeAddresses: readonly Ipv4[]): readonly WantedServer[] {
  const endpoints = all.flatMap(({ address, isReady }) => (isReady ? [address] : []));
  return spec.ports.flatMap(({ port, nodePort, targetPort, protocol: name }) => {
    if (name === "SCTP") return [];
    const protocol = name === "TCP" ? Protocol.TCP : Protocol.UDP;
    const own = ownAddresses(spec).map((address) => ({ protocol, address, port, targetPort, endpoints }));
    if (nodePort === undefined) return own;
    return [...own, ...nodeAddresses.map((address) => ({ protocol, address, port: nodePort, targetPort, endpoints }))];
  });
}
