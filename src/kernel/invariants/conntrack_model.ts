import { assert } from "../../sim/assert.ts";
import type { ConntrackTable } from "../conntrack/conntrack_table.ts";
import { CtStatus } from "../conntrack/ct_status.ts";

/**
 * Lets a `Map` from tuple to nodes stand beside the chains of connection tracking, and a `Set` beside its free list:
 * every search must find what the map has. What is in the table by now is taken over.
 */
export function modelConntrack(table: ConntrackTable): void {
  const used = new Set<number>();
  /** Of each tuple the nodes, the newest first. */
  const byTuple = new Map<string, number[]>();
  const keyOf = (node: number): string =>
    [table.src(node), table.dst(node), table.ports(node), table.protocol(node >> 1)].join(" ");
  const link = (node: number): void => {
    const nodes = byTuple.get(keyOf(node));
    if (nodes === undefined) byTuple.set(keyOf(node), [node]);
    else nodes.unshift(node);
  };
  const unlink = (node: number): void => {
    const nodes = byTuple.get(keyOf(node)) ?? [];
    const place = nodes.indexOf(node);
    assert(place >= 0, `an entry in the chains keeps its tuples: node ${node} has another one now`);
    nodes.splice(place, 1);
    if (nodes.length === 0) byTuple.delete(keyOf(node));
  };
  for (let slot = 0; slot < table.extent; slot += 1) {
    if (table.protocol(slot) === 0) continue;
    used.add(slot);
    if (table.isUsed(slot) && table.has(slot, CtStatus.CONFIRMED)) [2 * slot, 2 * slot + 1].forEach(link);
  }
  const insert = table.insert.bind(table);
  table.insert = (slot) => {
    [2 * slot, 2 * slot + 1].forEach(link);
    insert(slot);
  };
  const remove = table.remove.bind(table);
  table.remove = (slot) => {
    [2 * slot, 2 * slot + 1].forEach(unlink);
    remove(slot);
  };
  const find = table.find.bind(table);
  table.find = (...tuple) => {
    const node = find(...tuple);
    const expected = byTuple.get(tuple.join(" "))?.[0] ?? -1;
    assert(node === expected, `the chains find what a Map finds: node ${node}, not ${expected}`);
    return node;
  };
  modelRows(table, used);
}

function modelRows(table: ConntrackTable, used: Set<number>): void {
  const allocate = table.allocate.bind(table);
  table.allocate = () => {
    const slot = allocate();
    assert(!used.has(slot), `an entry is given out once: entry ${slot} is in use`);
    used.add(slot);
    return slot;
  };
  const free = table.free.bind(table);
  table.free = (slot) => {
    assert(used.delete(slot), `an entry is given back once: entry ${slot} is free`);
    free(slot);
  };
}
