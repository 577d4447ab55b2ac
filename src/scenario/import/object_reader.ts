import type {
  ClusterFacts,
  NodeFact,
  ServiceFact,
  ServicePortFact,
  SliceFact,
  UnservedFeature,
} from "./cluster_facts.ts";
import { fieldsOf, isFields, itemsOf, portOf, textOf, type Fields } from "./plain_data.ts";
import { readPod } from "./pod_reader.ts";

/** A text inside an object that is a configuration file itself. */
export interface NestedText {
  readonly name: string;
  readonly text: string;
}

/**
 * Takes what a JSON value holds of a cluster: objects of kubectl, alone or in lists, or what `ip -j addr` prints.
 *
 * @returns how many objects were of use, and the configuration files inside ConfigMaps of kube-proxy.
 */
export function takeObjects(
  value: unknown,
  facts: ClusterFacts,
): { readonly taken: number; readonly nested: readonly NestedText[] } {
  const nested: NestedText[] = [];
  let taken = 0;
  for (const object of objectsOf(value)) {
    const config = object["kind"] === "ConfigMap" ? textOf(fieldsOf(object["data"])["config.conf"]) : undefined;
    if (config !== undefined) nested.push({ name: "config.conf", text: config });
    if (config !== undefined || takeObject(object, facts)) taken += 1;
  }
  return { taken, nested };
}

/** The objects of a value, with lists opened; a typed list gives its items their kind. */
function objectsOf(value: unknown): readonly Fields[] {
  if (Array.isArray(value)) return itemsOf(value).filter(isFields);
  if (!isFields(value)) return [];
  const kind = textOf(value["kind"]) ?? "";
  if (!kind.endsWith("List")) return [value];
  const itemKind = kind.slice(0, -"List".length);
  return itemsOf(value["items"])
    .filter(isFields)
    .map((item) => (itemKind === "" || item["kind"] !== undefined ? item : { ...item, kind: itemKind }));
}

function takeObject(object: Fields, facts: ClusterFacts): boolean {
  if (textOf(object["ifname"]) !== undefined) return takeInterface(object, facts);
  switch (object["kind"]) {
    case "Pod":
      facts.pods.push(readPod(object));
      return true;
    case "Service":
      facts.services.push(readService(object));
      return true;
    case "Node":
      facts.nodes.push(readNode(object));
      return true;
    case "EndpointSlice":
      facts.slices.push(...readSlice(object));
      return true;
    case "Endpoints":
      facts.slices.push(...readEndpoints(object));
      return true;
    default:
      return false;
  }
}

function takeInterface(object: Fields, facts: ClusterFacts): boolean {
  const addresses = itemsOf(object["addr_info"]).flatMap((item) => {
    const { family, local, prefixlen } = fieldsOf(item);
    return family === "inet" && typeof local === "string" ? [`${local}/${String(prefixlen)}`] : [];
  });
  facts.interfaces.push({ name: textOf(object["ifname"]) ?? "", addresses });
  return true;
}

function fullName(object: Fields): { readonly namespace: string; readonly name: string } {
  const { namespace, name } = fieldsOf(object["metadata"]);
  return { namespace: textOf(namespace) ?? "default", name: textOf(name) ?? "unnamed" };
}

function readService(object: Fields): ServiceFact {
  const spec = fieldsOf(object["spec"]);
  const given = [textOf(spec["clusterIP"]), ...itemsOf(spec["clusterIPs"]).map(textOf)];
  const clusterAddress = given.find((address) => address !== undefined && isIpv4Like(address));
  const ingress = itemsOf(fieldsOf(fieldsOf(object["status"])["loadBalancer"])["ingress"]);
  // With ipMode Proxy the load balancer sends to NodePorts, and kube-proxy does not serve its address.
  const served = ingress.map(fieldsOf).filter(({ ipMode }) => ipMode !== "Proxy");
  const external = [...itemsOf(spec["externalIPs"]), ...served.map(({ ip }) => ip)];
  return {
    ...fullName(object),
    type: textOf(spec["type"]) ?? "ClusterIP",
    ...(clusterAddress === undefined ? {} : { clusterAddress }),
    isHeadless: given[0] === "None",
    externalAddresses: [...new Set(external.flatMap((item) => textOf(item) ?? []).filter(isIpv4Like))],
    ports: itemsOf(spec["ports"]).flatMap((item) => readServicePort(fieldsOf(item))),
    unserved: readUnserved(spec),
  };
}

