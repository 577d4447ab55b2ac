import type { Device } from "../kernel/device.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Ipv4, Port } from "../units.ts";
import { CLOSE_REQUEST_BYTES, KEEP_ALIVE_REQUEST_BYTES } from "./churn.ts";
import { dropInvalid } from "./endpoint_hosts.ts";
import type { ChurnOptions, NodeOptions, ServiceOptions } from "./options.ts";
import { Server } from "./server.ts";

const RESPONSE_BYTES = 850;

/** What tells the hosts outside the nodes from the nodes. */
export interface OutsideOptions {
  /** All services, drawn ones included. */
  readonly services: readonly ServiceOptions[];
  /** Whether an address is that of a node itself, not of a pod on it. */
  readonly isOnNode: (address: Ipv4) => boolean;
  /** The gateway, where it is one of these hosts. */
  readonly gateway?: Ipv4;
  /** Puts pods that run elsewhere on a device of the network. */
  readonly buildPods?: (device: Device) => void;
}

/** Where a server listens. */
interface ServerAddress {
  readonly address: Ipv4;
  readonly port: Port;
}

/**
 * Gives `network` the addresses of all hosts that a scenario names and that are on no node: the gateway, load balancers,
 * endpoints of services, agents and the servers of agents; then come the pods that run elsewhere. The addresses of
 * services themselves are on the nodes. Where the scenario has no server for an agent's connections, one listens on these
 * hosts.
 */
export function addOutsideHosts(network: Netns, options: NodeOptions, outside: OutsideOptions): void {
  const { services, isOnNode, gateway } = outside;
  const inside = new Set<Ipv4>(options.pods.map(({ address }) => address));
  for (const { clusterIp, externalIps } of services) {
    if (clusterIp !== undefined) inside.add(clusterIp);
    for (const address of externalIps) inside.add(address);
  }
  for (const { pods, isElsewhere } of options.workloads) {
    if (isElsewhere) for (const { address } of pods) inside.add(address);
  }
  const device = network.addDevice("dummy0", "dummy");
  const own = (address: Ipv4): void => {
    const isInside = isOnNode(address) || inside.has(address);
    if (!isInside && !network.hasAddress(address)) network.addAddress(device, address, 32);
  };
  if (gateway !== undefined) own(gateway);
  for (const { address } of options.loadBalancers) own(address);
  for (const { endpoints } of services) for (const endpoint of endpoints) own(endpoint);
  for (const { to, source } of options.churn) {
    own(to.address);
    if (source !== undefined) own(source.address);
  }
  outside.buildPods?.(device);
  serveChurn(network, options.churn, outside);
  if (options.endpointHostsDropInvalid) network.machine.loadRules(network, dropInvalid());
}

/** One server process for all: what a request asks for decides who closes. */
function serveChurn(network: Netns, churn: readonly ChurnOptions[], outside: OutsideOptions): void {
  const { tcp } = network.machine;
  const server = new Server(network.machine, "network", {
    responseDelay: 0,
    responseBytes: RESPONSE_BYTES,
    waitsForClientShare: 0,
    keepAliveRequestBytes: [KEEP_ALIVE_REQUEST_BYTES],
    closeRequestBytes: CLOSE_REQUEST_BYTES,
  });
  for (const { to } of churn) {
    for (const { address, port } of serversOf(to, outside)) {
      const isServed = tcp.listeners.find(tcp.sockets, network.id, address, port) >= 0;
      if (network.hasAddress(address) && !isServed) server.listen(network, address, port);
    }
  }
}

/** Who answers for an address and port: the endpoints if a service has them, else the address itself. */
function serversOf(to: ServerAddress, { services, isOnNode }: OutsideOptions): readonly ServerAddress[] {
  const isNode = isOnNode(to.address);
  for (const service of services) {
    const port = targetPortOf(service, to, isNode);
    if (port !== undefined) return service.endpoints.map((address) => ({ address, port }));
  }
  return [to];
}

/**
 * The port of the endpoints that a service leads an address and port to, if it does. It is asked for each agent and
 * service, a million times on a large node, so it makes nothing that has to be collected.
 *
 * @param isNode whether the address is the node's, where NodePorts are.
 */
function targetPortOf(
  { clusterIp, externalIps, ports }: ServiceOptions,
  { address, port }: ServerAddress,
  isNode: boolean,
): Port | undefined {
  const isService = address === clusterIp || externalIps.includes(address);
  if (!isService && !isNode) return undefined;
  for (const served of ports) {
    if ((isService && served.port === port) || (isNode && served.nodePort === port)) return served.targetPort;
  }
  return undefined;
}
