import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConntrackTable } from "../../src/kernel/conntrack/conntrack_table.ts";
import { IpvsConnectionTable } from "../../src/kernel/ipvs/ipvs_connection_table.ts";
import { PortBuckets } from "../../src/kernel/ports/port_buckets.ts";
import { packPorts, TupleIndex, type TupleRows } from "../../src/kernel/tuple_index.ts";

// Goal: the tables find, and no longer find, exactly what a plain Map would.
// Method: random commands on the table and on a Map; keys come from a small set so that they repeat and chains collide.

interface Command {
  readonly kind: "add" | "remove";
  readonly key: number;
}

const COMMANDS = fc.array(
  fc.record<Command>({ kind: fc.constantFrom("add", "add", "remove"), key: fc.nat({ max: 399 }) }),
  { minLength: 1, maxLength: 600, size: "max" },
);
const RUNS = { numRuns: 25 };

/** The words of a tuple: few distinct values in each, negative ones too. */
function words(key: number): {
  readonly local: number;
  readonly remote: number;
  readonly ports: number;
  readonly scope: number;
} {
  return {
    local: key % 2 === 0 ? -1442971126 : 0x0a000001 + (key % 5),
    remote: 0x0a174d80 + (key % 20),
    ports: packPorts(30_000 + Math.floor(key / 20), key % 3 === 0 ? 80 : 60_000),
    scope: key % 2,
  };
}

class Rows implements TupleRows {
  readonly tuples: ReturnType<typeof words>[] = [];
  local = (row: number): number => this.tuples[row]!.local;
  remote = (row: number): number => this.tuples[row]!.remote;
  ports = (row: number): number => this.tuples[row]!.ports;
  scope = (row: number): number => this.tuples[row]!.scope;
}

describe("TupleIndex", () => {
  it("finds what a Map would find, also after growing and removing", () => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        const rows = new Rows();
        const index = new TupleIndex(rows, 4);
        const model = new Map<number, number>();
        const free: number[] = [];
        let used = 0;
        for (const { kind, key } of commands) {
          const tuple = words(key);
          const row = model.get(key);
          if (kind === "add" && row === undefined) {
            const fresh = free.pop() ?? used++;
            rows.tuples[fresh] = tuple;
            index.insert(fresh);
            model.set(key, fresh);
          } else if (kind === "remove" && row !== undefined) {
            index.remove(row);
            model.delete(key);
            free.push(row);
          }
          expect(index.find(tuple.local, tuple.remote, tuple.ports, tuple.scope)).toBe(model.get(key) ?? -1);
        }
        expect(index.count).toBe(model.size);
        for (let key = 0; key < 400; key += 1) {
          const { local, remote, ports, scope } = words(key);
          expect(index.find(local, remote, ports, scope)).toBe(model.get(key) ?? -1);
        }
      }),
      RUNS,
    );
  });

  it("refuses to remove a row that it does not hold", () => {
    const rows = new Rows();
    rows.tuples[3] = words(3);
    const index = new TupleIndex(rows, 4);
    expect(() => index.remove(3)).toThrow("a row that is removed stands in the index");
  });
});

describe("ConntrackTable", () => {
  it.each([1, 8, 512])("with %i buckets finds both tuples of every entry as a Map would", (buckets) => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        const table = new ConntrackTable(buckets);
        const model = new Map<number, number>();
        const freed = new Set<string>();
        let stale = 0;
        for (const { kind, key } of commands) {
          const { local, remote, ports } = words(key);
          const slot = model.get(key);
          if (kind === "add" && slot === undefined) {
            const fresh = table.allocate();
            if (freed.has(`${fresh}/${table.generation(fresh)}`)) stale += 1;
            table.setProtocol(fresh, 6);
            table.setTuple(2 * fresh, local, remote, ports);
            table.setTuple(2 * fresh + 1, remote, local, packPorts(ports & 0xffff, ports >>> 16));
            table.insert(fresh);
            model.set(key, fresh);
          } else if (kind === "remove" && slot !== undefined) {
            freed.add(`${slot}/${table.generation(slot)}`);
            table.remove(slot);
            table.free(slot);
            model.delete(key);
          }
        }
        // A slot that was given back comes again under another generation only.
        expect([table.count, stale]).toEqual([model.size, 0]);
        for (let key = 0; key < 400; key += 1) checkTuples(table, key, model.get(key));
        let chained = 0;
        for (let bucket = 0; bucket < table.buckets; bucket += 1) {
          for (let node = table.firstInBucket(bucket); node >= 0; node = table.nextInBucket(node)) chained += 1;
        }
        expect(chained).toBe(2 * model.size);
      }),
      RUNS,
    );
  });

  function checkTuples(table: ConntrackTable, key: number, slot: number | undefined): void {
    const { local, remote, ports } = words(key);
    const original = table.find(local, remote, ports, 6);
    const reply = table.find(remote, local, packPorts(ports & 0xffff, ports >>> 16), 6);
    expect([original, reply]).toEqual(slot === undefined ? [-1, -1] : [2 * slot, 2 * slot + 1]);
    expect(table.find(local, remote, ports, 17)).toBe(-1);
  }

  it("grows beyond its first capacity without losing an entry", () => {
    const table = new ConntrackTable(64);
    for (let slot = 0; slot < 3000; slot += 1) {
      expect(table.allocate()).toBe(slot);
      table.setProtocol(slot, 17);
      table.setTuple(2 * slot, slot, 7, 80);
      table.setTuple(2 * slot + 1, 7, slot, 80 << 16);
      table.insert(slot);
    }
    for (let slot = 0; slot < 3000; slot += 1) expect(table.find(7, slot, 80 << 16, 17)).toBe(2 * slot + 1);
  });
});

