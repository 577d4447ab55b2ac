import type { ExposureDocument, RunFigures, SettingsDocument } from "../../study/run_document.ts";
import { portsText } from "../exposure_text.ts";
import { formatCount, formatSpan } from "../number_text.ts";
import type { Block } from "./block.ts";

/** What a result tells of the node and of the run, whichever kind of result it is. */
export interface SettledRun extends Pick<RunFigures, "dataPlane" | "conntrack"> {
  readonly settings: SettingsDocument;
  readonly exposure: ExposureDocument;
}

/** A setting and its value. */
export type SettingRow = readonly [name: string, value: string];

/** What was run on which node, as rows: the run first, then the node. */
export function settingRows({ settings, exposure, dataPlane, conntrack }: SettledRun): SettingRow[] {
  const { nodes, warmUpSeconds, precision } = settings;
  const changes = Object.entries(settings.overrides).map(([path, value]) => `${path}=${value}`);
  return [
    ["Kernel", `${settings.kernel}, port walk ${settings.portWalk}`],
    ["Replications", `${formatCount(settings.replications)} of ${formatSpan(settings.durationSeconds)} simulated time`],
    ...optional(nodes === undefined, "Nodes of each", () => formatCount(nodes ?? 1)),
    ...optional(warmUpSeconds === undefined, "Left out before", () => formatSpan(warmUpSeconds ?? 0)),
    ...optional(precision === undefined, "Why it stopped", () => precision?.why ?? ""),
    ["Seed", settings.seed],
    ["Changed from the file", changes.length === 0 ? "nothing" : changes.join(", ")],
    ["net.ipv4.ip_local_port_range", exposure.portRange.join("-")],
    ...optional(exposure.reservedBlocks === undefined, "Reserved ports of the range", () =>
      reservedText(exposure.reservedBlocks ?? []),
    ),
    ["NodePorts", nodePortsText(exposure)],
    ["kube-proxy mode", dataPlane.mode],
    ["net.netfilter.nf_conntrack_max", formatCount(conntrack.max)],
  ];
}

function optional(isAbsent: boolean, name: string, value: () => string): SettingRow[] {
  return isAbsent ? [] : [[name, value()]];
}

/** How many NodePorts there are and which, and what keeps connect() from them. */
function nodePortsText({ nodePorts, reachable, reserved, heldByKubeProxy, isOfFirstBoot }: ExposureDocument): string {
  if (nodePorts.length === 0) return "none";
  const held = heldByKubeProxy ? "; kube-proxy listens on them" : "";
  const kept = reserved.length === 0 ? "" : `, ${formatCount(reserved.length)} reserved`;
  const boot = isOfFirstBoot === true ? " in the first boot, as each draws its own" : "";
  return `${formatCount(nodePorts.length)}${boot}, of which connect() can pick ${formatCount(reachable.length)}${kept}${held}: ${portsText(nodePorts)}`;
}

/** A scenario's text as it was run, folded; nothing if the result came without it. */
export function scenarioBlocks(text: string | undefined, summary: string): Block[] {
  if (text === undefined || text.trim() === "") return [];
  return [
    {
      kind: "fold",
      summary,
      blocks: [{ kind: "code", language: "yaml", lines: text.trimEnd().split("\n") }],
    },
  ];
}

/** Reserved ports as ip_local_reserved_ports takes them. */
function reservedText(blocks: readonly (readonly [first: number, last: number])[]): string {
  if (blocks.length === 0) return "none";
  return blocks.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}
