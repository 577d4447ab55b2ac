import { assert } from "../../sim/assert.ts";
import type { SocketTable } from "../tcp/socket_table.ts";

/**
 * Lets a `Map` from tuple to row stand beside a socket table's index, and a `Set` beside its free list: every search must
 * find what the map has, and a row is given out and given back in turn. What is in the table by now is taken over.
 */
export function modelSockets(sockets: SocketTable): void {
  const { index } = sockets;
  const keyOf = (row: number): string =>
    [sockets.local(row), sockets.remote(row), sockets.ports(row), sockets.scope(row)].join(" ");
  const free = new Set(sockets.freeRows());
  const used = new Set<number>();
  const byTuple = new Map<string, number>();
  for (let row = 0; row < sockets.extent; row += 1) {
    if (free.has(row)) continue;
    used.add(row);
    const [local, remote, ports, scope] = [
      sockets.local(row),
      sockets.remote(row),
      sockets.ports(row),
      sockets.scope(row),
    ];
    if (index.find(local, remote, ports, scope) === row) byTuple.set(keyOf(row), row);
  }
  const insert = index.insert.bind(index);
  index.insert = (row) => {
    assert(!byTuple.has(keyOf(row)), `a tuple is one socket's: row ${row} has that of row ${byTuple.get(keyOf(row))}`);
    byTuple.set(keyOf(row), row);
    insert(row);
  };
  const remove = index.remove.bind(index);
  index.remove = (row) => {
    assert(byTuple.get(keyOf(row)) === row, `a hashed socket keeps its tuple: row ${row} has another one now`);
    byTuple.delete(keyOf(row));
    remove(row);
  };
  const find = index.find.bind(index);
  index.find = (...tuple) => {
    const row = find(...tuple);
    const expected = byTuple.get(tuple.join(" ")) ?? -1;
    assert(row === expected, `the index finds what a Map finds: row ${row}, not ${expected}`);
    return row;
  };
  const allocate = sockets.allocate.bind(sockets);
  sockets.allocate = (netns, owner, tag) => {
    const row = allocate(netns, owner, tag);
    assert(!used.has(row), `a row is given out once: row ${row} is in use`);
    used.add(row);
    return row;
  };
  const release = sockets.free.bind(sockets);
  sockets.free = (row) => {
    assert(used.delete(row), `a row is given back once: row ${row} is free`);
    release(row);
  };
}
