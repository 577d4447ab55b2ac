import { type Port, SECOND } from "../../units.ts";
import { plural, portsText } from "../wording.ts";
import { aimedCase } from "./aimed_case.ts";
import { caseEra } from "./case_scenario.ts";
import type { NodeCase } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import { holds, type Judgement, type NodeProperty } from "./node_property.ts";
import { holdsNodePorts, portViewOf, possibleEras, possibleNodePorts } from "./port_openness.ts";
import { runCase } from "./run_case.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** NodePorts that are aimed at one by one before a search for a smaller case gives up. */
const AIMS_MOST = 6;

/** No probe fails because its source port is a NodePort. */
export const PROBE_NODEPORT: NodeProperty = {
  name: "probes-keep-off-nodeports",
  title: "No probe fails because its source port is a NodePort.",
  judge: judgeNodePorts,
  test(one) {
    const { probes, failures } = runCase(one);
    const failed = probes.byCause["nodeport-collision"];
    if (failed === 0) return undefined;
    const first = failures.find(({ cause }) => cause === "nodeport-collision");
    const where = first === undefined ? "" : `: its source port ${first.localPort} is a NodePort`;
    return {
      what:
        probes.total === 1
          ? `The only probe fails${where}.`
          : `${failed} of ${plural(probes.total, "probe")} fail, the first after ${(first?.at ?? 0) / SECOND} s${where}.`,
      expect: [
        ["probes.total", "equals", probes.total],
        ["probes.byCause.nodeport-collision", "equals", failed],
      ],
      figures: { probes: probes.total, failed, ...(first === undefined ? {} : { sourcePort: first.localPort }) },
    };
  },
  *aims(one) {
    const reachable = reachableNodePorts(one);
    for (const port of reachable.slice(0, AIMS_MOST)) {
      const aimed = aimedCase(one, [port], 1);
      if (aimed !== undefined) yield aimed;
    }
  },
};

/** Whether connect() can take a NodePort at all, under IPVS; the kernel's two parities and all that is possible count. */
export function judgeNodePorts(config: NodeConfig, bounds: SearchBounds): Judgement {
  if (config.mode !== "ipvs") {
    return holds(
      "structure",
      `kube-proxy in mode ${config.mode} looks for NodePorts in the first packet of a connection only, and the answer to a probe is none.`,
    );
  }
  const nodePorts = possibleNodePorts(config, bounds);
  if (nodePorts.length === 0) return holds("structure", "There is no TCP NodePort.");
  if (holdsNodePorts(config, bounds)) {
    return holds(
      "structure",
      "This kube-proxy listens on every NodePort, and connect() passes over ports that are listened on.",
    );
  }
  const open = new Set<Port>();
  for (const era of possibleEras(config, bounds)) {
    const view = portViewOf(config, era);
    for (const port of nodePorts) if (view.isOpen(port)) open.add(port);
  }
  if (open.size > 0) {
    return { kind: "open", why: `connect() may take ${plural(open.size, "NodePort")}: ${portsText([...open])}.` };
  }
  const what = config.nodePorts === undefined ? `NodePort of ${config.nodePortRange.join("-")}` : "NodePort";
  return holds("structure", `Every ${what} is outside net.ipv4.ip_local_port_range, reserved, or held by a listener.`);
}

/** NodePorts of a case that connect() takes while others are free, the likeliest first. */
export function reachableNodePorts(one: NodeCase): readonly Port[] {
  const view = portViewOf(one.config, caseEra(one));
  return one.nodePorts
    .filter((port) => view.isReachable(port))
    .toSorted((a, b) => view.weight(b) - view.weight(a) || a - b);
}
