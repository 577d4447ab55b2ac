import type { IpvsServiceRow } from "../../kernel/show/ipvs_rows.ts";
import { parseIpv4 } from "../../units.ts";
import type { ServiceFact, SliceFact, UnservedFeature } from "./cluster_facts.ts";
import { howToCollect } from "./collector.ts";
import type { PlanContext } from "./import_options.ts";
import type { ServicePlan, ServicePortPlan } from "./import_plan.ts";
import { groupBy } from "./plain_data.ts";

/** The services of a scenario, with where they come from. */
export interface ServicesPlan {
  readonly services: readonly ServicePlan[];
  readonly comment: string;
}

/**
 * The cluster's services with the addresses that are ready behind them; where kubectl was not asked, what IPVS has
 * instead: a virtual service on an address of the node is a NodePort.
 *
 * @param local addresses of the node.
 */
export function planServices(context: PlanContext, local: ReadonlySet<string>): ServicesPlan {
  const { cluster, ipvs } = context.exports;
  if (cluster.services.length > 0) return withUnknownPorts(fromObjects(context, cluster.services), ipvs ?? [], local);
  if (ipvs !== undefined && ipvs.length > 0) return fromIpvs(ipvs, local);
  context.assumed.push(`the cluster has no services (${howToCollect("kubectl")})`);
  return { services: [], comment: "Assumed: none; neither kubectl nor ipvsadm is among the exports." };
}

