import { assert } from "../../../src/sim/assert.ts";
import type { BenchCase, Point, Row } from "../bench_case.ts";
import { engine } from "../engine.ts";
import { loadScenario, MeasuredNode, TIDY_KERNEL } from "../load.ts";
import { tupleOf } from "./table_model.ts";

const ENTRIES = 1_000_000;
const TCP = 6;

interface Held {
  readonly buffers: number;
  readonly heap: number;
}

/** What typed arrays and objects hold, garbage apart (where `--expose-gc` lets it be collected). */
function held(): Held {
  // Twice: buffers are given back after the collection that finds them dead.
  globalThis.gc?.();
  globalThis.gc?.();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return { buffers: arrayBuffers, heap: heapUsed };
}

/** Bytes an entry of what was allocated since `before`. */
function perEntry(before: Held, entries: number): readonly Row[] {
  const after = held();
  const buffers = (after.buffers - before.buffers) / entries;
  const heap = Math.max(0, after.heap - before.heap) / entries;
  return [
    { measure: "an entry", unit: "bytes", value: buffers + heap },
    { measure: "of that in typed arrays", unit: "bytes", value: buffers },
  ];
}

const conntrackEntry: Point = {
  name: "conntrack entry",
  measure: async () => {
    const { ConntrackTable } = await engine();
    const entries = ENTRIES;
    const { client, clientPort, server, serverPort } = tupleOf;
    const before = held();
    const table = new ConntrackTable(entries);
    for (let entry = 0; entry < entries; entry += 1) {
      const slot = table.allocate();
      table.setProtocol(slot, TCP);
      table.setOriginal(slot, client, server(entry), (clientPort(entry) << 16) | serverPort);
      table.insert(slot);
    }
    const rows = perEntry(before, entries);
    assert(table.count === entries, "the table is alive while it is weighed");
    return { rows };
  },
};

const timeWaitSocket: Point = {
  name: "TIME_WAIT socket",
  measure: async () => {
    const { SocketTable } = await engine();
    const entries = ENTRIES;
    const { client, clientPort, server, serverPort } = tupleOf;
    const before = held();
    const sockets = new SocketTable();
    for (let entry = 0; entry < entries; entry += 1) {
      const slot = sockets.allocate(0, undefined, 0);
      sockets.setTuple(slot, client, clientPort(entry), server(entry), serverPort);
      sockets.hash(slot);
      sockets.becomeTimeWait(slot);
    }
    const rows = perEntry(before, entries);
    assert(sockets.index.count === entries, "the table is alive while it is weighed");
    return { rows };
  },
};

/** Seconds that an entry of either kind stands in `wholeNode`; those of conntrack as garbage for the last 16 of them. */
const STANDS = 61;
const GARBAGE = 16;

const wholeNode: Point = {
  name: "node with 1,000,000 of both",
  isFullOnly: true,
  measure: async (scale) => {
    const load = {
      kernel: TIDY_KERNEL,
      rate: (ENTRIES * scale) / STANDS,
      destinations: 256,
      conntrackTimeWait: STANDS - GARBAGE,
    };
    const node = await MeasuredNode.boot(loadScenario(load));
    const before = held();
    node.run(80);
    const sockets = node.timeWaits;
    return {
      rows: [
        ...perEntry(before, sockets).map((row) => ({
          ...row,
          measure: row.measure.replace("an entry", "both entries"),
        })),
        { measure: "TIME_WAITs", unit: "entries", value: sockets },
        { measure: "conntrack", unit: "entries", value: node.conntrackEntries },
      ],
    };
  },
};

/** What an entry of the large tables costs in memory. */
export const MEMORY: BenchCase = {
  name: "memory",
  about:
    "Bytes for each of 1,000,000 entries: typed arrays by their length, and objects, after a collection of garbage.",
  points: [conntrackEntry, timeWaitSocket, wholeNode],
  bounds: [
    { says: "a conntrack entry", figure: { point: "conntrack entry", measure: "an entry" }, atMost: 64 },
    { says: "a TIME_WAIT socket", figure: { point: "TIME_WAIT socket", measure: "an entry" }, atMost: 64 },
  ],
};
