import type { CheckContext } from "./check_context.ts";
import { nodeEntries } from "./node_entries.ts";
import type { Place } from "./place.ts";

/**
 * Reports what needs the one network behind a node by itself: load balancers, network policies, and endpoints that
 * follow the readiness of pods. Several nodes have their pods and endpoints as they are at the start.
 */
export function checkOneNodeOnly(context: CheckContext): void {
  const { sections, place, problems } = context;
  if (nodeEntries(context).length <= 1) return;
  const report = (where: Place, what: string, toMend: string): void => {
    problems.add(where.key, {
      message: `Cannot simulate ${what} with several nodes: not served yet`,
      expected: "one node, with all other pods elsewhere",
      toMend,
    });
  };
  for (const [index, entry] of (sections.services ?? []).entries()) {
    if (!("selector" in entry) || entry.selector === undefined) continue;
    report(place.at("services", index, "selector"), "a selector", "list endpoints in place of it");
  }
  for (const [index, { networkPolicy }] of (sections.pods ?? []).entries()) {
    if (networkPolicy === "none") continue;
    report(place.at("pods", index, "networkPolicy"), "network policies", "delete the key");
  }
  if ((sections.loadBalancers ?? []).length > 0) {
    report(place.at("loadBalancers"), "load balancers", "delete the section");
  }
  for (const [index, { rollout }] of (sections.timeline ?? []).entries()) {
    if (rollout === undefined) continue;
    report(place.at("timeline", index, "rollout"), "rollouts", "delete the entry");
  }
}
