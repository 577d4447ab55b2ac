import type { Micros, Port } from "../../units.ts";
import { SECOND } from "../../units.ts";
import type { Machine } from "../machine.ts";
import type { Netns } from "../netns.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import { TcpState } from "../tcp/tcp_states.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { RowSet } from "./row_set.ts";

/** The timer wheel may put a timer off by so much: an eighth of the longest one, 120 s, and a tick. */
const LATENESS_MOST: Micros = 16 * SECOND;

/** States in which a socket waits for a timer that ends it if nothing else does. */
const WAITING_STATES: readonly number[] = [
  TcpState.SYN_SENT,
  TcpState.SYN_RECV,
  TcpState.FIN_WAIT1,
  TcpState.FIN_WAIT2,
  TcpState.CLOSING,
  TcpState.LAST_ACK,
];

/** Owners of one port. */
interface PortOwners {
  readonly netns: Netns;
  readonly port: Port;
  owners: number;
  explicit: number;
  /** Explicit owners with SO_REUSEADDR that do not listen. */
  sharers: number;
}

/** What the rows of the socket table say, for comparison with what other tables say of them. */
interface Census {
  readonly byPort: Map<number, PortOwners>;
  readonly timeWaits: Map<number, number>;
  readonly listeners: Set<number>;
  hashed: number;
}

/**
 * What does not hold of a machine's TCP sockets, one sentence each: every row is free or a socket, is found by its tuple
 * if it is hashed, has its share in its port's bucket, and is counted where its state is counted. It changes nothing.
 */
export function* brokenSockets(machine: Machine): Generator<string> {
  const { tcp } = machine;
  const census: Census = { byPort: new Map(), timeWaits: new Map(), listeners: new Set(), hashed: 0 };
  const free = new RowSet(tcp.sockets.extent);
  for (const slot of tcp.sockets.freeRows()) {
    if (free.add(slot)) continue;
    yield `a socket is given back once: row ${slot} is free twice`;
    return;
  }
  for (let slot = 0; slot < tcp.sockets.extent; slot += 1) {
    if (free.has(slot)) yield* brokenFreeRow(tcp, slot);
    else yield* brokenSocket(tcp, slot, census);
  }
  const { count } = tcp.sockets.index;
  if (count !== census.hashed) yield `the index holds the hashed sockets: it has ${count}, of ${census.hashed} sockets`;
  yield* brokenPorts(machine, census);
  yield* brokenTimeWaits(machine, census);
  yield* brokenListeners(tcp, census);
}

function* brokenFreeRow({ sockets }: Tcp, slot: number): Generator<string> {
  if (sockets.state(slot) !== TcpState.CLOSE)
    yield `a free row is closed: row ${slot} is in state ${sockets.state(slot)}`;
  if (sockets.has(slot, SocketFlag.HASHED)) yield `a free row has left the index: row ${slot} is hashed`;
  if (sockets.has(slot, SocketFlag.HAS_PORT)) yield `a free row owns no port: row ${slot} does`;
}

function* brokenSocket(tcp: Tcp, slot: number, census: Census): Generator<string> {
  const { sockets } = tcp;
  const state = sockets.state(slot);
  const isHashed = sockets.has(slot, SocketFlag.HASHED);
  if (isHashed) {
    census.hashed += 1;
    const found = sockets.index.find(
      sockets.local(slot),
      sockets.remote(slot),
      sockets.ports(slot),
      sockets.scope(slot),
    );
    if (found !== slot) yield `a hashed socket is found by its tuple: row ${slot} is not, row ${found} is`;
  }
  const isConnection = state !== TcpState.CLOSE && state !== TcpState.LISTEN;
  if (isConnection !== isHashed)
    yield `connections are hashed, and nothing else: row ${slot} in state ${state} breaks that`;
  const hasPort = sockets.has(slot, SocketFlag.HAS_PORT);
  if (hasPort) countOwner(tcp, slot, census.byPort);
  else if (state !== TcpState.CLOSE && state !== TcpState.SYN_RECV)
    yield `a socket in use owns its port: row ${slot} in state ${state} does not`;
  if (sockets.has(slot, SocketFlag.ORPHAN) && sockets.owner(slot) !== undefined)
    yield `a closed socket has no owner any more: row ${slot} has one`;
  if (state === TcpState.LISTEN) census.listeners.add(slot);
  if (state === TcpState.TIME_WAIT) {
    const netns = sockets.scope(slot);
    census.timeWaits.set(netns, (census.timeWaits.get(netns) ?? 0) + 1);
  }
  if (state === TcpState.SYN_RECV && sockets.state(sockets.listener(slot)) !== TcpState.LISTEN)
    yield `a request has a socket that listens: row ${slot} has none`;
  const isOverdue = sockets.due(slot) + LATENESS_MOST < tcp.machine.loop.now;
  if (
    WAITING_STATES.includes(state) &&
    isOverdue &&
    (state !== TcpState.FIN_WAIT2 || sockets.has(slot, SocketFlag.ORPHAN))
  )
    yield `a socket that waits has a timer: row ${slot} in state ${state} was due at ${sockets.due(slot)} us`;
}

