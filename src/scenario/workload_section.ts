import { formatIpv4, type Ipv4, parseIpv4 } from "../units.ts";
import { NameBook, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { Churn, NodeLocalDnsSetup, Pod, Probe, Service } from "./model.ts";
import { nodeEntries } from "./node_entries.ts";
import type { Place } from "./place.ts";
import { isElsewhere, replicaNames } from "./pod_section.ts";
import { checkHandlerVersion, resolveProbe } from "./probe_section.ts";
import type { Sections } from "./schema.ts";
import { anyOf } from "./wording.ts";
import { closestWord } from "./spelling.ts";

/** The workload that results show for node-local-dns. */
export const NODE_LOCAL_DNS = "node-local-dns";

/**
 * Checks node-local-dns: its address is on an interface. Its liveness probe, unless the scenario gives one, is that of
 * its manifest: GET /health every 10 s with a timeout of 5 s, 60 s after the start.
 *
 * Source: cluster/addons/dns/nodelocaldns/nodelocaldns.yaml, v1.20.2.
 */
export function resolveNodeLocalDns(context: CheckContext): NodeLocalDnsSetup | undefined {
  const { sections, place, problems } = context;
  const section = sections.nodeLocalDns;
  if (section === undefined || section === "off") return undefined;
  const at = place.at("nodeLocalDns");
  const { version, address, healthPort, selfCheck } = section;
  const stranger = nodeEntries(context).find(
    ({ section: node }) => !node.interfaces.some(({ addresses }) => addresses.some((own) => own.address === address)),
  );
  if (stranger !== undefined && !stranger.place.at("interfaces").isLeftOut("*")) {
    problems.add(at.at("address").value, {
      message: `Cannot run node-local-dns on ${formatIpv4(address)}: no interface of the node has this address`,
      expected: "an address of node.interfaces",
      toMend: `add { name: nodelocaldns, kind: dummy, addresses: [${formatIpv4(address)}/32] } to node.interfaces`,
    });
  }
  const given = section.livenessProbe;
  const probe =
    given === undefined ? undefined : resolveProbe(given, "livenessProbe", at.at("livenessProbe"), problems);
  if (probe !== undefined) checkHandlerVersion(probe, sections.kubelet?.version, at.at("livenessProbe"), problems);
  const livenessProbe = probe ?? manifestProbe(healthPort);
  return { version, address, healthPort, livenessProbe, selfCheck: selfCheck === "on" };
}

/** Who can be connected to by name. */
export interface ChurnTargets {
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
}

/** The source ports of a host elsewhere: what Linux takes by default. */
const DEFAULT_SOURCE_PORTS = [32_768, 60_999] as const;

/** A workload as the file says it. */
type ChurnSection = NonNullable<Sections["churn"]>[number];

/** Names that are known before the workloads are read. */
interface KnownNames {
  readonly nodes: readonly string[];
  readonly pods: readonly string[];
  readonly podsElsewhere: readonly string[];
  /** Whether no pod is missing because of a problem. */
  readonly hasAllPods: boolean;
}

/** Checks the churn: names once each, that whom it connects from and to exists, and that its keys fit to one another. */
export function resolveChurn(context: CheckContext, targets: ChurnTargets): readonly Churn[] {
  const { sections, place, problems } = context;
  const names = new NameBook(problems, "workload");
  if (sections.nodeLocalDns !== undefined && sections.nodeLocalDns !== "off") {
    names.isTaken(NODE_LOCAL_DNS, place.at("nodeLocalDns").key);
  }
  const known = knownNames(context);
  return (sections.churn ?? []).map((section, index) => {
    const { name, from, rate, arrivals, closes, timeout, lasts } = section;
    const at = place.at("churn", index);
    names.isTaken(name, at.at("name").value);
    const source = resolveSource(section, at, { context, known, targets });
    if (lasts !== undefined && closes === "server") {
      problems.add(at.at("lasts").key, {
        message: `Cannot keep connections of ${quote(name)} open: closes: server leaves the end to the server`,
        expected: "lasts only with closes: client or reset",
        toMend: "delete lasts, or write closes: client",
      });
    }
    const to = resolveTarget(section, at, { context, known, targets });
    const churn = { name, from, to, ratePerSecond: rate, arrivals, closes, timeout };
    return { ...churn, ...(lasts === undefined ? {} : { lasts }), ...(source === undefined ? {} : { source }) };
  });
}

function knownNames(context: CheckContext): KnownNames {
  const { sections, place } = context;
  const entries = place.at("pods");
  return {
    nodes: nodeEntries(context).flatMap(({ name }) => (name === undefined ? [] : [name])),
    pods: (sections.pods ?? []).flatMap(replicaNames),
    podsElsewhere: (sections.pods ?? []).filter((entry) => isElsewhere(entry, context)).flatMap(replicaNames),
    hasAllPods:
      !place.isLeftOut("pods") &&
      !entries.isLeftOut("*") &&
      !(sections.pods ?? []).some((_, index) => entries.at(index).isLeftOut("replicas")),
  };
}

/** What a workload's two ends are checked against. */
interface ChurnSetting {
  readonly context: CheckContext;
  readonly known: KnownNames;
  readonly targets: ChurnTargets;
}

/** The host elsewhere that connects, if it is one; else the node or the pod that does must be there. */
function resolveSource({ from, sourcePorts }: ChurnSection, at: Place, setting: ChurnSetting): Churn["source"] {
  const { known, context } = setting;
  const { problems } = context;
  const isNamed = from === "node" || known.nodes.includes(from) || known.pods.includes(from);
  const address = isNamed ? undefined : parseIpv4(from);
  if (address === undefined && sourcePorts !== undefined) {
    problems.add(at.at("sourcePorts").key, {
      message: `Cannot give ${quote(from)} source ports: its kernel chooses them`,
      expected: "sourcePorts only where from is the address of a host elsewhere",
      toMend: "delete sourcePorts, or set net.ipv4.ip_local_port_range",
    });
  }
  if (address !== undefined) {
    checkIsElsewhere(address, at, setting);
    return { address, ports: sourcePorts ?? DEFAULT_SOURCE_PORTS };
  }
  if (known.podsElsewhere.includes(from)) {
    problems.add(at.at("from").value, {
      message: `Cannot connect from ${quote(from)}: it runs elsewhere, where only servers are`,
      expected: "node, or the name of a pod of the node",
      toMend: "write node, or the address of a host that is no pod",
    });
  }
  if (isNamed || !known.hasAllPods || problems.isFull) return undefined;
  const closest = closestWord(from, ["node", ...known.nodes, ...known.pods]);
  problems.add(at.at("from").value, {
    message: `Cannot connect from ${quote(from)}: no pod ${known.nodes.length === 0 ? "" : "and no node "}has this name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
    expected: anyOf(["node", ...known.nodes.slice(0, 10), ...known.pods.slice(0, 10)]),
    toMend: closest === undefined ? "write node, or the name of a pod" : `write ${closest}`,
  });
  return undefined;
}

/** A host elsewhere has an address that no node and no pod has. */
function checkIsElsewhere(address: Ipv4, at: Place, { context, targets }: ChurnSetting): void {
  const node = nodeEntries(context).find(({ section }) =>
    section.interfaces.some(({ addresses }) => addresses.some((own) => own.address === address)),
  );
  const pod = targets.pods.find((candidate) => candidate.address === address);
  if (node === undefined && pod === undefined) return;
  const nodeName = node?.name ?? "node";
  context.problems.add(at.at("from").value, {
    message: `Cannot connect from ${quote(formatIpv4(address))} as from elsewhere: it is the address of ${pod === undefined ? (node?.name === undefined ? "the node" : quote(nodeName)) : quote(pod.name)}`,
    expected: "node, the name of a node or a pod, or the address of a host elsewhere",
    toMend: `write ${pod === undefined ? nodeName : pod.name}`,
  });
}

/** Where a workload connects to; a pod or a service that it names must be there. */
function resolveTarget({ to: target }: ChurnSection, at: Place, setting: ChurnSetting): Churn["to"] {
  const { context, known, targets } = setting;
  const { place, problems } = context;
  const address = "address" in target ? target.address : addressOf(target.name, targets);
  // Where a section before this one had a problem, a name may be missing because of it.
  if (address === undefined && known.hasAllPods && !place.isLeftOut("services") && problems.count === 0) {
    const served = targets.services.filter(({ clusterIp }) => clusterIp !== undefined);
    const candidates = [...served.map((service) => service.name), ...known.pods];
    const wanted = "name" in target ? target.name : "";
    const closest = closestWord(wanted, candidates);
    problems.add(at.at("to").value, {
      message: `Cannot connect to ${quote(wanted)}: no pod has this name, and no service with a clusterIP${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
      expected: candidates.length === 0 ? "an address with a port" : anyOf(candidates.slice(0, 10)),
      toMend: closest === undefined ? "write an address" : `write ${closest}:${target.port}`,
    });
  }
  return { address: address ?? 0, port: target.port };
}

/** The address of a service or a pod; a service comes first, as its name would in the cluster's DNS. */
function addressOf(name: string, { pods, services }: ChurnTargets): Ipv4 | undefined {
  const service = services.find((candidate) => candidate.name === name && candidate.clusterIp !== undefined);
  return service?.clusterIp ?? pods.find((pod) => pod.name === name)?.address;
}

function manifestProbe(port: number): Probe {
  return {
    handler: { kind: "httpGet", port, path: "/health" },
    initialDelaySeconds: 60,
    periodSeconds: 10,
    timeoutSeconds: 5,
    successThreshold: 1,
    failureThreshold: 3,
  };
}
