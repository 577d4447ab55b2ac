import type { RunDocument } from "../study/run_document.ts";
import { classifyNodePorts } from "./exposure_text.ts";
import { formatCount, formatFigure, formatPercent, formatProbability, plural } from "./number_text.ts";

/**
 * What a remedy brings and costs: the failure probability that it ends, and the source ports that it takes away.
 *
 * @param remaining how many ports of the range are left that connect() may pick.
 * @param isOfAllBoots whether it covers what other boots than the first have for NodePorts, too.
 */
export function remedyCost(document: RunDocument, remaining: number, isOfAllBoots = false): string {
  const { ports } = document;
  const before = pickablePorts(document);
  const taken = before - remaining;
  const share = formatPercent(taken / before);
  const headroom =
    ports.inUseMax === 0 ? "" : `, ${timesText(remaining / ports.inUseMax)} the most that was in use here`;
  const cost =
    `It takes ${plural(formatCount(taken), "source port")} of ${formatCount(before)} away (${share}): ` +
    `${formatCount(remaining)} remain${headroom}.`;
  const effect = effectText(document, isOfAllBoots);
  return effect === undefined ? cost : `${effect} ${cost}`;
}

/** The ports of the range that connect() may pick now: neither reserved nor held by a socket, as far as the document says. */
export function pickablePorts(document: RunDocument): number {
  const { portRange, reservedBlocks, heldBlocks } = document.exposure;
  const size = portRange[1] - portRange[0] + 1;
  if (reservedBlocks === undefined || heldBlocks === undefined) {
    return size - classifyNodePorts(document).reserved.length;
  }
  return size - blockedPorts(portRange, [...reservedBlocks, ...heldBlocks]).size;
}

/** How many of some ports are reserved or held already: to take them away costs nothing. */
export function blockedAmong(document: RunDocument, [low, high]: readonly [low: number, high: number]): number {
  const { reservedBlocks = [], heldBlocks = [] } = document.exposure;
  return blockedPorts([low, high], [...reservedBlocks, ...heldBlocks]).size;
}

/** The ports from `low` to `high` that lie in one of the blocks. */
function blockedPorts(
  [low, high]: readonly [low: number, high: number],
  blocks: readonly (readonly [first: number, last: number])[],
): Set<number> {
  const ports = new Set<number>();
  for (const [first, last] of blocks) {
    for (let port = Math.max(first, low); port <= Math.min(last, high); port += 1) ports.add(port);
  }
  return ports;
}

/** What becomes of the failure probability, by enumeration: with every NodePort out of reach there is nothing to collide with. */
function effectText({ probes, exposure }: RunDocument, isOfAllBoots: boolean): string | undefined {
  if (exposure.reachable.length === 0 || probes.total === 0) return undefined;
  if (exposure.isOfFirstBoot === true && !isOfAllBoots) {
    return "In the first boot no NodePort is left that connect() can be given; the other boots drew NodePorts of their own.";
  }
  const { exact } = probes;
  const now =
    "probability" in exact
      ? `${formatProbability(exact.probability)} by enumeration`
      : `${formatProbability(probes.byCause["nodeport-collision"] / probes.total)} by estimate`;
  return `A probe's probability of a NodePort collision goes from ${now} to 0: no NodePort is left that connect() can be given.`;
}

/** `23 times`, `1.4 times`. */
function timesText(ratio: number): string {
  return `${formatFigure(Number(ratio.toPrecision(2)))} times`;
}
