import type { Ipv4 } from "../../units.ts";
import { hashTuple } from "../tuple_index.ts";
import type { ConntrackTable } from "./conntrack_table.ts";

/** Most buckets have no entry where entries are few. */
const NONE: readonly number[] = [];

/** The kernel's bucket of a tuple. */
// oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
export function bucketOf(table: ConntrackTable, src: Ipv4, dst: Ipv4, ports: number, protocol: number): number {
  return hashTuple(src, dst, ports, protocol) & (table.buckets - 1);
}

/**
 * The entries with a tuple in one of the kernel's own buckets, of which there are `nf_conntrack_buckets`, one with both
 * tuples there twice. O(entries) at worst.
 *
 * @param bucket counted round: the one behind the last is the first.
 */
export function slotsInBucket(table: ConntrackTable, bucket: number): readonly number[] {
  const { buckets, chains } = table;
  const wanted = bucket & (buckets - 1);
  let slots: number[] | undefined = undefined;
  // Chains and buckets are the low bits of one hash, so a bucket is a part of one chain or of every so many-th.
  const step = Math.min(buckets, chains);
  for (let chain = wanted & (step - 1); chain < chains; chain += step) {
    for (let node = table.firstInChain(chain); node >= 0; node = table.nextInChain(node)) {
      const own = bucketOf(table, table.src(node), table.dst(node), table.ports(node), table.protocol(node >> 1));
      if (own !== wanted) continue;
      if (slots === undefined) slots = [node >> 1];
      else slots.push(node >> 1);
    }
  }
  return slots ?? NONE;
}
