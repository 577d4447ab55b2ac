import type { RuleTally } from "../../kernel/netfilter/rule_tally.ts";
import type { Ruleset } from "../../kernel/netfilter/ruleset.ts";
import type { Ipv4 } from "../../units.ts";
import type { KubeProxyOptions } from "../options.ts";
import { namedPorts } from "./chain_names.ts";
import { iptablesProxierEra } from "./iptables_proxier_era.ts";
import { iptablesRestore } from "./iptables_restore.ts";
import { ipvsRules } from "./ipvs_rules.ts";
import { nftTransaction } from "./nft_transaction.ts";
import { nftablesProxierEra } from "./nftables_proxier_era.ts";
import type { ProxiedService } from "./proxier.ts";

/** What a sync of kube-proxy hands to the kernel or asks of it: lines of rules, or netlink messages in IPVS mode. */
export interface SyncWork {
  /** The first sync, of everything. */
  readonly full: number;
  /** A later sync after one service has changed, averaged over the services. */
  readonly change: number;
}

/** What the rules of one replication held and did. */
export interface DataPlaneWork {
  readonly mode: KubeProxyOptions["mode"];
  /** Rules, which a packet is tested against one after the other. */
  readonly rules: number;
  /** What is found by one look-up however many there are: elements of nft sets, IPVS virtual and real servers. */
  readonly entries: number;
  /** First packets of connections that came to the nat rules, and the rules that all of them were tested against. */
  readonly newConnections: number;
  readonly natRulesTested: number;
  /** Passes of packets through filter chains, and the rules tested in them. */
  readonly filterPasses: number;
  readonly filterRulesTested: number;
  readonly sync: SyncWork;
  /** Connections whose source was translated, and those of them that got the number of a TCP NodePort as their port. */
  readonly sourceNat: { readonly connections: number; readonly onNodePort: number };
}

/** What the work depends on besides the services. */
export interface DataPlaneOptions {
  readonly kubeProxy: KubeProxyOptions;
  readonly nodePortAddresses: readonly Ipv4[];
  /** The same, or `undefined` where rules name no addresses because NodePorts are served on all. */
  readonly limitedAddresses: readonly Ipv4[] | undefined;
  readonly tally: RuleTally;
  /** Connections with a translated source by port; `undefined` where they were not counted. */
  readonly sourceNatPorts: Uint32Array | undefined;
}

/** The work of a mode's rules: counted where packets meet them, read off the rules for the rest. */
export function dataPlaneWork(services: readonly ProxiedService[], options: DataPlaneOptions): DataPlaneWork {
  const { natDestination, natSource, filter } = options.tally;
  return {
    mode: options.kubeProxy.mode,
    ...heldBy(services, options),
    newConnections: natDestination.passes,
    natRulesTested: natDestination.rules + natSource.rules,
    filterPasses: filter.passes,
    filterRulesTested: filter.rules,
    sourceNat: sourceNatOf(services, options.sourceNatPorts ?? new Uint32Array(0)),
  };
}

function sourceNatOf(services: readonly ProxiedService[], ports: Uint32Array): DataPlaneWork["sourceNat"] {
  const nodePorts = services.flatMap(({ spec }) =>
    namedPorts(spec).flatMap(({ nodePort, protocol }) =>
      nodePort === undefined || protocol === "udp" ? [] : [nodePort],
    ),
  );
  return {
    connections: ports.reduce((total, connections) => total + connections, 0),
    onNodePort: nodePorts.reduce((total, port) => total + (ports[port] ?? 0), 0),
  };
}

function heldBy(
  services: readonly ProxiedService[],
  { kubeProxy, nodePortAddresses, limitedAddresses }: DataPlaneOptions,
): Pick<DataPlaneWork, "rules" | "entries" | "sync"> {
  const { mode, version } = kubeProxy;
  if (mode === "ipvs") return heldByIpvs(services, nodePortAddresses.length);
  const flags = { nodePortAddresses: limitedAddresses, isTcpLiberal: false };
  if (mode === "iptables") {
    const era = iptablesProxierEra(version);
    const text = iptablesRestore(services, { era, ...flags });
    return { rules: count(text.lines, "-A "), entries: 0, sync: syncOf(text, era.writes) };
  }
  const era = nftablesProxierEra(version);
  const text = nftTransaction(services, { era, ...flags });
  return {
    rules: count(text.lines, "add rule "),
    entries: count(text.lines, "add element "),
    sync: syncOf(text, era.writes),
  };
}

