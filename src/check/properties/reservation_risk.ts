import { type Port } from "../../units.ts";
import { RESERVED_PORTS } from "../checked_node.ts";
import { oneIn } from "../wording.ts";
import { aimedCase } from "./aimed_case.ts";
import { caseEra } from "./case_scenario.ts";
import type { NodeCase } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import { holds, type NodeProperty } from "./node_property.ts";
import { holdsNodePorts, portViewOf, possibleEras, possibleNodePorts } from "./port_openness.ts";
import { runCase } from "./run_case.ts";
import type { KernelEra } from "../../kernel/kernel_era.ts";

/** By how much a risk has to rise to count. */
const LEAST_RISE = 1.1;

/** NodePorts that are aimed at one by one. */
const AIMS_MOST = 4;

const SETTING = `sysctls.${RESERVED_PORTS}`;

/** No reserved port makes it likelier that connect() takes a NodePort. */
export const RESERVATION_RISK: NodeProperty = {
  name: "no-reservation-raises-a-risk",
  title: "No reserved port makes it likelier that connect() takes a NodePort.",
  judge(config, bounds) {
    if (!config.sysctls.some(([name, text]) => name === RESERVED_PORTS && text !== "")) {
      return holds("exact", "No port is reserved.");
    }
    if (config.mode !== "ipvs" || holdsNodePorts(config, bounds))
      return holds("exact", "A NodePort as source port does no harm.");
    const nodePorts = possibleNodePorts(config, bounds);
    for (const era of possibleEras(config, bounds)) {
      const rise = riseOf(config, era, nodePorts);
      if (rise !== undefined) return { kind: "open", why: riseText(rise) };
    }
    return holds(
      "exact",
      "By enumeration of all starts of the port walk, no risk is higher than it is without reserved ports.",
    );
  },
  test(one) {
    const rise = riseOf({ ...one.config, nodePorts: one.nodePorts }, caseEra(one), one.nodePorts);
    if (rise === undefined) return undefined;
    const reserved = runCase(one).probes;
    const open = runCase(withoutReservation(one)).probes;
    const failed = reserved.byCause["nodeport-collision"];
    if (failed <= open.byCause["nodeport-collision"]) return undefined;
    return {
      what: riseText(rise),
      variant: { name: "nothing-reserved", settings: { [SETTING]: "" } },
      expect: [
        ["probes.byCause.nodeport-collision", "equals", failed],
        ["nothing-reserved.probes.byCause.nodeport-collision", "equals", open.byCause["nodeport-collision"]],
      ],
      figures: { nodePort: rise.port, share: rise.share, shareWithout: rise.before },
    };
  },
  *aims(one) {
    const view = portViewOf(one.config, caseEra(one));
    const before = portViewOf(withoutReservation(one).config, caseEra(one));
    const likely = one.nodePorts
      .filter((port) => view.weight(port) > before.weight(port))
      .toSorted((a, b) => view.weight(b) - view.weight(a) || a - b);
    for (const port of likely.slice(0, AIMS_MOST)) {
      const aimed = aimedCase(one, [port], 1);
      if (aimed !== undefined) yield aimed;
    }
    // Where the NodePorts are not given, one may lie where the walk piles up.
    const [low, high] = one.config.nodePortRange;
    const { port } = view.likeliest;
    if (one.config.nodePorts !== undefined || port < low || port > high) return;
    const aimed = aimedCase(one, [port], 1);
    if (aimed !== undefined) yield aimed;
  },
};

/** A risk with and without the reserved ports: of all NodePorts together where they are given, else of one of them. */
interface Rise {
  /** The NodePort that gains most. */
  readonly port: Port;
  readonly share: number;
  readonly before: number;
}

function riseOf(config: NodeConfig, era: KernelEra, nodePorts: readonly Port[]): Rise | undefined {
  const after = portViewOf(config, era);
  const before = portViewOf({ ...config, sysctls: unreserved(config) }, era);
  const gain = (port: Port): number => after.weight(port) - before.weight(port);
  const port = nodePorts.reduce<Port | undefined>(
    (best, one) => (best === undefined || gain(one) > gain(best) ? one : best),
    undefined,
  );
  if (port === undefined || gain(port) <= 0) return undefined;
  const counted = config.nodePorts === undefined ? [port] : nodePorts;
  const share = after.share(counted);
  const shareBefore = before.share(counted);
  return share > LEAST_RISE * shareBefore ? { port, share, before: shareBefore } : undefined;
}

function riseText({ port, share, before }: Rise): string {
  const was = before === 0 ? "never" : oneIn(before);
  return `With the reserved ports ${oneIn(share)} starts of the port walk ends at a NodePort, without them ${was}: NodePort ${port} lies behind reserved ports.`;
}

function withoutReservation(one: NodeCase): NodeCase {
  return { ...one, config: { ...one.config, sysctls: unreserved(one.config) } };
}

function unreserved({ sysctls }: NodeConfig): NodeConfig["sysctls"] {
  return sysctls.filter(([name]) => name !== RESERVED_PORTS);
}
