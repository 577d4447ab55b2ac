import { describe, expect, it } from "vitest";
import { Cluster } from "../../src/cluster/cluster.ts";
import { checkInvariants, checkResult } from "../../src/cluster/invariants.ts";
import type { Node } from "../../src/cluster/node.ts";
import { noFailures } from "../../src/cluster/workload.ts";
import type { ConntrackTable } from "../../src/kernel/conntrack/conntrack_table.ts";
import { CtStatus } from "../../src/kernel/conntrack/ct_status.ts";
import { IpvsFlag, type IpvsConnectionTable } from "../../src/kernel/ipvs/ipvs_connection_table.ts";
import { SocketFlag } from "../../src/kernel/tcp/socket_table.ts";
import { TcpState } from "../../src/kernel/tcp/tcp_states.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { SECOND } from "../../src/units.ts";
import { runOf, smallNode } from "./small_node.ts";

// Goal: what must always hold of a run is checked, and each fault is told by what does not hold any more.
// Method: a busy node runs for some seconds, then one table is corrupted by hand, as a wrong handler would.

const BUSY = `sysctls:
  net.ipv4.ip_local_port_range: 36680 36759
pods:
  - { name: default/web, listen: [80], replicas: 4, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }
  - { name: default/slow, listen: [80], responseDelay: 3s, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 4 } }
nodeLocalDns: { version: 1.7.0, address: 169.254.20.10 }
churn:
  - { name: agent, to: 10.10.85.10:10050, rate: 3/s }
  - { name: clients, to: 10.96.0.20:80, rate: 2/s }
`;

const SCENARIO = smallNode(BUSY);

/** The busy node between two events, a while after its start. */
function busyCluster(end = 10.5 * SECOND): {
  readonly cluster: Cluster;
  readonly node: Node;
  readonly loop: EventLoop;
} {
  const loop = new EventLoop();
  const cluster = new Cluster(SCENARIO, loop, new RandomStreams(SCENARIO.seed, 0));
  cluster.start();
  loop.runUntil(end);
  return { cluster, node: cluster.nodes[0]!.node, loop };
}

/** The first socket in a state. */
function socketIn({ machine }: Node, state: number): number {
  const { sockets } = machine.tcp;
  for (let slot = 0; slot < sockets.extent; slot += 1) if (sockets.state(slot) === state) return slot;
  throw new Error(`no socket is in state ${state}`);
}

/** The first confirmed entry of connection tracking. */
function entryOf({ netns }: Node): number {
  const { table } = netns.conntrack!;
  for (let slot = 0; slot < table.extent; slot += 1)
    if (table.isUsed(slot) && table.has(slot, CtStatus.CONFIRMED)) return slot;
  throw new Error("no entry is confirmed");
}

function tableOf({ netns }: Node): ConntrackTable {
  return netns.conntrack!.table;
}

function connectionsOf({ netns }: Node): IpvsConnectionTable {
  return netns.ipvs!.connections;
}

/** The first connection of IPVS. */
function connectionOf(node: Node): number {
  return connectionsOf(node).protocol.findIndex((protocol) => protocol !== 0);
}

function portOf({ machine }: Node, slot: number): number {
  return machine.tcp.sockets.localPort(slot);
}

type Fault = readonly [fault: string, said: RegExp, corrupt: (node: Node, loop: EventLoop) => void];

