import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createPortWalk,
  ParityHintWalk,
  ParityTableWalk,
  SequentialWalk,
} from "../../../src/kernel/ports/port_walks.ts";
import { PortSearch } from "../../../src/kernel/ports/port_search.ts";
import { RandomStream } from "../../../src/sim/random.ts";
import { PARITY_LETTERS, PortBench, walkAt, WALK_LETTERS, type WalkLetter } from "../../support/port_bench.ts";
import { era } from "../../support/small_network.ts";
import { Wire } from "../../support/wire.ts";

// Worked examples by hand from the kernel's algorithm: range 32768 to 60999 (28,232 ports), everything free unless said.
const DEFAULT_RANGE = { low: 32768, high: 60999 };
const TEN_PORTS = { low: 40000, high: 40009 };

function ports(text: string): number[] {
  return text.split(" ").map(Number);
}

describe("PortWalk, six connects to a destination with hash 1000", () => {
  it.each<[WalkLetter, string]>([
    ["A", "33769 33770 33771 33772 33773 33774"],
    ["B1", "33768 33770 33772 33774 33776 33778"],
    ["B2", "33768 33770 33772 33774 33776 33778"],
    ["C1", "33768 33770 33772 33774 33776 33778"],
  ])("walk %s: %s", (letter, expected) => {
    const bench = new PortBench();
    const walk = walkAt(letter, 1000, 0);
    expect(bench.searchAll(walk, { ...DEFAULT_RANGE, hash: 1000 }, 6)).toEqual(ports(expected));
  });

  it("walk C2 adds max(distance, 2r) + 2: 33768 33776 33778 33794 33798 33810 for r = 3 0 7 1 5 2", () => {
    const walk = walkAt("C2", 1000, 0, [3, 0, 7, 1, 5, 2]);
    const found = new PortBench().searchAll(walk, { ...DEFAULT_RANGE, hash: 1000 }, 7);
    expect(found.slice(0, 6)).toEqual(ports("33768 33776 33778 33794 33798 33810"));
    expect(found[6]).toBe(32768 + 1000 + 48);
  });

  it("walk C1 adds 2 to a step without obstacle if its draw of sixteen is 0, and to no other step", () => {
    const searchWith = (draw: number, takes: readonly number[]): number[] => {
      const bench = new PortBench();
      bench.take(takes);
      return bench.searchAll(walkAt("C1", 1000, 0, [draw]), { ...DEFAULT_RANGE, hash: 1000 }, 3);
    };
    expect([0, 1, 8, 15].map((draw) => searchWith(draw, []))).toEqual([
      ports("33768 33772 33776"),
      ports("33768 33770 33772"),
      ports("33768 33770 33772"),
      ports("33768 33770 33772"),
    ]);
    expect(searchWith(0, [33768])).toEqual(ports("33770 33772 33776"));
  });

  it("with IP_LOCAL_PORT_RANGE the step is 1: 33768 33772 33773 33781 33783 33789 for the same r", () => {
    const walk = walkAt("C2", 1000, 0, [3, 0, 7, 1, 5, 2]);
    const request = { ...DEFAULT_RANGE, hash: 1000, isOptionRange: true };
    const found = new PortBench().searchAll(walk, request, 7);
    expect(found.slice(0, 6)).toEqual(ports("33768 33772 33773 33781 33783 33789"));
    expect(found[6]).toBe(32768 + 1000 + 24);
  });

  it("walk B2 rounds hash 1001 down to the same ports, and shares its cursor between destinations", () => {
    const bench = new PortBench();
    const walk = new ParityHintWalk();
    expect(bench.search(walk, { ...DEFAULT_RANGE, hash: 1001 })).toBe(33768);
    const probed = [33768];
    walk.hint = 2;
    for (let probe = 0; probe < 3; probe += 1) {
      bench.searchAll(walk, { ...DEFAULT_RANGE, hash: 7777 }, 10);
      probed.push(bench.search(walk, { ...DEFAULT_RANGE, hash: 1000 }));
    }
    expect(probed).toEqual(ports("33768 33790 33812 33834"));
  });
});

