import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConntrackTable } from "../../src/kernel/conntrack/conntrack_table.ts";
import { bucketOf, slotsInBucket } from "../../src/kernel/conntrack/kernel_bucket.ts";
import { CtStatus } from "../../src/kernel/conntrack/ct_status.ts";
import { IpvsConnectionTable } from "../../src/kernel/ipvs/ipvs_connection_table.ts";
import { SocketFlag, SocketTable } from "../../src/kernel/tcp/socket_table.ts";
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
function words(key: number): Readonly<Record<"local" | "remote" | "ports" | "scope", number>> {
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
        const [found, wanted]: [number[], number[]] = [[], []];
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
          found.push(index.find(tuple.local, tuple.remote, tuple.ports, tuple.scope));
          wanted.push(model.get(key) ?? -1);
        }
        expect(index.count).toBe(model.size);
        for (let key = 0; key < 400; key += 1) {
          const { local, remote, ports, scope } = words(key);
          found.push(index.find(local, remote, ports, scope));
          wanted.push(model.get(key) ?? -1);
        }
        expect(found).toEqual(wanted);
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
  it.each([1, 8, 512, 4096])("with %i buckets finds both tuples of every entry as a Map would", (buckets) => {
    fc.assert(
      fc.property(COMMANDS, fc.nat({ max: 600 }), (commands, askedAt) => {
        const table = new ConntrackTable(buckets);
        const model = new Map<number, number>();
        const freed = new Set<string>();
        let stale = 0;
        for (const [index, { kind, key }] of commands.entries()) {
          // From then on the table keeps which ports it knows; before it does not.
          if (index === askedAt) table.hasPort(80);
          const { local, remote, ports } = words(key);
          const slot = model.get(key);
          if (kind === "add" && slot === undefined) {
            const fresh = table.allocate();
            if (freed.has(`${fresh}/${table.generation(fresh)}`)) stale += 1;
            table.setProtocol(fresh, 6);
            table.setOriginal(fresh, local, remote, ports);
            const reply = replyOf(key);
            table.setReply(fresh, reply.src, reply.dst, reply.ports);
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
        const keys = [...Array(400).keys()];
        const wanted = keys.flatMap((key) => tuplesWanted(key, model.get(key)));
        expect(keys.flatMap((key) => tuplesFound(table, key))).toEqual(wanted);
        const named = new Set(
          [...model.values()].flatMap((slot) => [...portsOf(table, 2 * slot), ...portsOf(table, 2 * slot + 1)]),
        );
        expect(new Set([...Array(65_536).keys()].filter((port) => table.hasPort(port)))).toEqual(named);
        // Each of the kernel's buckets holds the entries whose tuples hash to it, and no other.
        const bucketed = new Map<number, number[]>();
        for (const [key, slot] of model) {
          const { local, remote, ports } = words(key);
          const { src, dst, ports: replyPorts } = replyOf(key);
          for (const bucket of [bucketOf(table, local, remote, ports, 6), bucketOf(table, src, dst, replyPorts, 6)])
            bucketed.set(bucket, [...(bucketed.get(bucket) ?? []), slot]);
        }
        const held = new Map<number, readonly number[]>();
        for (let bucket = 0; bucket < table.buckets; bucket += 1) {
          const slots = slotsInBucket(table, bucket);
          if (slots.length > 0) held.set(bucket, slots);
        }
        expect(sorted(held)).toEqual(sorted(bucketed));
      }),
      RUNS,
    );
  });

  function sorted(buckets: ReadonlyMap<number, readonly number[]>): Map<number, number[]> {
    return new Map([...buckets].map(([bucket, slots]) => [bucket, slots.toSorted((a, b) => a - b)]));
  }

  function portsOf(table: ConntrackTable, node: number): number[] {
    return [table.ports(node) >>> 16, table.ports(node) & 0xffff];
  }

  /** Two entries in three are translated: their reply tuple is not the original one reversed. */
  function replyOf(key: number): { readonly src: number; readonly dst: number; readonly ports: number } {
    const { local, remote, ports } = words(key);
    const [sport, dport] = [ports >>> 16, ports & 0xffff];
    if (key % 3 === 0) return { src: remote, dst: local, ports: packPorts(dport, sport) };
    return key % 3 === 1
      ? { src: remote ^ 0x1000, dst: local, ports: packPorts(8443, sport) }
      : { src: remote, dst: local ^ 0x2000, ports: packPorts(dport, sport ^ 1024) };
  }

  /** Where both tuples of a key are found, under its own protocol and another one, and what the table keeps there. */
  function tuplesFound(table: ConntrackTable, key: number): number[] {
    const { local, remote, ports } = words(key);
    const reply = replyOf(key);
    const nodes = [table.find(local, remote, ports, 6), table.find(reply.src, reply.dst, reply.ports, 6)];
    const known = nodes.filter((node) => node >= 0);
    const kept = known.flatMap((node) => [table.src(node), table.dst(node), table.ports(node)]);
    return [...nodes, table.find(local, remote, ports, 17), ...kept];
  }

  function tuplesWanted(key: number, slot: number | undefined): number[] {
    if (slot === undefined) return [-1, -1, -1];
    const { local, remote, ports } = words(key);
    const reply = replyOf(key);
    return [2 * slot, 2 * slot + 1, -1, local, remote, ports, reply.src, reply.dst, reply.ports];
  }

  it("grows beyond its first capacity without losing an entry", () => {
    const table = new ConntrackTable(64);
    for (let slot = 0; slot < 3000; slot += 1) {
      expect(table.allocate()).toBe(slot);
      table.setProtocol(slot, 17);
      table.setOriginal(slot, slot, 7, 80);
      table.insert(slot);
    }
    for (let slot = 0; slot < 3000; slot += 1) expect(table.find(7, slot, 80 << 16, 17)).toBe(2 * slot + 1);
  });

  it("finds a socket that is connected to itself by its reply tuple, also once it has grown", () => {
    const table = new ConntrackTable(64);
    const add = (src: number, dst: number): number => {
      const slot = table.allocate();
      table.setProtocol(slot, 6);
      table.setOriginal(slot, src, dst, packPorts(36_704, 36_704));
      table.insert(slot);
      return slot;
    };
    const own = add(1, 1);
    const find = (): number => table.find(1, 1, packPorts(36_704, 36_704), 6);
    expect(find()).toBe(2 * own + 1);
    const before = table.chains;
    while (table.chains === before) add(table.count + 10, 7);
    expect(find()).toBe(2 * own + 1);
  });

  it("keeps what it is told of an entry apart from all else that it is told", () => {
    const moment = fc.maxSafeInteger().map((value) => Math.abs(value) % 2 ** 46);
    const facts = fc.record({
      expires: moment,
      startedAt: fc.integer({ min: -300_000, max: 2 ** 40 }),
      state: fc.nat({ max: 9 }),
      status: fc.constantFrom(...Object.values(CtStatus)),
      last: fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 5 })),
      // Most last segments end where all that their direction has sent ends; then their end has no place of its own.
      oddEnd: fc.option(fc.integer(), { nil: undefined }),
      retransmits: fc.nat({ max: 255 }),
      numbers: fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer()),
    });
    fc.assert(
      fc.property(fc.array(facts, { minLength: 1, maxLength: 6 }), (entries) => {
        const table = new ConntrackTable(16);
        type Entry = (typeof entries)[number];
        const endOf = ({ last, oddEnd, numbers }: Entry): number => oddEnd ?? (numbers[1] - last[0]) | 0;
        for (const entry of entries) {
          const { expires, state, status, last, retransmits, numbers } = entry;
          const slot = table.allocate();
          table.setProtocol(slot, 6);
          table.setOriginal(slot, slot, 1, 2);
          table.setRetransmits(slot, retransmits);
          table.setState(slot, state);
          table.setExpires(slot, expires);
          table.set(slot, status);
          for (const direction of [0, 1]) {
            table.memory.setMaxAck(2 * slot + direction, numbers[0] + direction);
            table.memory.setSentEnd(2 * slot + direction, numbers[1] - direction);
          }
          table.setLast(slot, ...last, endOf(entry));
          table.memory.setLastData(slot, numbers[2], numbers[3]);
        }
        for (const [slot, entry] of entries.entries()) {
          const { expires, state, status, last, retransmits, numbers } = entry;
          expect([table.expires(slot), table.state(slot), table.status(slot)]).toEqual([expires, state, status]);
          const found = [table.lastDirection(slot), table.lastInput(slot), table.lastEnd(slot)];
          expect(found).toEqual([...last, endOf(entry)]);
          expect([table.retransmits(slot), table.protocol(slot), table.src(2 * slot)]).toEqual([retransmits, 6, slot]);
          for (const direction of [0, 1]) {
            expect(table.memory.maxAck(2 * slot + direction)).toBe((numbers[0] + direction) | 0);
            expect(table.memory.sentEnd(2 * slot + direction)).toBe((numbers[1] - direction) | 0);
          }
          expect([table.memory.lastSeq(slot), table.memory.lastAck(slot)]).toEqual([numbers[2], numbers[3]]);
        }
        for (const [slot, { startedAt }] of entries.entries()) {
          table.memory.setStartedAt(slot, startedAt);
          expect(table.memory.startedAt(slot)).toBe(startedAt);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("has room for a million entries in 60 bytes each, chains included, and 12 more once one is translated", () => {
    const table = new ConntrackTable(262_144);
    for (let slot = 0; slot < 1_000_000; slot += 1) table.allocate();
    const each = (): number => table.bytes / table.chains;
    expect([table.chains, each()]).toEqual([1_048_576, 60]);
    table.setOriginal(7, 1, 2, 3);
    table.setReply(7, 4, 5, 6);
    expect(each()).toBe(72);
  });
});

describe("SocketTable", () => {
  it("has room for a TIME_WAIT entry in 56 bytes, index and queue included", () => {
    const table = new SocketTable();
    for (let host = 0; host < 200_000; host += 1) {
      const slot = table.allocate(1, undefined, 0);
      table.setTuple(slot, 1, 40_000, host, 80);
      table.hash(slot);
      table.becomeTimeWait(slot);
    }
    expect([table.capacity, table.bytes / table.capacity]).toEqual([262_144, 56]);
  });

  it("knows the ports of all rows in its index, of those before somebody asked and of those after", () => {
    const table = new SocketTable();
    const slots = [40_000, 40_002, 40_004].map((port) => {
      const slot = table.allocate(1, undefined, 0);
      table.setTuple(slot, 1, port, 2, 8080);
      if (port !== 40_004) table.hash(slot);
      return slot;
    });
    const known = (): boolean[] => [40_000, 40_002, 40_004, 8080].map((port) => table.hasPort(port));
    expect(known()).toEqual([true, true, false, true]);
    table.unhash(slots[0]!);
    table.hash(slots[2]!);
    expect(known()).toEqual([false, true, true, true]);
    for (const slot of slots.slice(1)) table.unhash(slot);
    expect(known()).toEqual([false, false, false, false]);
  });

  it("gives back what an open socket needs when it enters TIME_WAIT, and keeps tuple, flags and sequences", () => {
    const table = new SocketTable();
    const slot = table.allocate(3, undefined, 7);
    table.setTuple(slot, 1, 40_000, 2, 80);
    table.hash(slot);
    table.set(slot, SocketFlag.BOUND);
    table.setSndNxt(slot, -5);
    table.setRcvNxt(slot, 6);
    table.setDue(slot, 2 ** 40 + 1);
    const generation = table.ackGeneration(slot);
    table.becomeTimeWait(slot);
    expect([table.owner(slot), table.route(slot), table.ackGeneration(slot)]).toEqual([undefined, undefined, 0]);
    expect(table.index.find(1, 2, packPorts(40_000, 80), 3)).toBe(slot);
    expect([table.sndNxt(slot), table.rcvNxt(slot), table.due(slot)]).toEqual([-5, 6, 2 ** 40 + 1]);
    expect([table.has(slot, SocketFlag.BOUND), table.scope(slot)]).toEqual([true, 3]);
    expect(table.ackGeneration(table.allocate(1, undefined, 0))).not.toBe(generation);
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
            table.setServer(fresh, 1000 + number, 443);
            model.set(number, fresh);
          } else if (kind === "remove" && row !== undefined) {
            table.remove(row);
            model.delete(number);
          }
        }
        expect(table.count).toBe(model.size);
        const [found, wanted]: [number[], number[]] = [[], []];
        for (let number = 0; number < 400; number += 1) {
          const [client, cport, virtual, vport] = key(number);
          const into = (protocol: number): number => table.findIn(protocol, client, cport, virtual, vport);
          const out = (port: number): number => table.findOut(6, 1000 + number, port, client, cport);
          found.push(into(6), out(443), into(17), out(444));
          wanted.push(model.get(number) ?? -1, model.get(number) ?? -1, -1, -1);
        }
        expect(found).toEqual(wanted);
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