const SOCKET_FAULTS: readonly Fault[] = [
  [
    "a port has an owner too many",
    /^Broken invariant: a port has as many owners as sockets have it: port \d+ of "node" has \d+, of \d+ sockets$/,
    (node) => node.netns.ports.addConnectOwner(portOf(node, socketIn(node, TcpState.SYN_SENT))),
  ],
  [
    "a port that nobody has is in use",
    /ports in use are those that sockets have: "node" counts \d+, sockets have \d+$/,
    ({ netns }) => netns.ports.addConnectOwner(7),
  ],
  [
    "a port that was bound was opened to connect()",
    /a port has as many explicit owners as sockets were bound to it: port 80 of "default\/web-0" has \d+, of \d+ sockets/,
    ({ machine }) => {
      const { ports } = machine.netns("default/web-0")!;
      ports.removeOwner(80, true, false);
      ports.addConnectOwner(80);
    },
  ],
  [
    "a socket's tuple was changed where it stands",
    /a hashed socket is found by its tuple: row \d+ is not, row -1 is/,
    (node) => {
      const slot = socketIn(node, TcpState.SYN_SENT);
      node.machine.tcp.sockets.setLocal(slot, node.machine.tcp.sockets.local(slot) ^ 1);
    },
  ],
  [
    "a socket is no longer marked as hashed",
    /the index holds the hashed sockets: it has \d+, of \d+ sockets/,
    (node) => node.machine.tcp.sockets.unset(socketIn(node, TcpState.TIME_WAIT), SocketFlag.HASHED),
  ],
  [
    "a TIME_WAIT entry has lost its state",
    /TIME_WAIT entries are counted: "[^"]+" counts \d+, and has \d+/,
    (node) => node.machine.tcp.sockets.setState(socketIn(node, TcpState.TIME_WAIT), TcpState.FIN_WAIT2),
  ],
  [
    "a TIME_WAIT entry has lost its end",
    /^Broken invariant: each TIME_WAIT entry has its end: \d+ of \d+ are queued$/,
    (node) => {
      const { sockets, timeWaits } = node.machine.tcp;
      const [oldest] = timeWaits.slots();
      sockets.setNextTimeWait(oldest!, -1);
    },
  ],
  [
    "a listening socket has left its table",
    /^Broken invariant: each listening socket stands in the table of them once: \d+ listen, \d+ stand there$/,
    (node) => {
      const slot = socketIn(node, TcpState.LISTEN);
      const { sockets, listeners } = node.machine.tcp;
      listeners.remove(sockets.scope(slot), sockets.localPort(slot), slot);
    },
  ],
  [
    "a socket that waits has lost its timer",
    /a socket that waits has a timer: row \d+ in state 2 was due at -20000000 us/,
    (node) => node.machine.tcp.sockets.setDue(socketIn(node, TcpState.SYN_SENT), -20 * SECOND),
  ],
  [
    "a socket was given back twice",
    /^Broken invariant: a socket is given back once: row \d+ is free twice/,
    ({ machine, netns }) => {
      const slot = machine.tcp.socket(netns, undefined, 0);
      machine.tcp.sockets.free(slot);
      machine.tcp.sockets.free(slot);
    },
  ],
  [
    "a free socket has a state",
    /^Broken invariant: a free row is closed: row \d+ is in state 1$/,
    ({ machine, netns }) => {
      const slot = machine.tcp.socket(netns, undefined, 0);
      machine.tcp.sockets.free(slot);
      machine.tcp.sockets.setState(slot, TcpState.ESTABLISHED);
    },
  ],
  [
    "a closed socket still has its owner",
    /a closed socket has no owner any more: row \d+ has one/,
    (node) => node.machine.tcp.sockets.set(socketIn(node, TcpState.SYN_SENT), SocketFlag.ORPHAN),
  ],
  [
    "a counter was counted back",
    /a counter counts up from 0: UdpOutDatagrams of "node" is -1/,
    ({ netns }) => (netns.counters.UdpOutDatagrams -= 1),
  ],
  [
    "a SYN was not counted",
    /^Broken invariant: TcpActiveOpens counts the SYNs of connect\(\): \d+ of \d+$/,
    ({ netns }) => (netns.counters.TcpActiveOpens -= 1),
  ],
  [
    "a UDP socket has changed its port",
    /a UDP socket stands under its own port: the socket on port 53 of "node" has port 54/,
    ({ machine, netns }) => {
      const socket = machine.udp.socket(netns, { received: () => {}, failed: () => {} });
      machine.udp.bind(socket, { address: 0, port: 53 });
      socket.localPort = 54;
    },
  ],
  [
    "two UDP sockets have one port",
    /two UDP sockets share a port with SO_REUSEADDR only: the socket on port 53 of "node" does without/,
    ({ machine, netns }) => {
      for (let count = 0; count < 2; count += 1) {
        const socket = machine.udp.socket(netns, { received: () => {}, failed: () => {} });
        machine.udp.bind(socket, { address: 0, port: 53, hasReuseAddress: true });
      }
      for (const { socket } of machine.udp.entries()) socket.hasReuseAddress = false;
    },
  ],
];

