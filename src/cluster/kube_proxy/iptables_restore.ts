import { formatIpv4, type Ipv4 } from "../../units.ts";
import { endpointChainHash, type NamedPort, namedPorts, serviceChainHash, servicePortText } from "./chain_names.ts";
import type { IptablesProxierEra } from "./iptables_proxier_era.ts";
import type { ProxiedService } from "./proxier.ts";

/** What kube-proxy gives to iptables-restore. */
export interface IptablesRestore {
  /** All lines of both tables, with the jumps from the built-in chains. */
  readonly lines: readonly string[];
  /** Lines that every sync writes: the chains that all services share. */
  readonly sharedLines: number;
  /** For each service, the lines of the chains that are its own. */
  readonly serviceLines: readonly number[];
}

/** What the lines depend on besides the services. */
export interface IptablesRestoreOptions {
  readonly era: IptablesProxierEra;
  /** Addresses that take NodePorts; `undefined` for all local ones. */
  readonly nodePortAddresses: readonly Ipv4[] | undefined;
  /** `nf_conntrack_tcp_be_liberal` when kube-proxy started. */
  readonly isTcpLiberal: boolean;
}

const MARK = "0x4000";

/**
 * The rules of kube-proxy in iptables mode. A connection to a service goes KUBE-SERVICES, KUBE-SVC of the service port,
 * KUBE-SEP of an endpoint drawn with equal chances, where it is translated; one to a NodePort or an external address is
 * marked on the way and masqueraded behind routing. A service port without a ready endpoint is rejected.
 *
 * Source: pkg/proxy/iptables/proxier.go syncProxyRules, v1.30.
 * Not modelled: session affinity, traffic policy Local, source ranges of load balancers, health check ports, SCTP;
 * `--cluster-cidr` and `--masquerade-all`, without which ClusterIP traffic keeps its source; endpoints that still serve
 * while they terminate; KUBE-FIREWALL, which the kubelet writes.
 */
export function iptablesRestore(services: readonly ProxiedService[], options: IptablesRestoreOptions): IptablesRestore {
  const writer = new RestoreWriter(options);
  const serviceLines = services.map((service) => writer.writeService(service));
  writer.writeTail();
  return { lines: writer.lines(), sharedLines: writer.sharedLines, serviceLines };
}

class RestoreWriter {
  readonly #options: IptablesRestoreOptions;
  readonly #filterRules: string[] = [];
  readonly #natChains: string[] = [];
  readonly #natRules: string[] = [];
  #ownLines = 0;

  constructor(options: IptablesRestoreOptions) {
    this.#options = options;
  }

  lines(): readonly string[] {
    return [
      "*filter",
      ...FILTER_CHAINS.map(declared),
      ...this.#filterJumps(),
      ...this.#filterRules,
      "COMMIT",
      "*nat",
      ...NAT_CHAINS.map(declared),
      ...this.#natChains,
      ...NAT_JUMPS,
      ...this.#natRules,
      "COMMIT",
    ];
  }

  /** Declarations, rules and two times `*table` and COMMIT, without the chains of single services. */
  get sharedLines(): number {
    const declarations = FILTER_CHAINS.length + NAT_CHAINS.length + this.#natChains.length;
    return 4 + declarations + this.#filterRules.length + this.#natRules.length - this.#ownLines;
  }

  /** @returns the lines of the service's own chains. */
  writeService({ spec, endpoints }: ProxiedService): number {
    const before = this.#ownLines;
    const ready = endpoints.filter(({ isReady }) => isReady).map(({ address }) => address);
    const external = spec.externalIps.map(formatIpv4);
    for (const port of namedPorts(spec)) {
      if (spec.clusterIp !== undefined) this.#writeClusterIp(port, formatIpv4(spec.clusterIp), ready);
      for (const address of external) {
        const match = `-d ${address}/32 ${toPort(port, port.port)}`;
        this.#writeExternal(port, { chain: "KUBE-SERVICES", match, what: "external IP" }, ready);
      }
      if (port.nodePort !== undefined) {
        const match = toPort(port, port.nodePort);
        this.#writeExternal(port, { chain: "KUBE-NODEPORTS", match, what: "node port" }, ready);
      }
      if (ready.length > 0) this.#writeChains(port, ready, external.length > 0 || port.nodePort !== undefined);
    }
    return this.#ownLines - before;
  }

