import type { Ipvs } from "../ipvs/ipvs.ts";
import { IpvsFlag } from "../ipvs/ipvs_connection_table.ts";
import { isActiveState } from "../ipvs/ipvs_tcp_states.ts";
import type { RealServer } from "../ipvs/virtual_service.ts";
import { Protocol } from "../packet.ts";
import { formatIpv4 } from "../../units.ts";

interface ServerCount {
  active: number;
  inactive: number;
}

const NO_CONNECTIONS: Readonly<ServerCount> = { active: 0, inactive: 0 };

/** Connections of each real server that has any, and of each template. */
interface Census {
  readonly byServer: Map<RealServer, ServerCount>;
  readonly byTemplate: Map<number, number>;
  rows: number;
}

/**
 * What does not hold of a namespace's IPVS, one sentence each: its count is that of its connections, each of which is
 * found by its client, has a timer and is counted by its real server, as active or not. It changes nothing.
 */
export function* brokenIpvs(ipvs: Ipvs): Generator<string> {
  const { connections, netns } = ipvs;
  const where = `of "${netns.name}"`;
  const census: Census = { byServer: new Map(), byTemplate: new Map(), rows: 0 };
  for (let row = 0; row < connections.extent; row += 1) {
    if (connections.protocol[row] !== 0) yield* brokenConnection(ipvs, row, census);
  }
  const { count } = connections;
  if (count !== census.rows) yield `IPVS counts its connections: it counts ${count} ${where}, of ${census.rows}`;
  yield* brokenServers(ipvs, census);
  for (let row = 0; row < connections.extent; row += 1) {
    const own = census.byTemplate.get(row) ?? 0;
    if (connections.protocol[row] === 0 || connections.controlled[row] === own) continue;
    yield `a template counts its connections: row ${row} ${where} counts ${connections.controlled[row]}, of ${own}`;
  }
}

/** What does not hold of the chains of either side: they hold each connection once and nothing else. Every bucket is looked at. */
export function* brokenIpvsChains({ connections, netns }: Ipvs): Generator<string> {
  for (const [side, rows] of [
    ["clients", connections.chained()],
    ["real servers", connections.chainedByServer()],
  ] as const) {
    const seen = new Set<number>();
    for (const row of rows) {
      if (seen.has(row)) {
        yield `an IPVS connection stands in one chain of ${side}, once: row ${row} of "${netns.name}" is met again`;
        return;
      }
      seen.add(row);
      if (connections.protocol[row] === 0) yield `chains hold connections: row ${row} of "${netns.name}" is free`;
    }
    if (seen.size !== connections.count)
      yield `each IPVS connection stands in a chain of ${side}: ${seen.size} of ${connections.count} of "${netns.name}" do`;
  }
}

function* brokenConnection({ connections, netns }: Ipvs, row: number, census: Census): Generator<string> {
  census.rows += 1;
  const what = `row ${row} of "${netns.name}"`;
  const [protocol, ports, flags] = [connections.protocol[row]!, connections.ports[row]!, connections.flags[row]!];
  const [client, virtual] = [connections.client[row]!, connections.virtual[row]!];
  // Of two connections with one key the newer is found; the older one is about to end.
  const found = connections.findIn(protocol, client, ports >>> 16, virtual, ports & 0xffff);
  if (found < 0) yield `an IPVS connection is found by its client: ${what} is not`;
  const { now } = netns.machine.loop;
  const [armedAt, due] = [connections.armedAt[row]!, connections.due[row]!];
  if (armedAt < now || armedAt > due)
    yield `an IPVS connection has a timer: ${what} ends at ${due} us, its event is at ${armedAt} us`;
  const template = connections.control[row]! - 1;
  if (template >= 0) {
    census.byTemplate.set(template, (census.byTemplate.get(template) ?? 0) + 1);
    const isTemplate = connections.protocol[template] !== 0 && (connections.flags[template]! & IpvsFlag.TEMPLATE) !== 0;
    if (!isTemplate) yield `a connection's template is one: that of ${what} is not`;
  }
  const server = connections.server[row];
  if (server === undefined) {
    yield `an IPVS connection has a real server: ${what} has none`;
    return;
  }
  if ((flags & IpvsFlag.TEMPLATE) !== 0) return;
  let counted = census.byServer.get(server);
  if (counted === undefined) census.byServer.set(server, (counted = { active: 0, inactive: 0 }));
  const isActive = (flags & IpvsFlag.INACTIVE) === 0;
  if (isActive) counted.active += 1;
  else counted.inactive += 1;
  if (isActive !== (protocol === Protocol.TCP && isActiveState(netns.machine.era, connections.state[row]!)))
    yield `a connection is active by its state: ${what} in state ${connections.state[row]} is counted as ${isActive ? "active" : "inactive"}`;
}

function* brokenServers(ipvs: Ipvs, { byServer }: Census): Generator<string> {
  for (const service of ipvs.services()) {
    for (const server of service.servers) {
      if (server.service !== service || !server.isAvailable)
        yield `a service's real servers are its own: ${nameOf(server)} is not`;
      if (!byServer.has(server) && !countsRight(server, NO_CONNECTIONS)) yield miscounted(server, NO_CONNECTIONS);
    }
  }
  for (const server of ipvs.deletedServers()) {
    if (server.isAvailable) yield `a deleted real server takes no connections: ${nameOf(server)} is available`;
    if (!byServer.has(server) && !countsRight(server, NO_CONNECTIONS)) yield miscounted(server, NO_CONNECTIONS);
  }
  for (const [server, own] of byServer) if (!countsRight(server, own)) yield miscounted(server, own);
}

function countsRight(server: RealServer, { active, inactive }: ServerCount): boolean {
  return server.active === active && server.inactive === inactive;
}

function miscounted(server: RealServer, { active, inactive }: ServerCount): string {
  return `a real server counts its connections: ${nameOf(server)} counts ${server.active} active and ${server.inactive} inactive, of ${active} and ${inactive}`;
}

function nameOf({ address, port, service }: RealServer): string {
  return `${formatIpv4(address)}:${port} of service ${formatIpv4(service.address)}:${service.port}`;
}