describe("PortWalk with taken ports", () => {
  it("B1 goes to the next free port, whatever its parity, and keeps its hint even", () => {
    const bench = new PortBench();
    bench.take([33768, 33769]);
    expect(bench.searchAll(walkAt("B1", 0, 0), { ...DEFAULT_RANGE, hash: 1000 }, 3)).toEqual(
      ports("33770 33772 33774"),
    );
    const odd = new PortBench();
    odd.take([33768]);
    expect(odd.searchAll(walkAt("B1", 0, 0), { ...DEFAULT_RANGE, hash: 1000 }, 2)).toEqual(ports("33769 33770"));
  });

  it("B2 goes to the next free port of the parity, and adds what it skipped", () => {
    const bench = new PortBench();
    bench.take([33768, 33770]);
    const walk = new ParityHintWalk();
    expect(bench.search(walk, { ...DEFAULT_RANGE, hash: 1000 })).toBe(33772);
    expect(walk.hint).toBe(6);
    expect(bench.searchAll(walk, { ...DEFAULT_RANGE, hash: 1000 }, 2)).toEqual(ports("33774 33776"));
  });

  it.each<[WalkLetter, string]>([
    ["A", "40004 40005 40006 40007 40008 40009 40000 40001 40002 40003"],
    ["B1", "40002 40004 40006 40008 40000 40003 40005 40007 40009 40001"],
    ["B2", "40002 40004 40006 40008 40000 40003 40005 40007 40009 40001"],
  ])("walk %s hands out ten ports with hash 3 as %s, then none", (letter, expected) => {
    const bench = new PortBench();
    const found = bench.searchAll(walkAt(letter, 3, 0), { ...TEN_PORTS, hash: 3 }, 11, true);
    expect(found).toEqual([...ports(expected), -1]);
  });

  it.each<[WalkLetter, number, string, number]>([
    ["A", 29995 - 1024, "29996 29997 29998 29999 32768", 2773],
    ["B1", 29996 - 1024, "29996 29998 32768 32770 32772", 2778],
    ["B2", 29996 - 1024, "29996 29998 32768 32770 32772", 2778],
    ["C2", 29996 - 1024, "29996 29998 32768 32770 32772", 2778],
  ])("walk %s jumps over the reserved 30000-32767 with its cursor", (letter, hash, expected, moved) => {
    const bench = new PortBench();
    bench.reserve("30000-32767");
    const request = { low: 1024, high: 65000, hash };
    const walk = walkAt(letter, hash, 0, [0]);
    expect(bench.searchAll(walk, request, 5)).toEqual(ports(expected));
    // What the cursor has moved shows where the same cursor stands in an undisturbed range.
    const control = walkAt(letter, hash, moved, [0]);
    expect(bench.search(walk, request)).toBe(bench.search(control, request));
  });
});

