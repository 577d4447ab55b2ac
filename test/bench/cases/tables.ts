import { formatCount } from "../../../src/report/number_text.ts";
import type { BenchCase, Bound, FigureName, Point } from "../bench_case.ts";
import { engine } from "../engine.ts";
import { tableFigures, type TableUnderTest, tupleOf } from "./table_model.ts";

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const TCP = 6;

/** The row of each entry, for tables that remove by row: what is known to whoever removes. */
class Rows {
  readonly #rows: Int32Array;

  constructor(count: number) {
    this.#rows = new Int32Array(count + 1);
  }

  set(entry: number, row: number): void {
    this.#rows[entry % this.#rows.length] = row;
  }

  get(entry: number): number {
    return this.#rows[entry % this.#rows.length]!;
  }
}

/** conntrack's own: both tuples of an entry stand in it. The kernel has a bucket for each entry that it allows. */
async function conntrackTable(count: number): Promise<TableUnderTest> {
  const { ConntrackTable } = await engine();
  const table = new ConntrackTable(count);
  const rows = new Rows(count);
  const { client, clientPort, server, serverPort } = tupleOf;
  return {
    find: (entry) => table.find(client, server(entry), (clientPort(entry) << 16) | serverPort, TCP) >= 0,
    insert: (entry) => {
      const slot = table.allocate();
      table.setProtocol(slot, TCP);
      table.setOriginal(slot, client, server(entry), (clientPort(entry) << 16) | serverPort);
      table.insert(slot);
      rows.set(entry, slot);
    },
    remove: (entry) => {
      table.remove(rows.get(entry));
      table.free(rows.get(entry));
    },
  };
}

/** IPVS's own: one key for each connection. */
async function ipvsTable(count: number): Promise<TableUnderTest> {
  const { IpvsConnectionTable } = await engine();
  const table = new IpvsConnectionTable();
  const rows = new Rows(count);
  // Many clients come to one virtual server, so the addresses change places.
  const { client: virtual, clientPort, server: clientOf, serverPort } = tupleOf;
  return {
    find: (entry) => table.findIn(TCP, clientOf(entry), clientPort(entry), virtual, serverPort) >= 0,
    insert: (entry) => rows.set(entry, table.add(TCP, clientOf(entry), clientPort(entry), virtual, serverPort)),
    remove: (entry) => table.remove(rows.get(entry)),
  };
}

/** A `Map` from a tuple packed into one number, with so many keys for each entry. */
function mapOf(keys: 1 | 2): TableUnderTest {
  const map = new Map<number, number>();
  const { clientPort, server } = tupleOf;
  const original = (entry: number): number => server(entry) * 65_536 + clientPort(entry);
  const reply = (entry: number): number => -original(entry);
  return {
    find: (entry) => map.has(original(entry)),
    insert: (entry) => {
      map.set(original(entry), entry);
      if (keys === 2) map.set(reply(entry), entry);
    },
    remove: (entry) => {
      map.delete(original(entry));
      if (keys === 2) map.delete(reply(entry));
    },
  };
}

type TableMaker = (count: number) => TableUnderTest | Promise<TableUnderTest>;

function pointsOf(what: string, make: TableMaker): Point[] {
  return SIZES.map((count) => ({
    name: nameOf(what, count),
    isFullOnly: count !== 1_000 && count !== 100_000,
    measure: async (scale) => tableFigures(await make(count), count, scale),
  }));
}

const nameOf = (what: string, count: number): string => `${what}, ${formatCount(count)} entries`;

function boundsOf(what: string): readonly Bound[] {
  const figure = (name: string, count: number, measure: string): FigureName => ({
    point: nameOf(name, count),
    measure,
  });
  const [least, most] = [1_000, 1_000_000];
  return ["find", "turnover"].flatMap((measure) => [
    {
      says: `${measure}, ${formatCount(most)} : ${formatCount(least)} entries`,
      figure: figure(what, most, measure),
      over: figure(what, least, measure),
    },
    ...[least, most].map((count) => ({
      says: `${measure}, ${what} : Map, ${formatCount(count)} entries`,
      figure: figure(what, count, measure),
      over: figure("Map", count, measure),
      atMost: 1,
    })),
  ]);
}

/** conntrack's table beside a Map. */
export const CONNTRACK_TABLE: BenchCase = {
  name: "conntrack-table",
  about:
    "conntrack's hash alone, two tuples an entry; turnover: the oldest is found and removed, a new one missed and inserted.",
  points: [...pointsOf("conntrack", conntrackTable), ...pointsOf("Map", () => mapOf(2))],
  bounds: boundsOf("conntrack"),
};

/** IPVS's connection table beside a Map. */
export const IPVS_TABLE: BenchCase = {
  name: "ipvs-table",
  about:
    "IPVS's connection hash alone, one key an entry; turnover: the oldest is found and removed, a new one missed and inserted.",
  points: [...pointsOf("IPVS", ipvsTable), ...pointsOf("Map", () => mapOf(1))],
  bounds: boundsOf("IPVS"),
};
