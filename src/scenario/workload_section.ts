import { formatIpv4 } from "../units.ts";
import { NameBook, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { Churn, NodeLocalDnsSetup, Probe } from "./model.ts";
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
export function resolveNodeLocalDns({ sections, place, problems }: CheckContext): NodeLocalDnsSetup | undefined {
  const section = sections.nodeLocalDns;
  if (section === undefined || section === "off") return undefined;
  const at = place.at("nodeLocalDns");
  const { version, address, healthPort, selfCheck } = section;
  const interfaces = sections.node?.interfaces;
  const isKnown = interfaces?.some(({ addresses }) => addresses.some((own) => own.address === address));
  if (isKnown === false && !place.at("node", "interfaces").isLeftOut("*")) {
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

/** Checks the churn: names once each, and that the pods it comes from exist. */
export function resolveChurn({ sections, place, problems }: CheckContext): readonly Churn[] {
  const names = new NameBook(problems, "workload");
  if (sections.nodeLocalDns !== undefined && sections.nodeLocalDns !== "off") {
    names.isTaken(NODE_LOCAL_DNS, place.at("nodeLocalDns").key);
  }
  const podNames = (sections.pods ?? []).flatMap(replicaNames);
  const entries = place.at("pods");
  const hasAllPods =
    !place.isLeftOut("pods") &&
    !entries.isLeftOut("*") &&
    !(sections.pods ?? []).some((_, index) => entries.at(index).isLeftOut("replicas"));
  return (sections.churn ?? []).map(({ name, from, to, rate, arrivals, closes }, index) => {
    const at = place.at("churn", index);
    names.isTaken(name, at.at("name").value);
    if (from !== "node" && hasAllPods && !podNames.includes(from)) {
      const closest = closestWord(from, ["node", ...podNames]);
      problems.add(at.at("from").value, {
        message: `Cannot connect from ${quote(from)}: no pod has this name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
        expected: podNames.length === 0 ? "node" : listOf(["node", ...podNames.slice(0, 10)]),
        toMend: closest === undefined ? "write node, or the name of a pod" : `write ${closest}`,
      });
    }
    return { name, from, to, ratePerSecond: rate, arrivals, closes };
  });
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
