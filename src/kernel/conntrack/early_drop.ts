import type { Packet } from "../packet.ts";
import type { Conntrack } from "./conntrack.ts";
import { CtStatus } from "./ct_status.ts";
import { slotsInBucket } from "./kernel_bucket.ts";

const EARLY_DROP_BUCKETS = 8;

/**
 * Makes room in a full table: in the first of eight buckets, from the new tuple's on, that holds an entry which is not
 * ASSURED, all such entries go.
 *
 * @param ports of the packet's tuple, as `packPorts` has them.
 * @returns whether there is room now.
 * Source: net/netfilter/nf_conntrack_core.c early_drop, v6.1.
 */
export function dropEarly(conntrack: Conntrack, packet: Packet, ports: number): boolean {
  const { table, netns } = conntrack;
  conntrack.deferred?.recallAll();
  const first = table.bucketOf(packet.src, packet.dst, ports, packet.protocol);
  for (let offset = 0; offset < EARLY_DROP_BUCKETS; offset += 1) {
    let dropped = 0;
    for (const slot of slotsInBucket(table, first + offset)) {
      // An entry with both tuples in this bucket is gone when it comes for the second time.
      if (!table.isUsed(slot)) continue;
      if (!table.has(slot, CtStatus.ASSURED)) {
        conntrack.kill(slot);
        dropped += 1;
      }
    }
    if (dropped > 0) {
      netns.counters.nf_conntrack_early_drop += dropped;
      return true;
    }
  }
  return false;
}
