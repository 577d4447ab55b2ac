import type { Cluster } from "../../src/cluster/cluster.ts";
import type { Conntrack } from "../../src/kernel/conntrack/conntrack.ts";
import { CtStatus } from "../../src/kernel/conntrack/ct_status.ts";
import { entrySequences, waitSequences } from "../../src/kernel/flow/exchange_sequences.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import type { Tcp } from "../../src/kernel/tcp/tcp.ts";
import { TcpState } from "../../src/kernel/tcp/tcp_states.ts";
import type { Ipvs } from "../../src/kernel/ipvs/ipvs.ts";
import { listConntrackRows } from "../../src/kernel/show/conntrack_rows.ts";
import { listIpvsConnectionRows } from "../../src/kernel/show/ipvs_connection_rows.ts";
import { listSsRows } from "../../src/kernel/show/ss_rows.ts";

/** What the tools would show of all tables and counters of a cluster's kernels, in an order that no row numbers decide. */
export function tableView(cluster: Cluster): readonly string[] {
  const lines: string[] = [];
  for (const machine of cluster.machines()) {
    machine.tcp.timeWaits.expire();
    for (const netns of machine.namespaces) {
      const add = (table: string, row: unknown): number => lines.push(`${netns.name} ${table} ${JSON.stringify(row)}`);
      add("counters", netns.counters);
      add("ports", {
        inUse: netns.ports.inUse,
        most: netns.ports.inUseMost,
        waits: machine.tcp.timeWaits.mostOf(netns),
      });
      for (const row of listSsRows(netns)) add("ss", row);
      for (const row of waitNumbers(machine.tcp, netns)) add("TIME_WAIT", row);
      if (netns.conntrack !== undefined) {
        add("conntrack", { count: netns.conntrack.table.count, peak: netns.conntrack.peak });
        for (const row of listConntrackRows(netns)) add("conntrack", row);
        for (const row of entryNumbers(netns.conntrack)) add("conntrack sequences", row);
      }
      if (netns.ipvs === undefined) continue;
      for (const row of listIpvsConnectionRows(netns)) add("ipvs", row);
      for (const row of realServers(netns.ipvs)) add("ipvs stats", row);
    }
  }
  return lines.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The tuples of TIME_WAIT entries and their sequence numbers, which no tool shows. */
function* waitNumbers({ sockets }: Tcp, { id }: Netns): Generator {
  for (let slot = 0; slot < sockets.extent; slot += 1) {
    if (sockets.scope(slot) !== id || sockets.state(slot) !== TcpState.TIME_WAIT) continue;
    yield [sockets.local(slot), sockets.remote(slot), sockets.ports(slot), ...waitSequences(sockets, slot)];
  }
}

/** The tuples of confirmed conntrack entries and their sequence numbers. */
function* entryNumbers({ table }: Conntrack): Generator {
  for (let slot = 0; slot < table.extent; slot += 1) {
    if (!table.isUsed(slot) || !table.has(slot, CtStatus.CONFIRMED)) continue;
    yield [table.src(2 * slot), table.dst(2 * slot), table.ports(2 * slot), ...entrySequences(table, slot)];
  }
}

/** Traffic and counts of the real servers that ever had a connection, deleted ones among them. */
function* realServers(ipvs: Ipvs): Generator {
  const servers = [...ipvs.services()].flatMap((service) => service.servers);
  for (const { address, port, active, inactive, service, stats } of [...servers, ...ipvs.deletedServers()]) {
    const virtual = { address: service.address, port: service.port, stats: service.stats };
    if (stats.connections > 0) yield { address, port, active, inactive, stats, virtual };
  }
}