const CONNTRACK_FAULTS: readonly Fault[] = [
  [
    "an entry was given back in its chains",
    /chains hold entries that are in use: entry \d+ of "node" is not/,
    (node) => tableOf(node).free(entryOf(node)),
  ],
  [
    "an entry was never confirmed",
    /^Broken invariant:\s+between two events every entry is confirmed: entry \d+ of "node" is not$/m,
    (node) => tableOf(node).setProtocol(tableOf(node).allocate(), 6),
  ],
  [
    "an entry without a protocol was forgotten",
    /nf_conntrack_count is the number of entries: it is \d+ of "node", of \d+ entries/,
    (node) => tableOf(node).allocate(),
  ],
  [
    "two entries have one tuple",
    /^Broken invariant:\s+a tuple is one entry's: node \d+ of "node" is found as \d+$/m,
    (node) => {
      const table = tableOf(node);
      const [old, twin] = [entryOf(node), table.allocate()];
      table.setProtocol(twin, table.protocol(old));
      table.setOriginal(twin, table.src(2 * old), table.dst(2 * old), table.ports(2 * old));
      table.setReply(twin, 1, 2, 3);
      table.set(twin, CtStatus.CONFIRMED);
      table.setExpires(twin, table.expires(old));
      table.insert(twin);
    },
  ],
  [
    "an entry has outlived its timeout",
    /no entry outlives its timeout: entry \d+ of "node" expired at 0 us, now is 130000000 us/,
    (node, loop) => {
      loop.runUntil(130 * SECOND);
      tableOf(node).setExpires(entryOf(node), 0);
    },
  ],
];

const IPVS_FAULTS: readonly Fault[] = [
  [
    "a real server has a connection too many",
    /a real server counts its connections: 10\.23\.78\.12:\d+ of service [^ ]+ counts \d+ active and \d+ inactive, of \d+ and \d+$/,
    (node) => (connectionsOf(node).server[connectionOf(node)]!.active += 1),
  ],
  [
    "a connection is counted under a state that it has left",
    /a connection is active by its state: row \d+ of "node" in state 1 is counted as inactive/,
    (node) => {
      const [connections, row] = [connectionsOf(node), connectionOf(node)];
      connections.flags[row] = connections.flags[row]! | IpvsFlag.INACTIVE;
      connections.state[row] = 1;
    },
  ],
  [
    "a connection was freed in its chain",
    /chains hold connections: row \d+ of "node" is free/,
    (node) => (connectionsOf(node).protocol[connectionOf(node)] = 0),
  ],
  [
    "a connection's client was changed",
    /an IPVS connection is found by its client: row \d+ of "node" is not/,
    (node) => (connectionsOf(node).client[connectionOf(node)]! ^= 1),
  ],
  [
    "a connection has lost its timer",
    /an IPVS connection has a timer: row \d+ of "node" ends at \d+ us, its event is at -1 us/,
    (node) => (connectionsOf(node).armedAt[connectionOf(node)] = -1),
  ],
  [
    "a connection has a template that is none",
    /a connection's template is one: that of row \d+ of "node" is not/,
    (node) => (connectionsOf(node).control[connectionOf(node)] = connectionOf(node) + 1),
  ],
];

const OTHER_FAULTS: readonly Fault[] = [
  [
    "a packet was taken and forgotten",
    /^Broken invariant: no packet is lost: 1 of \d+ are nowhere$/,
    ({ machine }) => machine.packets.take(),
  ],
  [
    "a packet was given back twice",
    /a packet is in one place: packet \d+ is free and free/,
    ({ machine }) => {
      const packet = machine.packets.take();
      machine.packets.release(packet);
      machine.packets.release(packet);
    },
  ],
  [
    "a packet was given back that is on a link",
    /a packet is in one place: packet \d+ is free and on a link/,
    ({ machine, netns }) => {
      const packet = machine.packets.take();
      packet.device = netns.device("eth0");
      machine.arriveLater(packet, 5);
      machine.packets.release(packet);
    },
  ],
  [
    "a client's socket belongs to another connection",
    /an open connection has its socket: connection \d+ does not own row \d+/,
    (node) => {
      const { sockets } = node.machine.tcp;
      sockets.setOwner(socketIn(node, TcpState.SYN_SENT), undefined);
    },
  ],
];

