import { formatIpv4, type Ipv4 } from "../../units.ts";
import { type NamedPort, namedPorts, nftEndpointName, nftServiceName } from "./chain_names.ts";
import type { NftablesProxierEra } from "./nftables_proxier_era.ts";
import type { ProxiedService } from "./proxier.ts";

/** What kube-proxy gives to `nft -f`. */
export interface NftTransaction {
  readonly lines: readonly string[];
  /** Lines that every sync writes: the chains, sets and maps that all services share. */
  readonly sharedLines: number;
  /** For each service, the lines of its own chains and elements. */
  readonly serviceLines: readonly number[];
}

/** What the lines depend on besides the services. */
export interface NftTransactionOptions {
  readonly era: NftablesProxierEra;
  /** Addresses that take NodePorts; `undefined` for all local ones but 127.0.0.0/8. */
  readonly nodePortAddresses: readonly Ipv4[] | undefined;
  /** `nf_conntrack_tcp_be_liberal` when kube-proxy started. */
  readonly isTcpLiberal: boolean;
}

const TABLE = "ip kube-proxy";

/**
 * The rules of kube-proxy in nftables mode. One look-up in `service-ips` or `service-nodeports` leads a connection to
 * its service's chain, one more to an endpoint drawn with equal chances, however many services there are. A service port
 * without a ready endpoint stands in `no-endpoint-services` or `no-endpoint-nodeports` and is rejected.
 *
 * Source: pkg/proxy/nftables/proxier.go setupNFTables, syncProxyRules, v1.30.5.
 * Not modelled: session affinity, traffic policy Local, source ranges of load balancers, SCTP, `--cluster-cidr` and
 * `--masquerade-all`, service CIDRs; the order of filter chains in 1.29, whose rejections are the same.
 */
export function nftTransaction(services: readonly ProxiedService[], options: NftTransactionOptions): NftTransaction {
  const shared = sharedPart(options);
  const parts = services.map(servicePart);
  return {
    lines: [...shared, ...parts.flat()],
    sharedLines: shared.length,
    serviceLines: parts.map((part) => part.length),
  };
}

const CHAINS = [
  "filter-prerouting { type filter hook prerouting priority -110 ; }",
  "filter-input { type filter hook input priority -110 ; }",
  "filter-forward { type filter hook forward priority -110 ; }",
  "filter-output { type filter hook output priority -110 ; }",
  "filter-output-post-dnat { type filter hook output priority -90 ; }",
  "nat-prerouting { type nat hook prerouting priority -100 ; }",
  "nat-output { type nat hook output priority -100 ; }",
  "nat-postrouting { type nat hook postrouting priority 100 ; }",
  "nodeport-endpoints-check",
  "service-endpoints-check",
  "firewall-check",
  "services",
  "masquerading",
  "mark-for-masquerade",
  "cluster-ips-check",
  "reject-chain",
] as const;

const BY_ADDRESS = "ipv4_addr . inet_proto . inet_service : verdict";
const BY_PORT = "inet_proto . inet_service : verdict";

const JUMPS = [
  "filter-input ct state new jump nodeport-endpoints-check",
  "filter-input ct state new jump service-endpoints-check",
  "filter-forward ct state new jump service-endpoints-check",
  "filter-output ct state new jump service-endpoints-check",
  "filter-prerouting ct state new jump firewall-check",
  "filter-output ct state new jump firewall-check",
  "nat-output jump services",
  "nat-prerouting jump services",
  "nat-postrouting jump masquerading",
] as const;

const MASQUERADING = [
  "mark-for-masquerade mark set mark or 0x4000",
  "masquerading mark and 0x4000 == 0 return",
  "masquerading mark set mark xor 0x4000",
  "masquerading masquerade fully-random",
] as const;

