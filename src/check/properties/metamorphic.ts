import type { Port } from "../../units.ts";
import { PORT_RANGE } from "../checked_node.ts";
import type { PortView } from "../port_view.ts";
import { oneIn } from "../wording.ts";
import { aimedCase } from "./aimed_case.ts";
import { caseEra, EXTRA_LISTENER } from "./case_scenario.ts";
import type { CaseViolation, NodeCase } from "./node_case.ts";
import { sysctlValues, type NodeConfig } from "./node_config.ts";
import { holds, type NodeProperty } from "./node_property.ts";
import { portViewOf, possibleEras, possibleNodePorts } from "./port_openness.ts";
import { judgeNodePorts, reachableNodePorts } from "./probe_nodeport.ts";
import { runCase } from "./run_case.ts";

/** By how much a risk has to rise to count. */
const LEAST_RISE = 1.1;

/** NodePorts that are aimed at one by one. */
const AIMS_MOST = 4;

/** A case beside the same node with one thing changed. */
interface Comparison {
  readonly other: NodeCase;
  /** How the scenario says it. */
  readonly variant: NonNullable<CaseViolation["variant"]>;
  /** What differs, to complete "With …". */
  readonly words: readonly [here: string, there: string];
}

/** One more listener on the node makes it no likelier that connect() takes a NodePort. */
export const LISTENER_RISK: NodeProperty = {
  name: "no-listener-raises-a-risk",
  title: "One more listener on the node makes it no likelier that connect() takes a NodePort.",
  judge(config, bounds) {
    const judged = judgeNodePorts(config, bounds);
    if (judged.kind === "holds") return judged;
    const most = bounds.listeners[1];
    if (most === 0) return holds("structure", "Nothing else listens.");
    const weights = possibleEras(config, bounds).map((era) => weightOf(portViewOf(config, era), config.nodePorts));
    // A listener before a NodePort gives it the starts that ended at the listener's port.
    return weights.every((weight) => weight === 0 || (weight + most) / weight <= LEAST_RISE)
      ? holds("exact", `So many starts of the port walk end at NodePorts that ${most} more are less than a tenth.`)
      : { kind: "open", why: "A listener right before a NodePort doubles its share of the port walk." };
  },
  test: (one) => compared(one, withoutExtraListeners(one)),
  *aims(one) {
    const step = caseEra(one).portWalk === "3.10" ? 1 : 2;
    for (const port of reachableNodePorts(one).slice(0, AIMS_MOST)) {
      const aimed = aimedCase(one, [port - step], 1);
      const listeners = [...one.config.listeners, port - step].toSorted((a, b) => a - b);
      if (aimed !== undefined) yield { ...aimed, nodePorts: [port], listeners };
    }
  },
};

/** The other parity of the port range's low bound makes no probe safer. */
export const PARITY_RISK: NodeProperty = {
  name: "other-parity-is-no-safer",
  title: "A low bound of the other parity makes it no less likely that connect() takes a NodePort.",
  judge(config, bounds) {
    const judged = judgeNodePorts(config, bounds);
    if (judged.kind === "holds") return judged;
    const nodePorts = possibleNodePorts(config, bounds);
    for (const era of possibleEras(config, bounds)) {
      const here = portViewOf(config, era).share(nodePorts);
      const there = portViewOf(otherParity(config, sysctlValues(config, era).localPortRange), era).share(nodePorts);
      if (here > LEAST_RISE * there) return { kind: "open", why: shareText(["this", "the other"], here, there) };
    }
    return holds("exact", "By enumeration of all starts of the port walk, the other parity is no safer.");
  },
  test(one) {
    const range = sysctlValues(one.config, caseEra(one)).localPortRange;
    const [low, high] = range;
    if (low + 1 >= high) return undefined;
    const settings = { [`sysctls.${PORT_RANGE}`]: `${low + 1} ${high}` };
    return compared(one, {
      other: { ...one, config: otherParity(one.config, range) },
      variant: { name: "other-parity", settings },
      words: [`the low bound ${low}`, `${low + 1}`],
    });
  },
  *aims(one) {
    for (const port of reachableNodePorts(one).slice(0, AIMS_MOST)) {
      const aimed = aimedCase(one, [port], 1);
      if (aimed !== undefined) yield aimed;
    }
  },
};

/** How a case is worse than another node: by enumeration, and in a simulation of both. */
function compared(one: NodeCase, comparison: Comparison | undefined): CaseViolation | undefined {
  if (comparison === undefined) return undefined;
  const { other, variant, words } = comparison;
  const here = shareOf(one);
  const there = shareOf(other);
  if (here <= LEAST_RISE * there) return undefined;
  const failed = runCase(one).probes.byCause["nodeport-collision"];
  const failedThere = runCase(other).probes.byCause["nodeport-collision"];
  if (failed <= failedThere) return undefined;
  return {
    what: shareText(words, here, there),
    variant,
    expect: [
      ["probes.byCause.nodeport-collision", "equals", failed],
      [`${variant.name}.probes.byCause.nodeport-collision`, "equals", failedThere],
    ],
    figures: { share: here, shareOther: there },
  };
}

function withoutExtraListeners(one: NodeCase): Comparison | undefined {
  const extra = one.listeners.filter((port) => !one.config.listeners.includes(port));
  if (extra.length === 0) return undefined;
  return {
    other: { ...one, listeners: one.config.listeners },
    variant: { name: "nobody-else-listens", settings: { [`pods.${EXTRA_LISTENER}.replicas`]: "0" } },
    words: [`a listener on ${extra.join(" and ")}`, "none"],
  };
}

function otherParity(config: NodeConfig, [low, high]: readonly [low: Port, high: Port]): NodeConfig {
  const others = config.sysctls.filter(([name]) => name !== PORT_RANGE);
  return { ...config, sysctls: [...others, [PORT_RANGE, `${Math.min(low + 1, high)} ${high}`]] };
}

function shareOf(one: NodeCase): number {
  return portViewOf({ ...one.config, listeners: one.listeners }, caseEra(one)).share(one.nodePorts);
}

function weightOf(view: PortView, nodePorts: readonly Port[] | undefined): number {
  // Where the NodePorts are not given there may be one alone.
  return nodePorts === undefined ? 1 : nodePorts.reduce((sum, port) => sum + view.weight(port), 0);
}

function shareText([here, there]: readonly [here: string, there: string], share: number, other: number): string {
  const was = other === 0 ? "none does" : `${oneIn(other)} does`;
  return `With ${here} ${oneIn(share)} starts of the port walk ends at a NodePort, with ${there} ${was}.`;
}
