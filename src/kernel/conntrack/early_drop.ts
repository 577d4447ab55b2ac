import type { Packet } from "../packet.ts";
import type { Conntrack } from "./conntrack.ts";
import { CtStatus } from "./ct_status.ts";
import { bucketOf, slotsInBucket } from "./kernel_bucket.ts";

const EARLY_DROP_BUCKETS = 8;
/** NF_CT_EVICTION_RANGE, where it counts entries: the search ends with the bucket in which it has met so many. */
const EARLY_DROP_ENTRIES = 8;

/**
 * Makes room in a full table: in the first of eight buckets, from the new tuple's on, that holds an entry which is not
 * ASSURED, all such entries go. Up to 4.8 one goes, and the search ends after eight entries.
 *
 * @param ports of the packet's tuple, as `packPorts` has them.
 * @returns whether there is room now.
 * Source: net/netfilter/nf_conntrack_core.c early_drop, v6.1 and v3.13.
 */
export function dropEarly(conntrack: Conntrack, packet: Packet, ports: number): boolean {
  const { table, netns } = conntrack;
  conntrack.deferred?.recallAll();
  const first = bucketOf(table, packet.src, packet.dst, ports, packet.protocol);
  if (netns.machine.era.conntrackEarlyDrops === "entry") return dropOldest(conntrack, first);
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

/** Drops the oldest entry that is not ASSURED of the first bucket which has one. @returns whether there was one. */
function dropOldest(conntrack: Conntrack, first: number): boolean {
  const { table, netns } = conntrack;
  let seen = 0;
  for (let offset = 0; offset < table.buckets && seen < EARLY_DROP_ENTRIES; offset += 1) {
    const slots = slotsInBucket(table, first + offset);
    if (slots.length === 0) continue;
    const oldest = slots.filter((slot) => !table.has(slot, CtStatus.ASSURED)).at(-1);
    if (oldest !== undefined) {
      conntrack.kill(oldest);
      netns.counters.nf_conntrack_early_drop += 1;
      return true;
    }
    seen += slots.length;
  }
  return false;
}