describe("PortWalk at its edges", () => {
  it("B2 wraps from the high bound to the low one", () => {
    const found = new PortBench().searchAll(new ParityHintWalk(), { ...DEFAULT_RANGE, hash: 28228 }, 6);
    expect(found).toEqual(ports("60996 60998 32768 32770 32772 32774"));
  });

  it("B2 jumps when the 32-bit cursor wraps, since 2^32 is no multiple of the range", () => {
    const found = new PortBench().searchAll(walkAt("B2", 0, 4294967292), { ...DEFAULT_RANGE, hash: 0 }, 4);
    expect(found).toEqual(ports("37668 37670 32768 32770"));
  });

  it.each(PARITY_LETTERS)("walk %s over an odd range reaches the top port except from offset 0", (letter) => {
    const firstPass = (offset: number): number[] => {
      const bench = new PortBench();
      bench.take([40000, 40001, 40002, 40003, 40004, 40005, 40006, 40007, 40008]);
      expect(bench.search(walkAt(letter, offset, 0), { low: 40000, high: 40008, hash: offset })).toBe(-1);
      return bench.asked.slice(0, 4).map((port) => port - 40000);
    };
    expect([firstPass(0), firstPass(2), firstPass(4)]).toEqual([
      [0, 2, 4, 6],
      [2, 4, 6, 8],
      [4, 6, 8, 2],
    ]);
  });

  it.each(WALK_LETTERS)("walk %s over one port tries it once", (letter) => {
    const bench = new PortBench();
    const request = { low: 50000, high: 50000, hash: 17 };
    expect(bench.search(walkAt(letter, 17, 5), request)).toBe(50000);
    bench.take([50000]);
    expect(bench.search(walkAt(letter, 17, 5), request)).toBe(-1);
    expect(bench.asked).toEqual([50000]);
  });

  it("C1 adds 2 more once in 16 undisturbed steps, and never to a disturbed one", () => {
    const bench = new PortBench();
    const walk = walkAt("C1", 0, 0, [5, 0, 9]);
    expect(bench.searchAll(walk, { ...DEFAULT_RANGE, hash: 0 }, 4)).toEqual(ports("32768 32770 32774 32776"));
    bench.take([32778, 32780]);
    const disturbed = walkAt("C1", 0, 10, [0]);
    expect(bench.searchAll(disturbed, { ...DEFAULT_RANGE, hash: 0 }, 2)).toEqual(ports("32782 32784"));
  });

  it("C1 indexes its 256 cursors by hash_32: 247 for 1000, 212 for 5000", () => {
    const rowOf = (hash: number): number => Number(((BigInt(hash) * 0x61c88647n) & 0xffffffffn) >> 24n);
    expect([rowOf(1000), rowOf(5000)]).toEqual([247, 212]);
    const cursors = [...Array(3000).keys()];
    const sameRow = cursors.find((hash) => hash !== 1000 && rowOf(hash) === 247)!;
    const walk = walkAt("C1", 1000, 100);
    const offsetOf = (hash: number): number => new PortBench().search(walk, { ...DEFAULT_RANGE, hash }) - 32768;
    expect(offsetOf(sameRow)).toBe((100 + sameRow) & ~1);
    expect(offsetOf(1000)).toBe(1102);
    // A hash of another row leaves this one's cursor where it is: after 102 and 1102 it stands at 104.
    offsetOf(5000);
    expect(offsetOf(1000)).toBe(1104);
  });

  it("every table starts full of random numbers, the hints start at 0", () => {
    const first = (seed: string): number => {
      const walk = new ParityTableWalk({ tableBits: 16, noise: new RandomStream(seed), hasRandomIncrements: true });
      return new PortBench().search(walk, { ...DEFAULT_RANGE, hash: 1 });
    };
    expect(new Set(["a", "b", "c", "d"].map(first)).size).toBe(4);
    for (const build of ["4.1.19", "4.4.11", "5.4.188"]) {
      const walk = createPortWalk(era(build), new RandomStream("unused"));
      expect([32768, 32769]).toContain(new PortBench().search(walk, { ...DEFAULT_RANGE, hash: 0 }));
    }
    expect(new SequentialWalk().hint).toBe(0);
  });
});

