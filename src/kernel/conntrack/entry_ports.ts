import { PortCounts } from "../ports/port_counts.ts";
import type { ConntrackTable } from "./conntrack_table.ts";

/** The ports of all tuples that stand in the chains of a table. */
export function countPorts(table: ConntrackTable): PortCounts {
  const counts = new PortCounts();
  for (let chain = 0; chain < table.chains; chain += 1) {
    for (let node = table.firstInChain(chain); node >= 0; node = table.nextInChain(node))
      counts.add(table.ports(node), 1);
  }
  return counts;
}
