import type { Port } from "../units.ts";
import { NameBook, whereIs, type AddressBook, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import { NodePortBook } from "./node_port_book.ts";
import type { Service, ServiceGenerator, ServicePort } from "./model.ts";
import type { Place } from "./place.ts";
import type { Sections } from "./schema.ts";
import { closestWord } from "./spelling.ts";
import { anyOf } from "./wording.ts";

type Entry = NonNullable<Sections["services"]>[number];
type GeneratorEntry = Extract<Entry, { generate: number }>;
type ServiceEntry = Exclude<Entry, GeneratorEntry>;

/** The services of a scenario, those it names and those each replication makes. */
export interface ResolvedServices {
  readonly services: readonly Service[];
  readonly serviceGenerators: readonly ServiceGenerator[];
}

/** Checks the services: names, cluster addresses and NodePorts once each, every NodePort inside the range. */
export function resolveServices(context: CheckContext, addresses: AddressBook): ResolvedServices {
  const nodePorts = new NodePortBook(context);
  const names = new NameBook(context.problems, "service");
  const services: Service[] = [];
  const generators: { readonly generator: ServiceGenerator; readonly place: Place }[] = [];
  for (const [index, entry] of (context.sections.services ?? []).entries()) {
    const place = context.place.at("services", index);
    if (entry.name !== undefined) names.isTaken(entry.name, place.at("name").value);
    for (const address of entry.endpoints) addresses.mention(address);
    if ("generate" in entry) {
      generators.push({ generator: resolveGenerator(entry, place, context), place });
      continue;
    }
    services.push(resolveService(entry, place, { context, addresses, nodePorts }));
  }
  // Ports that are named come first: what is left decides how many can be drawn.
  for (const { generator, place } of generators) {
    for (const [which, nodePort] of generator.list.entries()) {
      nodePorts.take(nodePort, generator.protocol, generatorName(generator), place.at("list", which).value);
    }
  }
  for (const { generator, place } of generators) nodePorts.reserve(generator, place.at("generate").value);
  return { services, serviceGenerators: generators.map(({ generator }) => generator) };
}

interface ServiceBooks {
  readonly context: CheckContext;
  readonly addresses: AddressBook;
  readonly nodePorts: NodePortBook;
}

function resolveService(entry: ServiceEntry, place: Place, books: ServiceBooks): Service {
  const { context, addresses } = books;
  const { name, type, clusterIP, externalIPs, endpoints } = entry;
  if (clusterIP === null && type !== "ClusterIP") {
    context.problems.add(place.at("clusterIP").value, {
      message: `Cannot make ${quote(name)} headless: its type is ${type}`,
      expected: "an IPv4 address",
      toMend: "write an address, delete the key, or write type: ClusterIP",
    });
  }
  if (clusterIP !== undefined && clusterIP !== null) {
    addresses.claim(clusterIP, `service ${quote(name)}`, place.at("clusterIP").value);
  }
  for (const address of externalIPs) addresses.mention(address);
  const seen = new Map<string, Place>();
  const ports: ServicePort[] = [];
  for (const [index, { port, nodePort, targetPort = port, protocol }] of entry.ports.entries()) {
    const at = place.at("ports", index);
    const first = seen.get(`${port}/${protocol}`);
    seen.set(`${port}/${protocol}`, at);
    if (first !== undefined) {
      context.problems.add(at.at("port").value, {
        message: `Cannot use port ${port}/${protocol} twice in ${quote(name)}: ${whereIs(first.at("port").value)} has it`,
        expected: "each port and protocol once",
        toMend: "change one of the two",
      });
    }
    checkNodePort(entry, { nodePort, protocol }, at, books);
    ports.push({ port, targetPort, protocol, ...(nodePort === undefined ? {} : { nodePort }) });
  }
  checkSelector(entry, place, context);
  const selector = entry.selector === undefined ? {} : { selector: entry.selector };
  const service = { name, type, externalIps: externalIPs, ports, endpoints, ...selector };
  return clusterIP === undefined || clusterIP === null ? service : { ...service, clusterIp: clusterIP };
}

function checkSelector({ name, selector }: ServiceEntry, place: Place, { sections, ...context }: CheckContext): void {
  if (selector === undefined || context.place.isLeftOut("pods") || context.place.at("pods").isLeftOut("*")) return;
  const known = (sections.pods ?? []).map((entry) => entry.name);
  if (known.includes(selector) || context.problems.isFull) return;
  const closest = closestWord(selector, known);
  context.problems.add(place.at("selector").value, {
    message: `Cannot select ${quote(selector)} in ${quote(name)}: no entry of pods has this name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
    expected: known.length === 0 ? "the name of an entry of pods" : anyOf(known.slice(0, 10)),
    toMend: closest === undefined ? "name an entry of pods, or list endpoints" : `write ${closest}`,
  });
}

function checkNodePort(
  entry: ServiceEntry,
  { nodePort, protocol }: { readonly nodePort: Port | undefined; readonly protocol: "TCP" | "UDP" | "SCTP" },
  at: Place,
  { context, nodePorts }: ServiceBooks,
): void {
  const owner = `service ${quote(entry.name)}`;
  if (nodePort !== undefined && entry.type !== "ClusterIP") {
    nodePorts.take(nodePort, protocol, owner, at.at("nodePort").value);
  } else if (nodePort !== undefined) {
    context.problems.add(at.find("nodePort")?.key ?? at.value, {
      message: `Cannot give ${owner} a NodePort: its type is ClusterIP`,
      expected: "nodePort only with type: NodePort or LoadBalancer",
      toMend: "delete nodePort, or write type: NodePort",
    });
  } else if (entry.type !== "ClusterIP" && !at.isLeftOut("nodePort")) {
    context.problems.add(at.at("port").value, {
      message: `Cannot do without a NodePort in ${owner}: its type is ${entry.type}`,
      expected: "nodePort beside port",
      toMend: "add the nodePort, or let a `generate:` entry draw NodePorts",
    });
  }
}

function resolveGenerator(entry: GeneratorEntry, place: Place, { problems }: CheckContext): ServiceGenerator {
  const { generate, name, nodePorts, list, port, targetPort = port, protocol, endpoints } = entry;
  if (
    nodePorts === "listed" &&
    list?.length !== generate &&
    !place.isLeftOut("list") &&
    !place.at("list").isLeftOut("*")
  ) {
    problems.add(place.at("generate").value, {
      message: `Cannot generate ${generate} services with listed NodePorts: list has ${list?.length ?? 0}`,
      expected: "as many entries in list as services",
      toMend: `write generate: ${list?.length ?? 0}, or make list longer or shorter`,
    });
  }
  if (nodePorts !== "listed" && list !== undefined) {
    problems.add(place.at("list").key, {
      message: `Cannot use list with nodePorts: ${nodePorts}`,
      expected: "list only with nodePorts: listed",
      toMend: "delete list, or write nodePorts: listed",
    });
  }
  const isListed = nodePorts === "listed";
  const generator = {
    count: generate,
    nodePorts,
    list: isListed ? (list ?? []) : [],
    port,
    targetPort,
    protocol,
    endpoints,
  };
  return name === undefined ? generator : { ...generator, name };
}

function generatorName({ name }: ServiceGenerator): string {
  return name === undefined ? "a generated service" : `generated service ${quote(name)}`;
}