describe("ip_local_port_step_width from 7.1 on", () => {
  interface Leaps {
    readonly low: number;
    readonly high: number;
    readonly width: number;
    /** k - 1 of each search, and between them the increments of those that succeed. */
    readonly draws: readonly number[];
    readonly isOptionRange?: boolean;
    readonly isFree?: (port: number) => boolean;
    readonly walk?: WalkLetter;
  }

  /** The candidates of one search from offset 0, every port being owned; none is free unless said. @returns them, and where the next search begins. */
  function candidates(leaps: Leaps): { readonly tried: number[]; readonly port: number; readonly cursor: number } {
    const { low, high, width, draws, isOptionRange = false, isFree = () => false } = leaps;
    const { host } = new Wire({ kernel: "7.1" });
    const tried: number[] = [];
    const search = new PortSearch(host, {
      isTupleFree: (_search, port) => {
        tried.push(port);
        return isFree(port);
      },
    });
    for (let port = low; port <= high; port += 1) host.ports.addConnectOwner(port);
    Object.assign(search, { low, high, isOptionRange, stepWidth: width });
    const walk = walkAt(leaps.walk ?? "C2", 0, 0, draws);
    const port = walk.search(search);
    const all = [...tried];
    const offset = new PortBench().search(walk, { ...DEFAULT_RANGE, hash: 0 }) - DEFAULT_RANGE.low;
    return { tried: all, port, cursor: offset };
  }

  const RANGE = { low: 30000, high: 30009 };
  const ODD_PASS = "30001 30007 30003 30009 30005";

  it("range 30000 to 30009 with k = 3: 30000 30006 30002 30008 30004, then the odd ones with the same k", () => {
    const { tried, port } = candidates({ ...RANGE, width: 5, draws: [2] });
    expect([tried, port]).toEqual([ports(`30000 30006 30002 30008 30004 ${ODD_PASS}`), -1]);
  });

  it("draws k up to the width, or up to the number of candidates if that is less", () => {
    const second = (width: number, draw: number): number => candidates({ ...RANGE, width, draws: [draw] }).tried[1]!;
    expect([1, 2, 3, 4].map((width) => second(width, 3))).toEqual(ports("30002 30004 30002 30008"));
    // Five candidates: a draw of 3 stays below five, and k = 5 has a divisor in common with them, so that k is 1.
    expect([second(1000, 3), second(1000, 4)]).toEqual(ports("30008 30002"));
  });

  it("raises k until it has no divisor in common with the number of candidates, over even ones if that is even", () => {
    // 30000 to 30011: six candidates. k = 2 becomes 3, then 5; if the width is 4 it becomes 1.
    const six = { low: 30000, high: 30011, draws: [1] };
    expect(candidates({ ...six, width: 6 }).tried.slice(0, 6)).toEqual(ports("30000 30010 30008 30006 30004 30002"));
    expect(candidates({ ...six, width: 4 }).tried.slice(0, 6)).toEqual(ports("30000 30002 30004 30006 30008 30010"));
  });

  it("counts 2 for each candidate passed over, however far it leaps, and moves the cursor by that", () => {
    const { port, tried, cursor } = candidates({ ...RANGE, width: 5, draws: [2, 0], isFree: (one) => one === 30008 });
    expect([tried, port, cursor]).toEqual([ports("30000 30006 30002 30008"), 30008, 8]);
  });

  it("leaps by k itself over the range of a socket with IP_LOCAL_PORT_RANGE", () => {
    const { tried } = candidates({ ...RANGE, width: 10, draws: [2], isOptionRange: true });
    expect(tried).toEqual(ports("30000 30003 30006 30009 30002 30005 30008 30001 30004 30007"));
  });

  it("does nothing when it is 0, or to the walk of 5.12", () => {
    const inOrder = ports("30000 30002 30004 30006 30008 30001 30003 30005 30007 30009");
    expect(candidates({ ...RANGE, width: 0, draws: [2] }).tried).toEqual(inOrder);
    expect(candidates({ ...RANGE, width: 5, draws: [2], walk: "C1" }).tried).toEqual(inOrder);
  });

  it("still tries every port once: in an even range all of them, in an odd one all but one end", () => {
    const range = fc.record({
      size: fc.integer({ min: 1, max: 60 }),
      width: fc.integer({ min: 0, max: 80 }),
      draw: fc.nat({ max: 79 }),
      isOptionRange: fc.boolean(),
    });
    fc.assert(
      fc.property(range, ({ size, width, draw, isOptionRange }) => {
        const low = 40000;
        const { tried } = candidates({ low, high: low + size - 1, width, draws: [draw], isOptionRange });
        const isWhole = isOptionRange || size === 1 || size % 2 === 0;
        expect(new Set(tried).size).toBe(tried.length);
        expect(tried).toHaveLength(isWhole ? size : size - 1);
        expect(tried.every((port) => port >= low && port < low + size)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("is read from the namespace's sysctl, anew after each change", () => {
    const wire = new Wire({
      kernel: "7.1",
      sysctls: {
        "net.ipv4.ip_local_port_range": "30000 30009",
        "net.ipv4.ip_local_reserved_ports": "30000",
      },
    });
    const allocator = wire.tcp.ports;
    allocator.givenHash = { low: 0, high: 0 };
    /** The ports that connects get which begin at 30000, where none is to be had. */
    const picked = (): Set<number> => {
      const cursors = Array.from({ length: 40 }, (_, row) => 10 * row);
      return new Set(
        cursors.map((cursor) => {
          allocator.walk.setCursors(cursor);
          return allocator.pick(wire.host, 1, 2, 80);
        }),
      );
    };
    expect(picked()).toEqual(new Set([30002]));
    wire.set("net.ipv4.ip_local_port_step_width", "5");
    expect(picked()).toEqual(new Set([30002, 30004, 30006, 30008]));
    wire.set("net.ipv4.ip_local_port_step_width", "0");
    expect(picked()).toEqual(new Set([30002]));
  });
});
