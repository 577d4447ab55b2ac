import type { Conntrack } from "./conntrack.ts";
import { CtStatus } from "./ct_status.ts";
import { maySlotBeDroppedByGc } from "./tcp_tracking.ts";

const EARLY_DROP_PERCENT = 95;

/**
 * Evicts what has expired and, from 95 % of the limit on, what is closing.
 *
 * Source: net/netfilter/nf_conntrack_core.c gc_worker, v6.1. Not modelled: the worker's slices and its interval that
 * adapts between 1 and 60 s; a whole scan happens at once.
 */
export function collectGarbage(conntrack: Conntrack): void {
  const { table, netns, max, deferred } = conntrack;
  const { now } = netns.machine.loop;
  const isTight = max !== 0 && table.count * 100 >= max * EARLY_DROP_PERCENT;
  if (isTight) deferred?.recallAll();
  deferred?.collect();
  for (let slot = 0; slot < table.extent; slot += 1) {
    if (!table.isUsed(slot) || !table.has(slot, CtStatus.CONFIRMED)) continue;
    if (table.expires(slot) <= now || (isTight && maySlotBeDroppedByGc(table, slot))) conntrack.kill(slot);
  }
}
