import type { Ipvs } from "../ipvs/ipvs.ts";
import { Protocol } from "../packet.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Tcp } from "../tcp/tcp.ts";
import type { Flow, FlowServer, FlowTuple } from "./flow.ts";
import type { GroupTables } from "./group_tables.ts";
import { ScheduledFlows } from "./scheduled_flows.ts";

/** The tuple of a socket that is about to begin; `undefined` if its port was bound beforehand. */
export function tupleOf(tcp: Tcp, slot: number): FlowTuple | undefined {
  const { sockets } = tcp;
  if (sockets.has(slot, SocketFlag.BOUND)) return undefined;
  const [saddr, daddr, dport] = [sockets.local(slot), sockets.remote(slot), sockets.remotePort(slot)];
  const reply = { replySrc: daddr, replyDst: saddr, replySport: dport };
  const service = { real: undefined, ipvs: undefined, dnat: undefined, masquerading: undefined };
  return { client: tcp.netnsOf(slot), tcp, saddr, daddr, dport, ...reply, ...service };
}

/** The socket that a tuple's connections come to, as long as nothing changes; `undefined` if they are to be left to their packets. */
export function serverOf(
  tables: GroupTables,
  { client, replySrc: address, replySport: port }: FlowTuple,
): FlowServer | undefined {
  const isBarred = (ipvs: Ipvs): boolean =>
    ipvs.settings.natIcmpSend || ipvs.findService(Protocol.TCP, address, port) !== undefined;
  if (tables.hasVxlan || tables.ipvs.some(isBarred)) return undefined;
  const netns = client.hasAddress(address) ? client : tables.ownerOf(address);
  if (netns === undefined) return undefined;
  const server = netns.machine.tcp;
  const listener = server.listeners.find(server.sockets, netns.id, address, port);
  if (listener < 0 || server.sockets.has(listener, SocketFlag.REUSE_PORT)) return undefined;
  const owner = server.sockets.owner(listener);
  return owner?.conductOf === undefined ? undefined : { netns, tcp: server, listener, owner };
}

/** How a server will treat the next connection of a flow. */
export function conductOf({ owner }: FlowServer, { requestBytes }: Flow): number {
  const conduct = owner.conductOf!(requestBytes);
  return conduct >= 0 ? conduct : owner.nextConductOf!(requestBytes);
}

/** Those of a flow whose connections go through a service of IPVS: one of the client's machine, or of the node that has the address. */
export function scheduledFlowsOf(tables: GroupTables, flow: Flow): ScheduledFlows | undefined {
  const { client, daddr, dport } = flow.tuple!;
  const serving = tables.ipvs.filter((ipvs) => ipvs.findService(Protocol.TCP, daddr, dport) !== undefined);
  const own = serving.filter(({ netns }) => netns.machine === client.machine);
  const [ipvs] = own.length > 0 ? own : serving.filter(({ netns }) => netns === tables.ownerOf(daddr));
  const service = ipvs?.findService(Protocol.TCP, daddr, dport);
  return ipvs && service && new ScheduledFlows(flow, ipvs, service);
}