function count(lines: readonly string[], start: string): number {
  return lines.filter((line) => line.startsWith(start)).length;
}

function syncOf(
  { sharedLines, serviceLines }: { readonly sharedLines: number; readonly serviceLines: readonly number[] },
  writes: "all-services" | "changed-services",
): SyncWork {
  const own = serviceLines.reduce((total, lines) => total + lines, 0);
  const full = sharedLines + own;
  return { full, change: writes === "all-services" ? full : sharedLines + own / Math.max(1, serviceLines.length) };
}

/** GetVirtualServer twice and GetRealServers once. */
const READS_PER_VIRTUAL_SERVER = 3;

/**
 * Each sync asks for every virtual server and its real servers, changed or not; it writes only what differs.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncService, syncEndpoint, v1.30.5.
 * Not modelled: the ipsets and the iptables-restore of the fixed rules, which are some 30 messages and lines more.
 */
function heldByIpvs(services: readonly ProxiedService[], addresses: number): ReturnType<typeof heldBy> {
  let virtualServers = 0;
  let realServers = 0;
  for (const { spec, endpoints } of services) {
    const own = spec.externalIps.length + (spec.clusterIp === undefined ? 0 : 1);
    for (const { nodePort } of namedPorts(spec)) {
      const servers = own + (nodePort === undefined ? 0 : addresses);
      virtualServers += servers;
      realServers += servers * endpoints.filter(({ isReady }) => isReady).length;
    }
  }
  const reads = READS_PER_VIRTUAL_SERVER * virtualServers;
  return {
    rules: ruleCount(ipvsRules(services)),
    entries: virtualServers + realServers,
    sync: {
      full: reads + virtualServers + realServers,
      change: reads + realServers / Math.max(1, services.length),
    },
  };
}

/** All rules of all chains; those of IPVS mode are as many however many services there are. */
function ruleCount(ruleset: Ruleset): number {
  const chains = [...ruleset.values()].flatMap((table) => [...table.values()]);
  return chains.reduce((total, { rules }) => total + rules.length, 0);
}

/**
 * Processor time of one rule that does not match, in microseconds, by mode. Assumed: a rule of iptables costs a few
 * comparisons and, in a long chain, some cache misses; a rule of nftables is interpreted. Only their order of magnitude
 * should be relied on.
 */
const RULE_MICROS = { ipvs: 0.02, iptables: 0.02, nftables: 0.05 } as const;

/** The look-ups of a connection in IPVS's tables of services and connections, in microseconds. Assumed. */
const IPVS_LOOKUP_MICROS = 0.2;

/**
 * Seconds per line of rules or message. iptables and nftables: the first sync of 10,000 services with two endpoints each
 * took 40.1 s and 194.4 s on kernel 6.8 (kubernetes pull request 130119), and such a sync has 100,000 lines here. Both
 * grow faster than the number of lines, so for smaller clusters these figures are upper bounds: iptables-restore alone
 * has been seen to take 18 µs a line (kubernetes issue 96018). IPVS: assumed, one netlink request and its answer.
 */
const SYNC_SECONDS = { ipvs: 2e-5, iptables: 40.1 / 100_000, nftables: 194.4 / 100_000 } as const;

/** Estimated processor time that the rules cost the first packets of one connection, in microseconds. */
export function ruleMicros(mode: KubeProxyOptions["mode"], rulesTested: number): number {
  return rulesTested * RULE_MICROS[mode] + (mode === "ipvs" ? IPVS_LOOKUP_MICROS : 0);
}

/** Estimated time of a sync, in seconds. */
export function syncSeconds(mode: KubeProxyOptions["mode"], work: number): number {
  return work * SYNC_SECONDS[mode];
}
