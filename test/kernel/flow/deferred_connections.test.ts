import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { entrySequences, waitSequences } from "../../../src/kernel/flow/exchange_sequences.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { listConntrackRows } from "../../../src/kernel/show/conntrack_rows.ts";
import { listSsRows } from "../../../src/kernel/show/ss_rows.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { packPorts } from "../../../src/kernel/tuple_index.ts";
import { FLOW_PORT, FlowClient } from "../../support/flow_client.ts";
import { NODE, POD, type SmallNetwork, smallNetwork, type SmallNetworkOptions } from "../../support/small_network.ts";

// Goal: entries without rows count, end and are found as if they had rows.
// Method: seven connections a second apart, of which four are carried; and whole histories beside those of a network
// that sends each packet.

const SECOND = 1_000_000;

/** A network after seven connections. */
function afterSeven(): SmallNetwork {
  const network = smallNetwork();
  new FlowClient(network).connect(7);
  return network;
}

/** Slots of TIME_WAIT entries that have rows. */
function waitingRows({ tcp: { sockets } }: SmallNetwork): number[] {
  return Array.from({ length: sockets.extent }, (_, slot) => slot).filter(
    (slot) => sockets.state(slot) === TcpState.TIME_WAIT,
  );
}

/** The ports of the node that have owners. */
function portsOf({ node }: SmallNetwork): number[] {
  return Array.from({ length: 65_536 }, (_, port) => port).filter((port) => node.ports.isOwned(port));
}

/** Ports whose TIME_WAIT entries have no rows. */
function portsWithoutRow(network: SmallNetwork): number[] {
  const { sockets } = network.tcp;
  const ports = new Set(waitingRows(network).map((slot) => sockets.localPort(slot)));
  return portsOf(network).filter((port) => port !== FLOW_PORT && !ports.has(port));
}

/** What can be told of the node at once, without a look at its tables. */
function figures({ node, tcp }: SmallNetwork): readonly number[] {
  tcp.timeWaits.expire();
  const { conntrack, ports } = node;
  const waits = [tcp.timeWaits.countOf(node), tcp.timeWaits.mostOf(node)];
  return [ports.inUse, ports.inUseMost, ...waits, conntrack!.table.count, conntrack!.peak];
}

/** The sequence numbers in all entries, by port. */
function sequencesOf({ node, tcp: { sockets, timeWaits } }: SmallNetwork): readonly string[] {
  const { table } = node.conntrack!;
  const lines: string[] = [];
  for (const slot of timeWaits.slots())
    lines.push(`${sockets.localPort(slot)} waits ${waitSequences(sockets, slot).join(" ")}`);
  for (let slot = 0; slot < table.extent; slot += 1) {
    if (table.isUsed(slot))
      lines.push(`${table.ports(2 * slot) >>> 16} tracks ${entrySequences(table, slot).join(" ")}`);
  }
  return lines.toSorted((a, b) => (a < b ? -1 : 1));
}

/** The figures after each of several bursts of connections, with and without the flow path, and all rows at the end. */
function histories(
  options: SmallNetworkOptions,
  bursts: readonly (readonly [times: number, every: number])[],
): { readonly packets: unknown; readonly flows: unknown; readonly carried: number } {
  let carried = 0;
  const historyOf = (mayCarry: boolean): unknown => {
    const network = smallNetwork(options);
    const client = new FlowClient(network, mayCarry);
    const seen = bursts.map(([times, every]) => {
      carried += client.connect(times, every);
      return figures(network);
    });
    network.machine.group.flowPath?.settle();
    const rows = [listSsRows(network.node), listConntrackRows(network.node), sequencesOf(network)];
    return { seen, rows, counters: network.node.counters };
  };
  return { packets: historyOf(false), flows: historyOf(true), carried };
}

