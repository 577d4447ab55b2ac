import type { CheckContext } from "./check_context.ts";
import type { Scenario } from "./model.ts";
import { nodeEntries, tooManyNodes } from "./node_entries.ts";
import { LIST_MOST } from "./size_limits.ts";
import type { Span } from "./source_text.ts";

/** Checks that there are nodes, and how many: `node:` or `nodes:`, not both. */
export function checkNodes({ sections, place, problems }: CheckContext): void {
  const hasNode = sections.node !== undefined || place.isLeftOut("node");
  const hasNodes = sections.nodes !== undefined || place.isLeftOut("nodes");
  if (!hasNode && !hasNodes) {
    const start: Span = { ...place.value, end: place.value.start + 1 };
    problems.add(start, {
      message: 'Cannot read the scenario without "node"',
      expected: '"node": a map, or "nodes": a list of them',
      toMend: "add a line `node: …` (`sim init` writes an example)",
    });
  }
  if (hasNode && hasNodes) {
    problems.add(place.at("nodes").key, {
      message: 'Cannot use both "node" and "nodes": one says what the other does',
      expected: "node for one node, nodes for several",
      toMend: "move the node into the list, or delete one of the two",
    });
  }
  const total = tooManyNodes(sections);
  if (total === undefined) return;
  problems.add(place.at(sections.nodes === undefined ? "node" : "nodes").key, {
    message: `Cannot simulate ${total} nodes in one run`,
    expected: `at most ${LIST_MOST.nodes} nodes`,
    toMend: "describe fewer; nodes that do not meet are better run as replications",
  });
}

/** Checks what is between the nodes: it needs several of them, and only a tunnel has a port to block. */
export function resolveOverlay(context: CheckContext): Pick<Scenario, "overlay" | "cloud"> {
  const { sections, place, problems } = context;
  const { overlay, cloud } = sections;
  const isAlone = nodeEntries(context).length === 1 && !place.at("nodes").isLeftOut("*");
  for (const key of ["overlay", "cloud"] as const) {
    if (sections[key] === undefined || !isAlone) continue;
    problems.add(place.at(key).key, {
      message: `Cannot use "${key}": it is between nodes, and there is one node`,
      expected: "several nodes",
      toMend: "describe the nodes under `nodes:`, or delete the section",
    });
  }
  if (overlay?.kind === "host-gw" && overlay.blocked !== "off") {
    problems.add(place.at("overlay", "blocked").value, {
      message: "Cannot block the port of host-gw: it has none, packets travel as they are",
      expected: "blocked: off, or kind: vxlan",
      toMend: "delete blocked, or name the ports under cloud.blockedPorts",
    });
  }
  return {
    ...(overlay === undefined ? {} : { overlay: { ...overlay, masquerade: overlay.masquerade === "on" } }),
    ...(cloud === undefined ? {} : { cloud }),
  };
}