function readUnserved(spec: Fields): UnservedFeature[] {
  return [
    ...(spec["externalTrafficPolicy"] === "Local" ? ["externalTrafficPolicy Local" as const] : []),
    ...(spec["sessionAffinity"] === "ClientIP" ? ["session affinity" as const] : []),
    ...(itemsOf(spec["loadBalancerSourceRanges"]).length > 0 ? ["loadBalancerSourceRanges" as const] : []),
  ];
}

function readServicePort(fields: Fields): ServicePortFact[] {
  const port = portOf(fields["port"]);
  if (port === undefined) return [];
  const name = textOf(fields["name"]);
  const nodePort = portOf(fields["nodePort"]);
  const targetPort = portOf(fields["targetPort"]) ?? textOf(fields["targetPort"]);
  return [
    {
      port,
      protocol: textOf(fields["protocol"]) ?? "TCP",
      ...(name === undefined ? {} : { name }),
      ...(nodePort === undefined ? {} : { nodePort }),
      ...(targetPort === undefined ? {} : { targetPort }),
    },
  ];
}

function readNode(object: Fields): NodeFact {
  const status = fieldsOf(object["status"]);
  const info = fieldsOf(status["nodeInfo"]);
  const addresses = itemsOf(status["addresses"]).flatMap((item) => {
    const { type, address } = fieldsOf(item);
    return type === "InternalIP" && typeof address === "string" && isIpv4Like(address) ? [address] : [];
  });
  const cidrs = [fieldsOf(object["spec"])["podCIDR"], ...itemsOf(fieldsOf(object["spec"])["podCIDRs"])];
  const podCidr = cidrs.map(textOf).find((cidr) => cidr !== undefined && isIpv4Like(cidr.replace(/\/.*$/, "")));
  const kibibytes = /^([0-9]{1,15})Ki$/.exec(textOf(fieldsOf(status["capacity"])["memory"]) ?? "")?.[1];
  const cpus = /^[1-9][0-9]{0,3}$/.exec(textOf(fieldsOf(status["capacity"])["cpu"]) ?? "")?.[0];
  const [kubeletVersion, kernelVersion] = [textOf(info["kubeletVersion"]), textOf(info["kernelVersion"])];
  return {
    name: fullName(object).name,
    addresses,
    ...(podCidr === undefined ? {} : { podCidr }),
    ...(kubeletVersion === undefined ? {} : { kubeletVersion }),
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
    ...(kibibytes === undefined ? {} : { memoryBytes: Number(kibibytes) * 1024 }),
    ...(cpus === undefined ? {} : { cpus: Number(cpus) }),
  };
}

/** An address is ready unless its conditions say that it is not. */
function readSlice(object: Fields): SliceFact[] {
  const { namespace } = fullName(object);
  const name = textOf(fieldsOf(fieldsOf(object["metadata"])["labels"])["kubernetes.io/service-name"]);
  if (name === undefined || object["addressType"] === "IPv6" || object["addressType"] === "FQDN") return [];
  const addresses = itemsOf(object["endpoints"]).flatMap((item) => {
    const endpoint = fieldsOf(item);
    const isReady = fieldsOf(endpoint["conditions"])["ready"] !== false;
    return isReady ? itemsOf(endpoint["addresses"]).flatMap((address) => textOf(address) ?? []) : [];
  });
  const ports = itemsOf(object["ports"]).flatMap((item) => readNamedPort(fieldsOf(item)));
  return [{ service: `${namespace}/${name}`, ports, addresses: addresses.filter(isIpv4Like) }];
}

function readEndpoints(object: Fields): SliceFact[] {
  const { namespace, name } = fullName(object);
  return itemsOf(object["subsets"]).map((item) => {
    const subset = fieldsOf(item);
    const addresses = itemsOf(subset["addresses"]).flatMap((address) => textOf(fieldsOf(address)["ip"]) ?? []);
    const ports = itemsOf(subset["ports"]).flatMap((port) => readNamedPort(fieldsOf(port)));
    return { service: `${namespace}/${name}`, ports, addresses: addresses.filter(isIpv4Like) };
  });
}

function readNamedPort(fields: Fields): { readonly name?: string; readonly port: number }[] {
  const port = portOf(fields["port"]);
  const name = textOf(fields["name"]);
  return port === undefined ? [] : [{ port, ...(name === undefined ? {} : { name }) }];
}

function isIpv4Like(text: string): boolean {
  return /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(text);
}