function countOwner(tcp: Tcp, slot: number, byPort: Map<number, PortOwners>): void {
  const { sockets } = tcp;
  const port = sockets.localPort(slot);
  const key = sockets.scope(slot) * 65536 + port;
  let counted = byPort.get(key);
  if (counted === undefined) {
    counted = { netns: tcp.netnsOf(slot), port, owners: 0, explicit: 0, sharers: 0 };
    byPort.set(key, counted);
  }
  counted.owners += 1;
  if (!sockets.has(slot, SocketFlag.BOUND)) return;
  counted.explicit += 1;
  const shares = sockets.has(slot, SocketFlag.REUSE_ADDRESS) && sockets.state(slot) !== TcpState.LISTEN;
  if (shares) counted.sharers += 1;
}

function* brokenPorts(machine: Machine, { byPort }: Census): Generator<string> {
  const forgets = machine.era.bindBucketForgetsExplicitOwners;
  const inUse = new Map<Netns, number>();
  for (const { netns, port, owners, explicit, sharers } of byPort.values()) {
    inUse.set(netns, (inUse.get(netns) ?? 0) + 1);
    const where = `port ${port} of "${netns.name}"`;
    const [counted, countedExplicit] = [netns.ports.owners(port), netns.ports.explicitOwners(port)];
    if (counted !== owners)
      yield `a port has as many owners as sockets have it: ${where} has ${counted}, of ${owners} sockets`;
    if (countedExplicit !== explicit)
      yield `a port has as many explicit owners as sockets were bound to it: ${where} has ${countedExplicit}, of ${explicit} sockets`;
    if (netns.ports.isShared(port) !== (owners === sharers))
      yield `a port is shared if all its owners share it: ${where} has ${owners} owners, of which ${sharers} share`;
    const isClosed = netns.ports.isClosedToConnect(port);
    if (explicit > 0 && !isClosed) yield `a port that was bound is closed to connect(): ${where} is open`;
    if (forgets && explicit === 0 && isClosed)
      yield `a port without explicit owners is open to connect(): ${where} is closed`;
  }
  for (const netns of machine.namespaces) {
    const ports = inUse.get(netns) ?? 0;
    if (netns.ports.inUse !== ports)
      yield `ports in use are those that sockets have: "${netns.name}" counts ${netns.ports.inUse}, sockets have ${ports}`;
  }
}

function* brokenTimeWaits({ tcp, namespaces }: Machine, { timeWaits }: Census): Generator<string> {
  const queued = new RowSet(tcp.sockets.extent);
  for (const slot of tcp.timeWaits.slots()) {
    if (!queued.add(slot)) yield `a TIME_WAIT entry is queued once: row ${slot} is twice`;
    const state = tcp.sockets.state(slot);
    if (state !== TcpState.TIME_WAIT)
      yield `the queue of TIME_WAIT entries holds nothing else: row ${slot} is in state ${state}`;
  }
  let total = 0;
  for (const netns of namespaces) {
    const rows = timeWaits.get(netns.id) ?? 0;
    const counted = tcp.timeWaits.countOf(netns);
    total += rows;
    if (counted !== rows) yield `TIME_WAIT entries are counted: "${netns.name}" counts ${counted}, and has ${rows}`;
  }
  if (queued.size !== total) yield `each TIME_WAIT entry has its end: ${queued.size} of ${total} are queued`;
}

function* brokenListeners(tcp: Tcp, { listeners }: Census): Generator<string> {
  const { sockets } = tcp;
  let count = 0;
  for (const slot of tcp.listeners.slots()) {
    count += 1;
    if (!listeners.has(slot))
      yield `the table of listening sockets holds nothing else: row ${slot} is in state ${sockets.state(slot)}`;
  }
  if (count !== listeners.size)
    yield `each listening socket stands in the table of them once: ${listeners.size} listen, ${count} stand there`;
}
