import { NameBook, type AddressBook, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { LoadBalancerSetup, Service } from "./model.ts";
import { closestWord } from "./spelling.ts";
import { anyOf } from "./wording.ts";

/** Checks the load balancers: names and addresses once each, and a NodePort of a service that the scenario names. */
export function resolveLoadBalancers(
  { sections, place, problems }: CheckContext,
  services: readonly Service[],
  addresses: AddressBook,
): readonly LoadBalancerSetup[] {
  const names = new NameBook(problems, "load balancer");
  return (sections.loadBalancers ?? []).flatMap((entry, index): LoadBalancerSetup[] => {
    const at = place.at("loadBalancers", index);
    const { name, address, service: serviceName, healthCheck, connections, connectionLifetime } = entry;
    names.isTaken(name, at.at("name").value);
    addresses.claim(address, `load balancer ${quote(name)}`, at.at("address").value);
    const service = services.find((candidate) => candidate.name === serviceName);
    const known = services.map((candidate) => candidate.name);
    if (service === undefined) {
      if (place.isLeftOut("services") || place.at("services").isLeftOut("*")) return [];
      const closest = closestWord(serviceName, known);
      problems.add(at.at("service").value, {
        message: `Cannot check ${quote(serviceName)}: no service has this name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
        expected: known.length === 0 ? "the name of a service" : anyOf(known.slice(0, 10)),
        toMend: closest === undefined ? "name a service with a NodePort" : `write ${closest}`,
      });
      return [];
    }
    const nodePorts = service.ports.flatMap(({ nodePort, protocol }) =>
      nodePort === undefined || protocol !== "TCP" ? [] : [nodePort],
    );
    const nodePort = entry.nodePort ?? nodePorts[0];
    if (nodePort === undefined || !nodePorts.includes(nodePort)) {
      problems.add(at.at(entry.nodePort === undefined ? "service" : "nodePort").value, {
        message: `Cannot check ${quote(serviceName)}${entry.nodePort === undefined ? "" : ` on ${entry.nodePort}`}: it has no such TCP NodePort`,
        expected: nodePorts.length === 0 ? "a service with a TCP NodePort" : anyOf(nodePorts.map(String)),
        toMend: nodePorts[0] === undefined ? "write type: NodePort in the service" : `write ${nodePorts[0]}`,
      });
      return [];
    }
    return [{ name, address, service: serviceName, nodePort, healthCheck, connections, connectionLifetime }];
  });
}
