import { SECOND } from "../../units.ts";
import type { Conntrack } from "../conntrack/conntrack.ts";
import { CtStatus } from "../conntrack/ct_status.ts";

/**
 * What does not hold of a namespace's connection tracking between two events, one sentence each: the count is that of the
 * entries, each is confirmed and found by both of its tuples, and none outlives its timeout. It changes nothing.
 *
 * An entry that is not confirmed belongs to a packet on its way through the hooks, and that way ends within one event.
 */
export function* brokenConntrack(conntrack: Conntrack): Generator<string> {
  const { table, netns } = conntrack;
  const { loop, era } = netns.machine;
  const where = `of "${netns.name}"`;
  const latest = era.conntrackExpiry === "timer" ? loop.now : loop.now - era.conntrackGcSeconds * SECOND;
  const dying = new Set(conntrack.dying);
  let used = 0;
  for (let slot = 0; slot < table.extent; slot += 1) {
    if (!table.isUsed(slot)) {
      if (table.protocol(slot) !== 0 && !dying.has(slot))
        yield `a dying entry is given back: entry ${slot} ${where} is not`;
      continue;
    }
    used += 1;
    if (!table.has(slot, CtStatus.CONFIRMED)) {
      yield `between two events every entry is confirmed: entry ${slot} ${where} is not`;
      continue;
    }
    for (let node = 2 * slot; node <= 2 * slot + 1; node += 1) {
      const found = table.find(table.src(node), table.dst(node), table.ports(node), table.protocol(slot));
      // Both tuples of a socket that has connected to itself are alike, and only the reply one is found.
      if (found >> 1 !== slot) yield `a tuple is one entry's: node ${node} ${where} is found as ${found}`;
    }
    if (table.expires(slot) < latest)
      yield `no entry outlives its timeout: entry ${slot} ${where} expired at ${table.expires(slot)} us, now is ${loop.now} us`;
  }
  if (table.count !== used)
    yield `nf_conntrack_count is the number of entries: it is ${table.count} ${where}, of ${used} entries`;
  if (conntrack.peak < used)
    yield `the peak is the highest count: it is ${conntrack.peak} ${where}, of ${used} entries`;
}

/** What does not hold of the chains, all of which are looked at: they hold both tuples of each entry and nothing else. */
export function* brokenChains({ table, netns }: Conntrack): Generator<string> {
  const where = `of "${netns.name}"`;
  let chained = 0;
  for (let chain = 0; chain < table.chains; chain += 1) {
    for (let node = table.firstInChain(chain); node >= 0; node = table.nextInChain(node)) {
      chained += 1;
      if (chained > 2 * table.extent) {
        yield `a chain has an end: number ${chain} ${where} has none`;
        return;
      }
      const slot = node >> 1;
      if (!table.isUsed(slot)) yield `chains hold entries that are in use: entry ${slot} ${where} is not`;
      const home = table.chainOf(node);
      if (home !== chain)
        yield `a tuple stands in its own chain: node ${node} ${where} stands in ${chain}, not ${home}`;
    }
  }
  if (chained !== 2 * table.count)
    yield `each entry stands in two chains: ${chained} tuples ${where} do, of ${table.count} entries`;
}
