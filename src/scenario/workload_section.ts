import { formatIpv4, type Ipv4 } from "../units.ts";
import { NameBook, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { Churn, NodeLocalDnsSetup, Pod, Probe, Service } from "./model.ts";
import { nodeEntries } from "./node_entries.ts";
import { replicaNames } from "./pod_section.ts";
import { checkHandlerVersion, resolveProbe } from "./probe_section.ts";
import { listOf } from "./wording.ts";
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

/** Checks the churn: names once each, and that whom it connects from and to exists. */
export function resolveChurn(context: CheckContext, targets: ChurnTargets): readonly Churn[] {
  const { sections, place, problems } = context;
  const names = new NameBook(problems, "workload");
  if (sections.nodeLocalDns !== undefined && sections.nodeLocalDns !== "off") {
    names.isTaken(NODE_LOCAL_DNS, place.at("nodeLocalDns").key);
  }
  const podNames = (sections.pods ?? []).flatMap(replicaNames);
  const nodeNames = nodeEntries(context).flatMap(({ name }) => (name === undefined ? [] : [name]));
  const entries = place.at("pods");
  const hasAllPods =
    !place.isLeftOut("pods") &&
    !entries.isLeftOut("*") &&
    !(sections.pods ?? []).some((_, index) => entries.at(index).isLeftOut("replicas"));
  return (sections.churn ?? []).map(({ name, from, to: target, rate, arrivals, closes, timeout }, index) => {
    const at = place.at("churn", index);
    names.isTaken(name, at.at("name").value);
    if (from !== "node" && !nodeNames.includes(from) && hasAllPods && !podNames.includes(from)) {
      const closest = closestWord(from, ["node", ...nodeNames, ...podNames]);
      problems.add(at.at("from").value, {
        message: `Cannot connect from ${quote(from)}: no pod ${nodeNames.length === 0 ? "" : "and no node "}has this name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
        expected: listOf(["node", ...nodeNames.slice(0, 10), ...podNames.slice(0, 10)]),
        toMend: closest === undefined ? "write node, or the name of a pod" : `write ${closest}`,
      });
    }
    const address = "address" in target ? target.address : addressOf(target.name, targets);
    // Where a section before this one had a problem, a name may be missing because of it.
    if (address === undefined && hasAllPods && !place.isLeftOut("services") && problems.count === 0) {
      const served = targets.services.filter(({ clusterIp }) => clusterIp !== undefined);
      const known = [...served.map((service) => service.name), ...podNames];
      const wanted = "name" in target ? target.name : "";
      const closest = closestWord(wanted, known);
      problems.add(at.at("to").value, {
        message: `Cannot connect to ${quote(wanted)}: no pod has this name, and no service with a clusterIP${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
        expected: known.length === 0 ? "an address with a port" : listOf(known.slice(0, 10)),
        toMend: closest === undefined ? "write an address" : `write ${closest}:${target.port}`,
      });
    }
    const to = { address: address ?? 0, port: target.port };
    return { name, from, to, ratePerSecond: rate, arrivals, closes, timeout };
  });
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