describe("DeferredConnections", () => {
  it("holds ports and counts of entries that have no rows", () => {
    const network = afterSeven();
    expect(waitingRows(network)).toHaveLength(3);
    expect(figures(network)).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it("makes the rows of the connection whose TIME_WAIT entry is looked for, and of no other", () => {
    const network = afterSeven();
    const [port] = portsWithoutRow(network);
    const slot = network.tcp.find(network.node, NODE, port!, POD, FLOW_PORT);
    expect(network.tcp.sockets.state(slot)).toBe(TcpState.TIME_WAIT);
    expect(waitingRows(network)).toHaveLength(4);
    expect(figures(network)).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it.each(["original", "reply"] as const)("makes the entry that is looked for by its %s tuple", (direction) => {
    const network = afterSeven();
    const [port] = portsWithoutRow(network);
    const conntrack = network.node.conntrack!;
    const node =
      direction === "original"
        ? conntrack.findNode(NODE, POD, packPorts(port!, FLOW_PORT), Protocol.TCP)
        : conntrack.findNode(POD, NODE, packPorts(FLOW_PORT, port!), Protocol.TCP);
    expect([node >= 0, node & 1]).toEqual([true, direction === "original" ? 0 : 1]);
    expect(portsWithoutRow(network)).toHaveLength(3);
  });

  it("lets no socket bind to the port of an entry that has no row", () => {
    const network = afterSeven();
    const [port] = portsWithoutRow(network);
    const slot = network.tcp.socket(network.node, undefined, 0);
    expect(network.tcp.bind(slot, { address: NODE, port: port! })).toBe(-Errno.EADDRINUSE);
  });

  it("finds nothing under a tuple of another namespace", () => {
    const network = afterSeven();
    const [port] = portsWithoutRow(network);
    expect(network.tcp.find(network.pod, NODE, port!, POD, FLOW_PORT)).toBe(-1);
    expect(portsWithoutRow(network)).toHaveLength(4);
  });

  it("makes rows at once where too many are looked for", () => {
    const network = smallNetwork();
    const client = new FlowClient(network);
    client.connect(100, 0.1 * SECOND);
    for (const port of portsWithoutRow(network)) network.tcp.find(network.node, NODE, port, POD, FLOW_PORT);
    expect([client.connect(10, 0.1 * SECOND), portsWithoutRow(network)]).toEqual([10, []]);
  });

  it("makes all rows for who lists them", () => {
    const network = afterSeven();
    expect(listSsRows(network.node).filter(({ state }) => state === "TIME-WAIT")).toHaveLength(7);
    expect(listConntrackRows(network.node)).toHaveLength(7);
    expect(portsWithoutRow(network)).toEqual([]);
  });

  it("lets entries end as they end with rows, first in TIME_WAIT, then in conntrack", () => {
    const { packets, flows, carried } = histories({}, [
      [30, SECOND],
      [1, 30 * SECOND],
      [20, 2 * SECOND],
      [1, 61 * SECOND],
      [1, 100 * SECOND],
      [10, 20 * SECOND],
    ]);
    expect(flows).toEqual(packets);
    expect(carried).toBeGreaterThan(50);
  });

  it("has room for thousands", () => {
    const { packets, flows, carried } = histories({}, [
      [1400, 0.02 * SECOND],
      [300, 0.2 * SECOND],
      [40, SECOND],
    ]);
    expect(flows).toEqual(packets);
    expect(carried).toBeGreaterThan(1600);
  });

  it.each(["0", "1"])("gives a tuple that comes again what the tables would (tcp_tw_reuse %s)", (reuse) => {
    const sysctls = { "net.ipv4.ip_local_port_range": "40000 40029", "net.ipv4.tcp_tw_reuse": reuse };
    const { packets, flows, carried } = histories({ sysctls }, [
      [60, SECOND],
      [1, 40 * SECOND],
      [40, 3 * SECOND],
    ]);
    expect(flows).toEqual(packets);
    expect(carried).toBeGreaterThan(20);
  });

  it("finds each of more than a thousand", () => {
    const network = smallNetwork();
    new FlowClient(network).connect(1400, 0.02 * SECOND);
    const { tcp, node } = network;
    const ports = portsWithoutRow(network);
    expect(ports.length).toBeGreaterThan(1350);
    expect(ports.filter((port) => tcp.find(node, NODE, port, POD, FLOW_PORT) < 0)).toEqual([]);
  });

  it.each([
    ["nf_conntrack_max, near which garbage collection drops what is closing", "net.netfilter.nf_conntrack_max", "40"],
    ["tcp_max_tw_buckets", "net.ipv4.tcp_max_tw_buckets", "25"],
  ])("keeps to %s", (_, name, value) => {
    const { packets, flows, carried } = histories({ sysctls: { [name]: value } }, [
      [39, 3 * SECOND],
      [1, 15 * SECOND],
      [60, SECOND],
      [1, 90 * SECOND],
    ]);
    expect(flows).toEqual(packets);
    expect(carried).toBeGreaterThan(20);
  });
});