describe("IpvsConnectionTable", () => {
  const key = (number: number): [client: number, cport: number, virtual: number, vport: number] => {
    const { local, remote, ports } = words(number);
    return [local, ports >>> 16, remote, ports & 0xffff];
  };

  it("finds connections from the client's and from the server's side as a Map would, beyond its first capacity", () => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        const table = new IpvsConnectionTable();
        const model = new Map<number, number>();
        for (const { kind, key: number } of commands) {
          const [client, cport, virtual, vport] = key(number);
          const row = model.get(number);
          if (kind === "add" && row === undefined) {
            const fresh = table.add(6, client, cport, virtual, vport);
            // Each connection has a real server of its own, so that both sides name one connection.
            table.real[fresh] = 1000 + number;
            table.realPort[fresh] = 443;
            model.set(number, fresh);
          } else if (kind === "remove" && row !== undefined) {
            table.remove(row);
            model.delete(number);
          }
        }
        expect(table.count).toBe(model.size);
        for (let number = 0; number < 400; number += 1) {
          const [client, cport, virtual, vport] = key(number);
          const row = model.get(number) ?? -1;
          expect(table.findIn(6, client, cport, virtual, vport)).toBe(row);
          expect(table.findOut(6, 1000 + number, 443, client, cport)).toBe(row);
          expect(table.findIn(17, client, cport, virtual, vport)).toBe(-1);
          expect(table.findOut(6, 1000 + number, 444, client, cport)).toBe(-1);
        }
      }),
      RUNS,
    );
  });

  it("finds the newer of two connections with one key, and the older one once that is gone", () => {
    const table = new IpvsConnectionTable();
    const older = table.add(6, 1, 2, 3, 4);
    const newer = table.add(6, 1, 2, 3, 4);
    expect(table.findIn(6, 1, 2, 3, 4)).toBe(newer);
    table.remove(newer);
    expect(table.findIn(6, 1, 2, 3, 4)).toBe(older);
    table.remove(older);
    expect(table.findIn(6, 1, 2, 3, 4)).toBe(-1);
  });

  it("keeps that order when it grows, also where the newer one has an older row", () => {
    const table = new IpvsConnectionTable();
    const spare = table.add(6, 9, 9, 9, 9);
    const older = table.add(6, 1, 2, 3, 4);
    table.remove(spare);
    const newer = table.add(6, 1, 2, 3, 4);
    expect([newer < older, table.findIn(6, 1, 2, 3, 4)]).toEqual([true, newer]);
    for (let client = 0; client < 600; client += 1) table.add(6, 100_000 + client, 2, 3, 4);
    expect(table.findIn(6, 1, 2, 3, 4)).toBe(newer);
  });
});

describe("PortBuckets", () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom("connect", "bind", "leave"),
      port: fc.integer({ min: 0, max: 5 }),
      which: fc.nat(),
    }),
    { maxLength: 200 },
  );

  it.each([false, true])(
    "counts owners and closes to connect() as a list of owners says (6.18's rule: %s)",
    (forgets) => {
      fc.assert(
        fc.property(steps, (commands) => {
          const buckets = new PortBuckets();
          const owners: ("connect" | "bind")[][] = [[], [], [], [], [], []];
          const isClosed = [false, false, false, false, false, false];
          for (const { kind, port, which } of commands) {
            const own = owners[port]!;
            if (kind === "connect") {
              buckets.addConnectOwner(port);
              own.push(kind);
            } else if (kind === "bind") {
              buckets.addExplicitOwner(port);
              own.push(kind);
              isClosed[port] = true;
            } else if (own.length > 0) {
              const [left] = own.splice(which % own.length, 1);
              buckets.removeOwner(port, left === "bind", forgets);
              if (own.length === 0 || (forgets && left === "bind" && !own.includes("bind"))) isClosed[port] = false;
            }
            for (let every = 0; every < 6; every += 1) {
              expect(buckets.owners(every)).toBe(owners[every]!.length);
              expect(buckets.isClosedToConnect(every)).toBe(isClosed[every]!);
            }
            expect(buckets.inUse).toBe(owners.filter((list) => list.length > 0).length);
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  it("refuses to lose an owner that it has not", () => {
    const buckets = new PortBuckets();
    expect(() => buckets.removeOwner(80, false, false)).toThrow("a port that loses an owner has one");
  });
});