/** Everything but the services. */
function sharedPart({ era, nodePortAddresses, isTcpLiberal }: NftTransactionOptions): readonly string[] {
  const isNodePort = nodePortAddresses === undefined ? "ip daddr != 127.0.0.0/8" : "ip daddr @nodeport-ips";
  const dispatch = nodePortAddresses === undefined ? `fib daddr type local ${isNodePort}` : isNodePort;
  const key = "ip daddr . meta l4proto . th dport vmap";
  const rules = [
    ...JUMPS,
    ...(era.dropsInvalid && !isTcpLiberal ? ["filter-forward ct state invalid drop"] : []),
    ...(era.rejectsOtherPorts ? OTHER_PORTS : []),
    ...MASQUERADING,
    "reject-chain reject",
    `service-endpoints-check ${key} @no-endpoint-services`,
    `nodeport-endpoints-check ${isNodePort} meta l4proto . th dport vmap @no-endpoint-nodeports`,
    `firewall-check ${key} @firewall-ips`,
    `services ${key} @service-ips`,
    `services ${dispatch} meta l4proto . th dport vmap @service-nodeports`,
  ];
  return [
    `add table ${TABLE}`,
    ...CHAINS.map((chain) => `add chain ${TABLE} ${chain}`),
    ...["cluster-ips", "nodeport-ips"].map((set) => `add set ${TABLE} ${set} { type ipv4_addr ; }`),
    ...["service-ips", "no-endpoint-services", "firewall-ips"].map((map) =>
      added("map", `${map} { type ${BY_ADDRESS} ; }`),
    ),
    ...["service-nodeports", "no-endpoint-nodeports"].map((map) => added("map", `${map} { type ${BY_PORT} ; }`)),
    ...(nodePortAddresses ?? []).map((address) => added("element", `nodeport-ips { ${formatIpv4(address)} }`)),
    ...rules.map((rule) => added("rule", rule)),
  ];
}

const OTHER_PORTS = [
  "filter-forward ct state new jump cluster-ips-check",
  "filter-output-post-dnat ct state new jump cluster-ips-check",
  "cluster-ips-check ip daddr @cluster-ips reject",
] as const;

/** The chains and elements of one service. */
function servicePart({ spec, endpoints }: ProxiedService): readonly string[] {
  const ready = endpoints.filter(({ isReady }) => isReady).map(({ address }) => address);
  const { clusterIp, externalIps } = spec;
  const ports = namedPorts(spec);
  const clusterIpElement =
    clusterIp === undefined ? [] : [added("element", `cluster-ips { ${formatIpv4(clusterIp)} }`)];
  return [
    ...(ports.length === 0 ? [] : clusterIpElement),
    ...ports.flatMap((port) => {
      const isExternal = externalIps.length > 0 || port.nodePort !== undefined;
      const chains = ready.length === 0 ? [] : chainsOf(port, ready, isExternal);
      return [...chains, ...elementsOf(port, spec, ready.length > 0)];
    }),
  ];
}

/** What leads to a service port, or what rejects it. */
function elementsOf(
  port: NamedPort,
  { clusterIp, externalIps }: ProxiedService["spec"],
  hasEndpoints: boolean,
): readonly string[] {
  const name = nftServiceName(port);
  const verdict = (chain: string): string => `goto ${hasEndpoints ? `${chain}-${name}` : "reject-chain"}`;
  const byAddress = hasEndpoints ? "service-ips" : "no-endpoint-services";
  const byPort = hasEndpoints ? "service-nodeports" : "no-endpoint-nodeports";
  const { protocol, nodePort } = port;
  const key = (address: Ipv4): string => `${formatIpv4(address)} . ${protocol} . ${port.port}`;
  const elements = externalIps.map((address) => `${byAddress} { ${key(address)} : ${verdict("external")} }`);
  if (clusterIp !== undefined) elements.unshift(`${byAddress} { ${key(clusterIp)} : ${verdict("service")} }`);
  if (nodePort !== undefined) elements.push(`${byPort} { ${protocol} . ${nodePort} : ${verdict("external")} }`);
  return elements.map((element) => added("element", element));
}

/** Chains are added before what leads to them. */
function chainsOf(port: NamedPort, ready: readonly Ipv4[], isExternal: boolean): readonly string[] {
  const service = `service-${nftServiceName(port)}`;
  const external = `external-${nftServiceName(port)}`;
  const names = ready.map((endpoint) => `endpoint-${nftEndpointName(port, endpoint)}`);
  const lines = ready.flatMap((endpoint, index) => {
    const chain = names[index]!;
    const address = formatIpv4(endpoint);
    return [
      added("chain", chain),
      added("rule", `${chain} ip saddr ${address} jump mark-for-masquerade`),
      added("rule", `${chain} meta l4proto ${port.protocol} dnat to ${address}:${port.targetPort}`),
    ];
  });
  const choices = names.map((name, index) => `${index} : goto ${name}`).join(" , ");
  lines.push(
    added("chain", service),
    added("rule", `${service} numgen random mod ${ready.length} vmap { ${choices} }`),
  );
  if (!isExternal) return lines;
  return [
    ...lines,
    added("chain", external),
    added("rule", `${external} jump mark-for-masquerade`),
    added("rule", `${external} goto ${service}`),
  ];
}

function added(kind: "map" | "element" | "rule" | "chain", rest: string): string {
  return `add ${kind} ${TABLE} ${rest}`;
}