describe("checkInvariants", () => {
  it("finds nothing on a sound node, where sockets, entries and connections are in every table", () => {
    const { cluster, node } = busyCluster();
    expect(() => checkInvariants(cluster, { isThorough: true })).not.toThrow();
    expect([entryOf(node), connectionOf(node), socketIn(node, TcpState.TIME_WAIT)]).not.toContain(-1);
  });

  it.each([...SOCKET_FAULTS, ...CONNTRACK_FAULTS, ...IPVS_FAULTS, ...OTHER_FAULTS])(
    "says what does not hold when %s",
    (_fault, said, corrupt) => {
      const { cluster, node, loop } = busyCluster();
      corrupt(node, loop);
      expect(() => checkInvariants(cluster, { isThorough: true })).toThrow(said);
    },
  );

  it("says five things at most", () => {
    const { cluster, node } = busyCluster();
    for (let port = 1; port < 20; port += 1) {
      const slot = node.machine.tcp.socket(node.netns, undefined, 0);
      node.machine.tcp.sockets.setState(slot, TcpState.ESTABLISHED);
    }
    expect(() => checkInvariants(cluster)).toThrow(/^Broken invariant:(\n {2}[^\n]+){5}$/);
  });

  it("changes nothing: a run that is checked each second goes on as one that is not", () => {
    const [plain, checked] = [busyCluster(), busyCluster(SECOND)];
    for (let second = 2; second <= 10; second += 1) {
      checked.loop.runUntil(second * SECOND);
      checkInvariants(checked.cluster, { isThorough: true });
    }
    checked.loop.runUntil(plain.loop.now);
    expect(checked.node.fingerprint.hex()).toBe(plain.node.fingerprint.hex());
    expect(checked.loop.fired).toBe(plain.loop.fired);
  });
});

describe("checkResult", () => {
  const result = runOf(smallNode(BUSY, ["duration=30s"]));

  it("finds nothing in the result of a run", () => {
    expect(() => checkResult(result)).not.toThrow();
  });

  it.each([
    [
      { probes: { ...result.probes, failed: result.probes.failed + 1 } },
      `Broken invariant:
  a total is the sum of its parts: failures of "probes" by cause are ${result.probes.failed + 1}, their parts ${result.probes.failed}
  a total is the sum of its parts: failed probes are ${result.probes.failed + 1}, their parts ${result.probes.failed}`,
    ],
    [
      {
        workloads: [
          { ...result.workloads[0]!, connects: 0, failed: 1, byCause: { ...result.workloads[0]!.byCause, other: 1 } },
        ],
      },
      'Broken invariant: failures are among the connections: 1 of 0 of "node-local-dns"',
    ],
    [
      { series: [] },
      `Broken invariant:
  a total is the sum of its parts: probes are ${result.probes.total}, their parts 0
  a total is the sum of its parts: failed probes are ${result.probes.failed}, their parts 0`,
    ],
    [
      {
        series: result.series.map((one) => ({ ...one, longestRunOfFailures: one.failed + 1 })).slice(0, 1),
        probes: oneSeries(),
      },
      `Broken invariant: a run of failures is no longer than there are: that of "default/web-0 web readiness" is ${result.series[0]!.failed + 1}, of ${result.series[0]!.failed}`,
    ],
  ])("says which figures do not agree: %#", (change, said) => {
    expect(() => checkResult({ ...result, ...change })).toThrow(new Error(said));
  });

  /** Totals of the first series alone. */
  function oneSeries(): typeof result.probes {
    const { probes: total, failed } = result.series[0]!;
    return { total, failed, byCause: { ...noFailures(), other: failed } };
  }
});
