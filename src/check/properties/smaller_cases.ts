import { isSmaller, type NodeCase } from "./node_case.ts";
import type { NodeProperty } from "./node_property.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** NodePorts that are left out one by one. */
const SINGLES_MOST = 12;

/** A case lasts at least so long: two seconds let one probe begin and fail. */
const SECONDS_LEAST = 2;

/**
 * Cases that are smaller than one, the most promising first: what the property aims at, then less of everything. Each
 * is smaller by `isSmaller`, so shrinking ends.
 */
export function* smallerCases(one: NodeCase, property: NodeProperty, bounds: SearchBounds): Iterable<NodeCase> {
  for (const aimed of property.aims(one, bounds)) if (isSmaller(aimed, one)) yield aimed;
  for (const candidate of lesserCases(one)) if (isSmaller(candidate, one)) yield candidate;
}

function* lesserCases(one: NodeCase): Iterable<NodeCase> {
  const { nodePorts, pods, churn, config, seconds, boot } = one;
  const half = Math.ceil(nodePorts.length / 2);
  yield { ...one, nodePorts: [] };
  if (half < nodePorts.length) {
    yield { ...one, nodePorts: nodePorts.slice(0, half) };
    yield { ...one, nodePorts: nodePorts.slice(half) };
  }
  for (const port of nodePorts.slice(0, SINGLES_MOST)) {
    yield { ...one, nodePorts: nodePorts.filter((other) => other !== port) };
  }
  for (const fewer of [1, Math.floor(pods / 2), pods - 1]) if (fewer >= 1) yield { ...one, pods: fewer };
  for (const [index, flow] of churn.entries()) {
    yield { ...one, churn: churn.toSpliced(index, 1) };
    if (flow.lastsSeconds > 0) yield { ...one, churn: churn.with(index, { ...flow, lastsSeconds: 0 }) };
    for (const ratePerSecond of [
      1,
      Math.floor(flow.ratePerSecond / 2),
      Math.floor((flow.ratePerSecond * 9) / 10),
      flow.ratePerSecond - 1,
    ]) {
      if (ratePerSecond >= 1) yield { ...one, churn: churn.with(index, { ...flow, ratePerSecond }) };
    }
  }
  // The listeners that are given have had their say in the larger case; what fails without them as well needs none.
  for (const fewer of [config.listeners, []]) yield { ...one, listeners: fewer };
  for (const shorter of [Math.floor(seconds / 2), Math.floor((seconds * 9) / 10), seconds - 1]) {
    if (shorter >= SECONDS_LEAST) yield { ...one, seconds: shorter };
  }
  for (const lower of [0, Math.floor(boot / 2)]) yield { ...one, boot: lower };
}
