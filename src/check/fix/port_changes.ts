import { parsePortList } from "../../kernel/sysctl_port_list.ts";
import type { Port } from "../../units.ts";
import { portsOf } from "../build_node.ts";
import {
  hasKnownNodePorts,
  nodePortCandidates,
  PORT_RANGE,
  RESERVED_PORTS,
  type CheckedNode,
} from "../checked_node.ts";
import { PortView } from "../port_view.ts";
import { formatCount } from "../../study/format_count.ts";
import { portList } from "../wording.ts";

/** New values for sysctls of a node. */
export interface PortChange {
  readonly id: "reserve-range" | "reserve-nodeports" | "move-range" | "change-parity";
  /** What it does, in the imperative. */
  readonly title: string;
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Whether it also covers NodePorts that Services get later. */
  readonly coversLater: boolean;
}

/** Whether anything is to be mended about the source ports of a node. */
export function needsPortChange(node: CheckedNode): boolean {
  const isRefused = node.sysctls.writes.some(({ name, outcome }) => name === RESERVED_PORTS && outcome === "refused");
  const opened = new PortView({ ...node.ports.input, held: new Set() });
  const isOpen = nodePortCandidates(node).some((port) => node.ports.isReachable(port) || opened.isReachable(port));
  return (node.proxy.mode === "ipvs" && isOpen) || isRefused || lostPorts(node).length > 0;
}

/** Changes that would keep source ports and NodePorts apart, in no order. */
export function portChanges(node: CheckedNode): readonly PortChange[] {
  const [low, high] = node.proxy.nodePortRange;
  const base = new Set([...portsOf(node.ports.input.reserved), ...meantPorts(node), ...lostPorts(node)]);
  const changes: PortChange[] = [];
  const range = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  changes.push({
    id: "reserve-range",
    title: `Reserve the NodePort range ${low}-${high}`,
    settings: [[RESERVED_PORTS, portList([...base, ...range])]],
    coversLater: true,
  });
  const used = (node.nodePorts ?? []).map(({ port }) => port).filter((port) => node.ports.isInRange(port));
  if (hasKnownNodePorts(node) && used.length > 0) {
    changes.push({
      id: "reserve-nodeports",
      title: `Reserve only the ${used.length === 1 ? "NodePort" : `${formatCount(new Set(used).size)} NodePorts`} in use`,
      settings: [[RESERVED_PORTS, portList([...base, ...used])]],
      coversLater: false,
    });
  }
  return [...changes, ...movedRange(node), ...otherParity(node)];
}

/** The range on the wider side of the NodePort range, with ends of different parity. */
function movedRange(node: CheckedNode): readonly PortChange[] {
  const [low, high] = node.ports.input.range;
  const [first, last] = node.proxy.nodePortRange;
  const above: readonly [Port, Port] = [Math.max(low, last + 1), high];
  const below: readonly [Port, Port] = [low, Math.min(high, first - 1)];
  const [from, to] = above[1] - above[0] >= below[1] - below[0] ? above : below;
  if (to - from < 1 || (from === low && to === high)) return [];
  const isSame = from % 2 === to % 2;
  const end = isSame ? to - 1 : to;
  return [
    {
      id: "move-range",
      title: `Move the ephemeral ports to ${from}-${end}`,
      settings: [[PORT_RANGE, `${from} ${end}`]],
      coversLater: true,
    },
  ];
}

/** The range one port higher, where that takes all NodePorts in use out of the parity that connect() takes first. */
function otherParity(node: CheckedNode): readonly PortChange[] {
  const [low, high] = node.ports.input.range;
  if (!hasKnownNodePorts(node) || node.ports.parity === undefined || high - low < 4) return [];
  const range: readonly [Port, Port] = [low + 1, (low + 1) % 2 === high % 2 ? high - 1 : high];
  const view = new PortView({ ...node.ports.input, range });
  if (nodePortCandidates(node).some((port) => view.isReachable(port))) return [];
  return [
    {
      id: "change-parity",
      title: `Begin at the ${low % 2 === 0 ? "odd" : "even"} port ${low + 1}`,
      settings: [[PORT_RANGE, range.join(" ")]],
      coversLater: false,
    },
  ];
}

/** What was meant by a list that the kernel refuses, without the port that an off-by-one adds. */
function meantPorts({ sysctls, proxy }: CheckedNode): readonly Port[] {
  return sysctls.writes
    .filter(({ name, outcome }) => name === RESERVED_PORTS && outcome === "refused")
    .flatMap(({ problem }) => {
      const meant = /^write (\S+)$/.exec(problem?.mend ?? "")?.[1];
      const parsed = meant === undefined ? undefined : parsePortList(meant);
      const ports = parsed?.ok === true ? portsOf(parsed.flags) : [];
      const after = proxy.nodePortRange[1] + 1;
      return ports.includes(after - 1) && !ports.includes(after + 1) ? ports.filter((port) => port !== after) : ports;
    });
}

/** Ports of earlier lists that the last list replaces. */
function lostPorts({ sysctls }: CheckedNode): readonly Port[] {
  const final = sysctls.values.reservedPorts;
  return sysctls.writes
    .filter(({ name, outcome }) => name === RESERVED_PORTS && outcome === "done")
    .flatMap(({ value }) => {
      const parsed = parsePortList(value);
      return parsed.ok ? portsOf(parsed.flags).filter((port) => final[port] !== 1) : [];
    });
}
