import { formatIpv4, type Ipv4, type Port } from "../../units.ts";
import type { ServiceOptions } from "../options.ts";
import { sha256 } from "./sha256.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** One port of one service, with the words that name its chains. */
export interface NamedPort {
  readonly namespace: string;
  readonly service: string;
  /** Empty where the service has one port, as it may be there. */
  readonly portName: string;
  readonly protocol: "tcp" | "udp";
  readonly port: Port;
  readonly nodePort: Port | undefined;
  readonly targetPort: Port;
}

/**
 * The ports of a service that proxy rules are written for. Where there are several, each is named by protocol and
 * number, since scenarios give ports no names; a service without a namespace is in `default`.
 *
 * Not modelled: SCTP, whose ports are left out.
 */
export function namedPorts({ name, ports }: ServiceOptions): readonly NamedPort[] {
  const slash = name.indexOf("/");
  const namespace = slash < 0 ? "default" : name.slice(0, slash);
  return ports.flatMap(({ port, nodePort, targetPort, protocol }) => {
    if (protocol === "SCTP") return [];
    const lower = protocol === "TCP" ? "tcp" : "udp";
    const portName = ports.length === 1 ? "" : `${lower}-${port}`;
    return { namespace, service: name.slice(slash + 1), portName, protocol: lower, port, nodePort, targetPort };
  });
}

/** `namespace/name:port`, as logs and comments of rules name a service port. Source: pkg/proxy/types.go ServicePortName.String, v1.30. */
export function servicePortText({ namespace, service, portName }: NamedPort): string {
  return `${namespace}/${service}${portName === "" ? "" : `:${portName}`}`;
}

/**
 * What stands behind `KUBE-SVC-` and `KUBE-EXT-` in the chains of a service port.
 *
 * Source: pkg/proxy/iptables/proxier.go portProtoHash, v1.30.
 */
export function serviceChainHash(named: NamedPort): string {
  return base32Hash(servicePortText(named) + named.protocol, 16);
}

/**
 * What stands behind `KUBE-SEP-` in the chain of an endpoint.
 *
 * Source: pkg/proxy/iptables/proxier.go servicePortEndpointChainName, v1.30.
 */
export function endpointChainHash(named: NamedPort, endpoint: Ipv4): string {
  return base32Hash(`${servicePortText(named)}${named.protocol}${formatIpv4(endpoint)}:${named.targetPort}`, 16);
}

/**
 * What stands behind `service-` and `external-` in the nftables chains of a service port.
 *
 * Source: pkg/proxy/nftables/proxier.go servicePortChainNameBase, v1.30.
 */
export function nftServiceName(named: NamedPort): string {
  return hashed(`${named.namespace}/${named.service}/${named.protocol}/${named.portName}`);
}

/**
 * What stands behind `endpoint-` in the nftables chain of an endpoint.
 *
 * Source: pkg/proxy/nftables/proxier.go servicePortEndpointChainNameBase, v1.30.
 */
export function nftEndpointName(named: NamedPort, endpoint: Ipv4): string {
  const service = `${named.namespace}/${named.service}/${named.protocol}/${named.portName}`;
  return hashed(`${service}__${formatIpv4(endpoint)}/${named.targetPort}`);
}

function hashed(name: string): string {
  return `${base32Hash(name, 8)}-${name}`;
}

/** The first characters of a text's SHA-256 in base 32, five bits each. */
function base32Hash(text: string, length: number): string {
  const digest = sha256(text);
  let characters = "";
  for (let index = 0; index < length; index += 1) {
    const bit = 5 * index;
    const window = ((digest[bit >> 3]! << 8) | digest[(bit >> 3) + 1]!) >>> 0;
    characters += BASE32.charAt((window >> (11 - (bit & 7))) & 31);
  }
  return characters;
}
