import { assert } from "../../sim/assert.ts";
import type { IpvsConnectionTable } from "../ipvs/ipvs_connection_table.ts";

/** Lets a `Map` from client to rows stand beside the chains of IPVS: every search of either direction must find what the map has. */
export function modelIpvs(connections: IpvsConnectionTable): void {
  /** Of each client the rows, the newest first. */
  const byClient = new Map<string, number[]>();
  const keyOf = (row: number): string =>
    key(connections.protocol[row]!, connections.client[row]!, connections.ports[row]! >>> 16);
  const link = (row: number): void => {
    const rows = byClient.get(keyOf(row));
    if (rows === undefined) byClient.set(keyOf(row), [row]);
    else rows.unshift(row);
  };
  const unlink = (row: number): void => {
    const rows = byClient.get(keyOf(row)) ?? [];
    assert(rows.includes(row), `an IPVS connection keeps its client: row ${row} has another one now`);
    rows.splice(rows.indexOf(row), 1);
    if (rows.length === 0) byClient.delete(keyOf(row));
  };
  // The chains hold the newest of a client first.
  for (const row of [...connections.chained()].toReversed()) link(row);
  const add = connections.add.bind(connections);
  connections.add = (...tuple) => {
    const row = add(...tuple);
    link(row);
    return row;
  };
  const remove = connections.remove.bind(connections);
  connections.remove = (row) => {
    unlink(row);
    remove(row);
  };
  const invalidate = connections.invalidate.bind(connections);
  connections.invalidate = (row) => {
    unlink(row);
    invalidate(row);
    link(row);
  };
  const findIn = connections.findIn.bind(connections);
  connections.findIn = (...tuple) => {
    const [protocol, src, sport, dst, dport] = tuple;
    const rows = byClient.get(key(protocol, src, sport));
    const isIt = (row: number): boolean =>
      connections.virtual[row] === dst && (connections.ports[row]! & 0xffff) === dport;
    return same(findIn(...tuple), rows?.find(isIt));
  };
  const findOut = connections.findOut.bind(connections);
  connections.findOut = (...tuple) => {
    const [protocol, src, sport, dst, dport] = tuple;
    const rows = byClient.get(key(protocol, dst, dport));
    const isIt = (row: number): boolean => connections.real[row] === src && connections.realPort[row] === sport;
    return same(findOut(...tuple), rows?.find(isIt));
  };
}

function key(protocol: number, client: number, port: number): string {
  return `${protocol} ${client} ${port}`;
}

function same(found: number, expected = -1): number {
  assert(found === expected, `the chains of IPVS find what a Map finds: row ${found}, not ${expected}`);
  return found;
}
