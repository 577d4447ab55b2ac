import { assert } from "../sim/assert.ts";
import type { Device } from "../kernel/device.ts";
import { errnoName } from "../kernel/errno.ts";
import type { Machine } from "../kernel/machine.ts";
import { parseIptables } from "../kernel/netfilter/iptables.ts";
import { parseNft } from "../kernel/netfilter/nftables.ts";
import type { Netns } from "../kernel/netns.ts";
import type { SysctlValues } from "../kernel/sysctl.ts";
import { readAddress, readPrefix } from "./case_address.ts";
import { CaseServer } from "./case_servers.ts";
import type { CaseLink, CaseListener, CaseNamespace, CaseRoute, CaseSetup } from "./setup_schema.ts";
import { addVirtualServices } from "./virtual_services.ts";

/** The namespaces of a setup and the servers that run in them. */
export interface CaseNetwork {
  readonly namespaces: ReadonlyMap<string, Netns>;
  readonly servers: CaseServer[];
}

/**
 * Builds the setup of a case on a machine, in the order in which the recordings were made: links, addresses, routes,
 * sysctls, rules, virtual services, servers. br_netfilter is loaded everywhere.
 *
 * @returns the network, or what the setup needs and the model lacks.
 */
export function buildNetwork(machine: Machine, setup: CaseSetup): CaseNetwork | string {
  const problem = writeSysctls(machine.globals, setup.global_sysctls);
  if (problem !== undefined) return problem;
  const specs = new Map(Object.entries(setup.namespaces));
  const namespaces = new Map([...specs.keys()].map((name) => [name, machine.createNetns(name)]));
  const links = new Links(machine, namespaces);
  for (const [name, spec] of specs) for (const link of spec.links) links.add(name, link, specs);
  for (const [name, spec] of specs) for (const link of spec.links) links.configure(name, link);
  const servers: CaseServer[] = [];
  for (const [name, spec] of specs) {
    const netns = namespaces.get(name)!;
    const lacking = configureNamespace(machine, netns, spec) ?? startServers(machine, netns, spec.listeners, servers);
    if (lacking !== undefined) return lacking;
  }
  return { namespaces, servers };
}

/** Writes sysctls. @returns why the kernel refuses one, or `undefined`. */
export function writeSysctls(
  values: SysctlValues,
  settings: Readonly<Record<string, string | number>>,
): string | undefined {
  for (const [name, value] of Object.entries(settings)) {
    const problem = values.set(name, String(value));
    if (problem !== undefined) return `sysctl ${name}=${value}: ${problem.message}`;
  }
  return undefined;
}

/** The links of all namespaces: a veth is made with the end that comes first. */
class Links {
  readonly #machine: Machine;
  readonly #namespaces: ReadonlyMap<string, Netns>;

  constructor(machine: Machine, namespaces: ReadonlyMap<string, Netns>) {
    this.#machine = machine;
    this.#namespaces = namespaces;
  }

  add(name: string, link: CaseLink, specs: ReadonlyMap<string, CaseNamespace>): void {
    const netns = this.#netns(name);
    if (netns.device(link.name) !== undefined) return;
    if (link.kind !== "veth") {
      netns.addDevice(link.name, link.kind);
      return;
    }
    const [peerNetns, peerName] = link.peer ?? ["", ""];
    assert(specs.get(peerNetns)?.links.some((other) => other.name === peerName) === true, "a veth has its other end");
    this.#machine.createVeth({ netns, name: link.name }, { netns: this.#netns(peerNetns), name: peerName });
  }

  configure(name: string, link: CaseLink): void {
    const netns = this.#netns(name);
    const device = deviceNamed(netns, link.name);
    for (const port of link.ports ?? []) this.#machine.attachPort(device, deviceNamed(netns, port));
    for (const prefix of link.addresses) {
      const { address, length } = readPrefix(prefix);
      netns.addAddress(device, address, length);
    }
  }

  #netns(name: string): Netns {
    const netns = this.#namespaces.get(name);
    assert(netns !== undefined, `the checked case has the namespace ${name}`);
    return netns;
  }
}

function configureNamespace(machine: Machine, netns: Netns, spec: CaseNamespace): string | undefined {
  netns.loadBrNetfilter();
  for (const route of spec.routes) {
    const refused = addRoute(netns, route);
    if (refused !== undefined) return refused;
  }
  const problem = writeSysctls(netns.sysctls, spec.sysctls);
  if (problem !== undefined) return problem;
  if (spec.iptables.length > 0) {
    const reading = parseIptables(spec.iptables);
    if (!reading.ok) return `iptables: ${reading.problems.map(({ message }) => message).join("; ")}`;
    machine.loadRules(netns, reading.ruleset);
  }
  if (spec.nft !== undefined) {
    const reading = parseNft(typeof spec.nft === "string" ? spec.nft : spec.nft.join("\n"));
    if (!reading.ok)
      return `nft: ${reading.problems.map(({ line, message }) => `line ${line}: ${message}`).join("; ")}`;
    machine.loadNft(netns, reading.ruleset);
  }
  for (const entry of spec.ipvs) {
    const lacking = addVirtualServices(machine.requireIpvs(netns), entry);
    if (lacking !== undefined) return lacking;
  }
  return undefined;
}

/**
 * Adds a route. @returns why the kernel does not, or `undefined`.
 *
 * Source: net/ipv4/fib_semantics.c fib_check_nh_v4_gw, v6.1.
 * Not modelled: scopes, which would refuse a gateway that lies behind another one.
 */
function addRoute(netns: Netns, route: CaseRoute): string | undefined {
  const { address, length } = readPrefix(route.dst);
  const via = route.via === undefined ? undefined : readAddress(route.via);
  const gateway = route.dev !== undefined || via === undefined ? undefined : netns.routes.lookup(via);
  if (gateway !== undefined && gateway.kind !== "unicast" && gateway.kind !== "local")
    return `route to ${route.dst} of ${netns.name}: no interface leads to its gateway ${route.via}`;
  const device = route.dev === undefined ? gateway?.device : deviceNamed(netns, route.dev);
  netns.addRoute({
    destination: address,
    prefixLength: length,
    kind: route.type ?? "unicast",
    ...(device === undefined ? {} : { device }),
    ...(via === undefined ? {} : { via }),
  });
  return undefined;
}

function startServers(
  machine: Machine,
  netns: Netns,
  listeners: readonly CaseListener[],
  servers: CaseServer[],
): string | undefined {
  for (const listener of listeners) {
    const server = CaseServer.start(machine.tcp, netns, listener);
    if (typeof server === "number")
      return `no server on ${listener.address}:${listener.port} of ${netns.name}: ${errnoName(-server)}`;
    servers.push(server);
  }
  return undefined;
}

function deviceNamed(netns: Netns, name: string): Device {
  const device = netns.device(name);
  assert(device !== undefined, `the checked case has the interface ${netns.name}/${name}`);
  return device;
}