  #writeClusterIp(port: NamedPort, address: string, ready: readonly Ipv4[]): void {
    const match = `-d ${address}/32 ${toPort(port, port.port)}`;
    const chain = "KUBE-SERVICES";
    if (ready.length === 0) this.#filterRules.push(rejection(chain, port, match));
    else
      this.#natRules.push(`-A ${chain} ${comment(port, " cluster IP")} ${match} -j KUBE-SVC-${serviceChainHash(port)}`);
  }

  /** Traffic from outside: dispatched and marked, or rejected. */
  #writeExternal(
    port: NamedPort,
    from: { readonly chain: "KUBE-SERVICES" | "KUBE-NODEPORTS"; readonly match: string; readonly what: string },
    ready: readonly Ipv4[],
  ): void {
    const local = from.chain === "KUBE-NODEPORTS" ? "-m addrtype --dst-type LOCAL " : "";
    if (ready.length === 0) {
      this.#filterRules.push(rejection("KUBE-EXTERNAL-SERVICES", port, local + from.match));
      return;
    }
    const { marksIn } = this.#options.era;
    const hash = serviceChainHash(port);
    const told = comment(port, ` ${from.what}`);
    const mark = `${told} ${from.match} -j KUBE-MARK-MASQ`;
    if (marksIn === "dispatching-chain") this.#natRules.push(`-A ${from.chain} ${mark}`);
    if (marksIn === "service-chain") this.#own(`-A KUBE-SVC-${hash} ${mark}`);
    const target = marksIn === "external-chain" ? `KUBE-EXT-${hash}` : `KUBE-SVC-${hash}`;
    this.#natRules.push(`-A ${from.chain} ${told} ${from.match} -j ${target}`);
  }

  /** KUBE-EXT, KUBE-SVC and one KUBE-SEP for each endpoint. */
  #writeChains(port: NamedPort, ready: readonly Ipv4[], isExternal: boolean): void {
    const hash = serviceChainHash(port);
    const service = `KUBE-SVC-${hash}`;
    this.#declare(service);
    if (isExternal && this.#options.era.marksIn === "external-chain") {
      this.#declare(`KUBE-EXT-${hash}`);
      this.#own(`-A KUBE-EXT-${hash} ${comment(port, " external destinations")} -j KUBE-MARK-MASQ`);
      this.#own(`-A KUBE-EXT-${hash} -j ${service}`);
    }
    ready.forEach((endpoint, index) => {
      const chain = `KUBE-SEP-${endpointChainHash(port, endpoint)}`;
      const destination = `${formatIpv4(endpoint)}:${port.targetPort}`;
      this.#own(`-A ${service} ${comment(port, ` -> ${destination}`)}${chance(ready.length - index)} -j ${chain}`);
      this.#declare(chain);
      this.#own(`-A ${chain} ${comment(port, "")} -s ${formatIpv4(endpoint)}/32 -j KUBE-MARK-MASQ`);
      const isProtocol = `-p ${port.protocol} -m ${port.protocol}`;
      this.#own(`-A ${chain} ${comment(port, "")} ${isProtocol} -j DNAT --to-destination ${destination}`);
    });
  }

  /** What comes behind the services: the way to NodePorts, masquerading, forwarding. */
  writeTail(): void {
    const { era, nodePortAddresses, isTcpLiberal } = this.#options;
    const told = '-m comment --comment "kubernetes service nodeports"';
    const destinations = nodePortAddresses?.map((address) => `-d ${formatIpv4(address)}/32`);
    for (const destination of destinations ?? ["-m addrtype --dst-type LOCAL"])
      this.#natRules.push(`-A KUBE-SERVICES ${told} ${destination} -j KUBE-NODEPORTS`);
    this.#natRules.push(
      `-A KUBE-MARK-MASQ -j MARK --or-mark ${MARK}`,
      `-A KUBE-POSTROUTING -m mark ! --mark ${MARK}/${MARK} -j RETURN`,
      `-A KUBE-POSTROUTING -j MARK --xor-mark ${MARK}`,
      `-A KUBE-POSTROUTING -j MASQUERADE${era.isRandomFully ? " --random-fully" : ""}`,
    );
    const isDropping = era.dropsInvalid === "always" || (era.dropsInvalid === "unless-liberal" && !isTcpLiberal);
    if (isDropping) this.#filterRules.push("-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP");
    this.#filterRules.push(
      `-A KUBE-FORWARD -m mark --mark ${MARK}/${MARK} -j ACCEPT`,
      "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    );
  }

  /** The jumps as they stand after kube-proxy has put each before those that are there. */
  #filterJumps(): readonly string[] {
    const { hasFirewallChain, hasHealthCheckChain, forwardsToExternal } = this.#options.era;
    const ifNew = "-m conntrack --ctstate NEW -j";
    const firewall = (chain: string): string[] =>
      hasFirewallChain ? [`-A ${chain} ${ifNew} KUBE-PROXY-FIREWALL`] : [];
    return [
      ...firewall("INPUT"),
      ...(hasHealthCheckChain ? ["-A INPUT -j KUBE-NODEPORTS"] : []),
      `-A INPUT ${ifNew} KUBE-EXTERNAL-SERVICES`,
      ...firewall("FORWARD"),
      "-A FORWARD -j KUBE-FORWARD",
      `-A FORWARD ${ifNew} KUBE-SERVICES`,
      ...(forwardsToExternal ? [`-A FORWARD ${ifNew} KUBE-EXTERNAL-SERVICES`] : []),
      ...firewall("OUTPUT"),
      `-A OUTPUT ${ifNew} KUBE-SERVICES`,
    ];
  }

  #declare(chain: string): void {
    this.#natChains.push(declared(chain));
    this.#ownLines += 1;
  }

  #own(rule: string): void {
    this.#natRules.push(rule);
    this.#ownLines += 1;
  }
}

const FILTER_CHAINS = [
  "KUBE-NODEPORTS",
  "KUBE-SERVICES",
  "KUBE-EXTERNAL-SERVICES",
  "KUBE-FORWARD",
  "KUBE-PROXY-FIREWALL",
] as const;

const NAT_CHAINS = ["KUBE-NODEPORTS", "KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"] as const;

const NAT_JUMPS = [
  "-A PREROUTING -j KUBE-SERVICES",
  "-A OUTPUT -j KUBE-SERVICES",
  "-A POSTROUTING -j KUBE-POSTROUTING",
] as const;

function declared(chain: string): string {
  return `:${chain} - [0:0]`;
}

function comment(port: NamedPort, rest: string): string {
  return `-m comment --comment "${servicePortText(port)}${rest}"`;
}

function toPort({ protocol }: NamedPort, port: number): string {
  return `-p ${protocol} -m ${protocol} --dport ${port}`;
}

function rejection(chain: string, port: NamedPort, match: string): string {
  return `-A ${chain} ${comment(port, " has no endpoints")} ${match} -j REJECT`;
}

/** The condition of one of the endpoints that are left: one in so many, ten digits; none for the last. */
function chance(left: number): string {
  return left === 1 ? "" : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`;
}