function fromObjects({ exports, assumed }: PlanContext, facts: readonly ServiceFact[]): ServicesPlan {
  const slices = groupBy(exports.cluster.slices, ({ service }) => service);
  const behind = new Map((exports.ipvs ?? []).map((row) => [targetKey(row), row]));
  const services: ServicePlan[] = [];
  const seen = new Set<string>();
  const claimed = new Set<string>();
  const left = { external: 0, ipv6: 0 };
  const unserved = new Map<UnservedFeature, number>();
  for (const fact of facts) {
    const key = `${fact.namespace}/${fact.name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (fact.type === "ExternalName") left.external += 1;
    else if (fact.clusterAddress === undefined && !fact.isHeadless) left.ipv6 += 1;
    else if (fact.ports.length > 0 && !fact.isHeadless) {
      services.push(planService(fact, { slices: slices.get(key) ?? [], behind, claimed }));
      for (const feature of fact.unserved) unserved.set(feature, (unserved.get(feature) ?? 0) + 1);
    }
  }
  const isWithoutSlices = exports.cluster.slices.length === 0;
  if (isWithoutSlices && behind.size === 0) assumed.push(`services have no endpoints (${howToCollect("kubectl")})`);
  const lines = [
    `From kubectl get svc${isWithoutSlices ? "" : " and endpointslices"}: ${services.length} of ${facts.length}, headless ones left out.`,
    ...(left.external + left.ipv6 === 0
      ? []
      : [`Left out: ${left.external} ExternalName, ${left.ipv6} without an IPv4 address.`]),
    ...(unserved.size === 0
      ? []
      : [`Taken without: ${[...unserved].map(([feature, count]) => `${feature} (${count})`).join(", ")}.`]),
    ...(isWithoutSlices ? [behind.size === 0 ? "Assumed: no endpoints." : "Endpoints are those of ipvsadm."] : []),
  ];
  return { services, comment: lines.join("\n") };
}

/** NodePorts that IPVS serves and no service has, be it that kube-proxy left them or that the list was cut. */
function withUnknownPorts(
  { services, comment }: ServicesPlan,
  rows: readonly IpvsServiceRow[],
  local: ReadonlySet<string>,
): ServicesPlan {
  const known = new Set(
    services.flatMap(({ ports }) => ports.map(({ nodePort, protocol }) => `${nodePort}/${protocol}`)),
  );
  const unknown = fromIpvs(rows, local).services.filter(
    ({ type, ports }) => type === "NodePort" && !known.has(`${ports[0]?.nodePort}/${ports[0]?.protocol}`),
  );
  if (unknown.length === 0) return { services, comment };
  return {
    services: [...services, ...unknown],
    comment: `${comment}\nNodePorts that are in ipvsadm alone: ${unknown.length}.`,
  };
}

/** What endpoints are looked up in, and the NodePorts that earlier services have. */
interface ServiceBooks {
  readonly slices: readonly SliceFact[];
  readonly behind: ReadonlyMap<string, IpvsServiceRow>;
  readonly claimed: Set<string>;
}

function planService(fact: ServiceFact, { slices, behind, claimed }: ServiceBooks): ServicePlan {
  const wanted = fact.type === "NodePort" || fact.type === "LoadBalancer" ? fact.type : "ClusterIP";
  const hasNodePorts = wanted !== "ClusterIP" && fact.ports.some(({ nodePort }) => nodePort !== undefined);
  const type = hasNodePorts ? wanted : "ClusterIP";
  // Without allocateLoadBalancerNodePorts some ports may have a NodePort and others none.
  const given = fact.ports.filter(({ nodePort }) => !hasNodePorts || nodePort !== undefined);
  const ports: ServicePortPlan[] = [];
  const taken = new Set<string>();
  for (const { port, nodePort, protocol: text, name, targetPort } of given) {
    const protocol = text === "UDP" || text === "SCTP" ? text : "TCP";
    if (taken.has(`${port}/${protocol}`)) continue;
    taken.add(`${port}/${protocol}`);
    const slicePort = slices.flatMap((slice) => slice.ports).find((one) => one.name === name)?.port;
    const row = behind.get(`${protocol} ${fact.clusterAddress ?? ""}:${port}`);
    const numeric = typeof targetPort === "number" ? targetPort : undefined;
    const target = slicePort ?? numeric ?? row?.servers[0]?.real.port ?? port;
    const isOwn = nodePort !== undefined && type !== "ClusterIP" && !claimed.has(`${nodePort}/${protocol}`);
    if (isOwn) claimed.add(`${nodePort}/${protocol}`);
    ports.push({ port, targetPort: target === 0 ? port : target, protocol, ...(isOwn ? { nodePort } : {}) });
  }
  const fromSlices = slices.flatMap(({ addresses }) => addresses);
  const fromRows = ports.flatMap(({ port, protocol }) =>
    (behind.get(`${protocol} ${fact.clusterAddress ?? ""}:${port}`)?.servers ?? []).map(({ real }) => real.address),
  );
  return {
    namespace: fact.namespace,
    name: fact.name,
    type: ports.every(({ nodePort }) => nodePort !== undefined) ? type : "ClusterIP",
    ...(fact.clusterAddress === undefined ? {} : { clusterAddress: fact.clusterAddress }),
    externalAddresses: fact.externalAddresses,
    ports: ports.every(({ nodePort }) => nodePort !== undefined) ? ports : ports.map(withoutNodePort),
    endpoints: [...new Set(slices.length > 0 ? fromSlices : fromRows)],
    ...commentOf(fact, { wanted, hasNodePorts, left: fact.ports.length - given.length }),
  };
}

function commentOf(
  { type }: ServiceFact,
  { wanted, hasNodePorts, left }: { readonly wanted: string; readonly hasNodePorts: boolean; readonly left: number },
): { readonly comment?: string } {
  if (wanted !== "ClusterIP" && !hasNodePorts)
    return { comment: `A ${type} service without NodePorts: taken as ClusterIP.` };
  return left === 0 ? {} : { comment: `Its ports without a NodePort are left out (${left}).` };
}

function withoutNodePort({ port, targetPort, protocol }: ServicePortPlan): ServicePortPlan {
  return { port, targetPort, protocol };
}

function targetKey({ target }: IpvsServiceRow): string {
  return target.kind === "address" ? `${target.protocol} ${target.virtual.address}:${target.virtual.port}` : "";
}

/** One service for each NodePort, and one for each other virtual service; which belong together IPVS does not tell. */
function fromIpvs(rows: readonly IpvsServiceRow[], local: ReadonlySet<string>): ServicesPlan {
  const isNodePort = (address: string): boolean =>
    local.has(address) || address.startsWith("169.254.") || address.startsWith("127.");
  const nodePorts = new Map<string, ServicePlan>();
  const clusterIps = new Map<string, ServicePlan>();
  for (const { target, servers } of rows) {
    if (target.kind !== "address" || parseIpv4(target.virtual.address) === undefined) continue;
    const { protocol, virtual } = target;
    const endpoints = [...new Set(servers.map(({ real }) => real.address))].filter(
      (one) => parseIpv4(one) !== undefined,
    );
    const targetPort = servers[0]?.real.port ?? virtual.port;
    const external = { namespace: "ipvs", externalAddresses: [], endpoints };
    if (isNodePort(virtual.address) || looksShared(rows, virtual.port, protocol)) {
      const key = `${virtual.port}/${protocol}`;
      if ((nodePorts.get(key)?.endpoints.length ?? -1) >= endpoints.length) continue;
      const ports = [{ port: virtual.port, nodePort: virtual.port, targetPort, protocol }];
      const name = `nodeport-${virtual.port}${protocol === "TCP" ? "" : `-${protocol.toLowerCase()}`}`;
      nodePorts.set(key, { ...external, name, type: "NodePort", ports });
      continue;
    }
    const known = clusterIps.get(virtual.address);
    const ports = [...(known?.ports ?? []), { port: virtual.port, targetPort, protocol }];
    const clusterAddress = virtual.address;
    const name = known?.name ?? `service-${clusterIps.size + 1}`;
    clusterIps.set(clusterAddress, { ...external, name, type: "ClusterIP", clusterAddress, ports });
  }
  const comment =
    "From ipvsadm: a virtual service on an address of the node is a NodePort; names and pairs of NodePort and ClusterIP\n" +
    "are not in IPVS.";
  return { services: [...nodePorts.values(), ...clusterIps.values()], comment };
}

/** A port from 1024 on that several addresses serve is a NodePort, even where the node's addresses are not known. */
function looksShared(rows: readonly IpvsServiceRow[], port: number, protocol: string): boolean {
  let count = 0;
  for (const { target } of rows)
    if (target.kind === "address" && target.virtual.port === port && target.protocol === protocol) count += 1;
  return count > 1 && port >= 10_000;
}
