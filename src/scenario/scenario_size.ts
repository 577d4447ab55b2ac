import { quote } from "./diagnostic.ts";
import type { CheckContext } from "./check_context.ts";
import { PODS_MOST, REAL_SERVERS_MOST } from "./size_limits.ts";

/**
 * Checks that what short texts such as `replicas: 65534` stand for is not too much for a computer, before anything is
 * made of them.
 *
 * @returns whether it is not.
 */
export function checkSize({ sections, place, problems }: CheckContext): boolean {
  const before = problems.count;
  let pods = 0;
  for (const [index, { name, replicas }] of (sections.pods ?? []).entries()) {
    const others = pods;
    pods += replicas;
    if (others > PODS_MOST || pods <= PODS_MOST) continue;
    const at = place.at("pods", index);
    problems.add((at.find("replicas") ?? at.at("name")).value, {
      message: `Cannot run ${replicas} pods ${quote(name)}: with ${others} others they are too many to be simulated`,
      expected: `at most ${PODS_MOST} pods in all`,
      toMend: "lower replicas, or delete entries: a node of Kubernetes has 110 pods unless told otherwise",
    });
  }
  let servers = 0;
  for (const [index, entry] of (sections.services ?? []).entries()) {
    const others = servers;
    servers += entry.endpoints.length * ("generate" in entry ? entry.generate : entry.ports.length);
    if (others > REAL_SERVERS_MOST || servers <= REAL_SERVERS_MOST) continue;
    problems.add(place.at("services", index, "endpoints").value, {
      message: `Cannot give these endpoints to each port of the service: with the services before it there are ${servers} real servers`,
      expected: `at most ${REAL_SERVERS_MOST} in all`,
      toMend: "lower generate, or list fewer endpoints",
    });
  }
  return problems.count === before;
}
