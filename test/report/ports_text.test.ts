import { describe, expect, it } from "vitest";
import { portsMapData } from "../../src/report/charts/port_map_data.ts";
import type { PortsConnect, PortsDocument } from "../../src/report/ports_document.ts";
import {
  countSteps,
  countTenths,
  findKnees,
  findPileUps,
  usablePorts,
  walkedRange,
} from "../../src/report/ports_figures.ts";
import { portsText } from "../../src/report/ports_text.ts";

/** Connects to one destination, a second apart, one candidate each. */
function connectsTo(picked: readonly number[], destination = 0): PortsConnect[] {
  return picked.map((port, index) => ({ at: index, destination, port, candidates: 1 }));
}

/** A document with any part of it replaced. */
function documentWith(parts: Partial<PortsDocument>, settings: Partial<PortsDocument["settings"]> = {}): PortsDocument {
  return {
    format: "ports/1",
    kernel: "5.4.188",
    portWalk: "4.6-5.11",
    range: [40000, 40099],
    connects: connectsTo([40000, 40002, 40004]),
    ...parts,
    settings: { seed: "s", reserved: [], listen: [], destinations: 1, gapSeconds: 1, close: "fin", ...settings },
  };
}

const lines = (document: PortsDocument, columns = 100): string[] =>
  portsText(document, { color: false, columns }).split("\n");

describe("A socket's own range", () => {
  const ofSockets = (kernel: string, socketRange: readonly [number, number], picked: readonly number[]) =>
    documentWith({ kernel, portWalk: "5.18+", connects: connectsTo(picked) }, { socketRange });

  it("is gone through by parity up to 6.7, from its own low bound on", () => {
    const document = ofSockets("6.3", [40_001, 40_006], [40_003, 40_005, 40_001, 40_002]);
    expect(findKnees(document).otherParity).toBe(3);
    expect(usablePorts(document)).toBe(3);
  });

  it("is gone through port by port from 6.8 on, without a parity that is used up", () => {
    const document = ofSockets("6.12", [40_001, 40_006], [40_002, 40_003, 40_001]);
    expect(findKnees(document).otherParity).toBeUndefined();
    expect(usablePorts(document)).toBe(6);
    expect(portsMapData(document).isFirstParity(40_002)).toBe(true);
  });

  it("leaves a bound of 0 to ip_local_port_range", () => {
    expect(walkedRange(ofSockets("6.12", [0, 40_006], []))).toEqual([40_000, 40_006]);
  });
});

describe("countSteps", () => {
  it("counts steps of the same destination, around the end of the range", () => {
    const connects = [...connectsTo([40096, 40098, 40000]), ...connectsTo([40050, 40054], 1)];
    expect(countSteps(documentWith({ connects }))).toEqual({
      within: [
        [2, 2],
        [4, 1],
      ],
      resalted: 0,
    });
  });

  it("counts a range with an odd number of ports as one less where there is a parity", () => {
    const connects = connectsTo([40006, 40000]);
    expect(countSteps(documentWith({ connects, range: [40000, 40008] })).within).toEqual([[2, 1]]);
    expect(countSteps(documentWith({ connects, range: [40000, 40008], portWalk: "3.10" })).within).toEqual([[3, 1]]);
  });

  it("leaves out steps into another epoch and errors", () => {
    const connects: PortsConnect[] = [
      { at: 0, destination: 0, port: 40000, candidates: 1, epoch: 0 },
      { at: 1, destination: 0, port: 40050, candidates: 1, epoch: 1 },
      { at: 2, destination: 0, error: "EADDRNOTAVAIL", candidates: 100, epoch: 1 },
      { at: 3, destination: 0, port: 40054, candidates: 1, epoch: 1 },
    ];
    expect(countSteps(documentWith({ connects }))).toEqual({ within: [[4, 1]], resalted: 1 });
  });
});

describe("findKnees", () => {
  const connects: PortsConnect[] = [
    ...connectsTo([40000, 40002, 40001]),
    { at: 3, destination: 0, error: "EADDRNOTAVAIL", candidates: 4 },
  ];

  it("finds the first port of the other parity and the first EADDRNOTAVAIL", () => {
    expect(findKnees(documentWith({ connects }))).toEqual({ otherParity: 2, exhausted: 3 });
    expect(findKnees(documentWith({}))).toEqual({ otherParity: undefined, exhausted: undefined });
  });

  it("knows that the old walks have no parity", () => {
    expect(findKnees(documentWith({ connects, portWalk: "4.2-4.5" }))).toEqual({
      otherParity: undefined,
      exhausted: 3,
    });
  });
});

describe("findPileUps", () => {
  it("finds the first port of the parity behind each block, and joins blocks that have the same", () => {
    const connects = connectsTo([40010, 40010, 40030]);
    const reserved = [
      [40002, 40005],
      [40006, 40006],
      [40008, 40009],
      [40021, 40021],
      [40028, 40029],
    ] as const;
    expect(findPileUps(documentWith({ connects }, { reserved }))).toEqual([
      {
        blocks: [
          [40002, 40006],
          [40008, 40009],
        ],
        behind: 40010,
        picks: 2,
      },
      { blocks: [[40028, 40029]], behind: 40030, picks: 1 },
    ]);
  });

  it("goes around the end of the range, keeps to it, and counts listening ports in", () => {
    const settings = { reserved: [[40090, 50000]], listen: [[40000, 40000]] } as const;
    const blocks = [
      [40000, 40000],
      [40090, 40099],
    ];
    expect(findPileUps(documentWith({}, settings))).toEqual([{ blocks, behind: 40002, picks: 1 }]);
    expect(usablePorts(documentWith({}, settings))).toBe(44);
  });

  it("finds nothing when every port is reserved", () => {
    expect(findPileUps(documentWith({}, { reserved: [[1, 65535]] }))).toEqual([]);
  });
});

describe("countTenths", () => {
  it("parts the range into ten and counts every pick once", () => {
    const tenths = countTenths(documentWith({ connects: connectsTo([40000, 40009, 40010, 40099]) }));
    expect(tenths.map(([, , count]) => count)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([tenths[0], tenths[9]]).toEqual([
      [40000, 40009, 2],
      [40090, 40099, 1],
    ]);
  });
});

describe("portsText", () => {
  it("tells what was asked, the ports and the walk", () => {
    expect(lines(documentWith({}))).toEqual([
      "kernel 5.4.188, port walk 4.6-5.11: first the ports with the low bound's parity, then the others,",
      "from one cursor that every connect of the machine moves by 2.",
      "3 connects to 1 destination, one every second, each closed by a FIN, from 100 ports (40000-40099),",
      'seed "s".',
      "",
      "Ports",
      "  in order               40000 40002 40004",
      "",
      "The walk",
      "  steps                  between ports of one destination: 2 (2×)",
      "  hashed anew            never: the hash stays as at boot",
      "  parity                 3 even, 0 odd",
      "  ports tried            1 per connect on average, at most 1",
      "",
    ]);
  });

  it("gives few destinations a row each", () => {
    const connects = [...connectsTo([40000]), ...connectsTo([40050], 1)];
    expect(lines(documentWith({ connects }, { destinations: 2 }))).toEqual(
      expect.arrayContaining(["  to destination 0       40000", "  to destination 1       40050"]),
    );
  });

  it("tells both knees and the searches before and behind them", () => {
    const connects: PortsConnect[] = [
      ...connectsTo([40000, 40002]),
      { at: 2, destination: 0, port: 40001, candidates: 3 },
      { at: 3, destination: 0, error: "EADDRNOTAVAIL", candidates: 4 },
    ];
    const text = portsText(documentWith({ connects }), { color: false, columns: 100 });
    expect(text).toContain(
      [
        "Filling up",
        "  before                 ports tried per connect: 1 on average, at most 1",
        "  connect 3, 2 s         the first odd port: no even one was left; ports tried per connect: 3 on",
        "                         average, at most 3",
        "  connect 4, 3 s         EADDRNOTAVAIL after 4 candidates; 1 of 4 connects failed",
      ].join("\n"),
    );
  });

  it("tells a range that gives nothing at all, and the same error in a row once", () => {
    const connects = Array.from({ length: 50 }, (_, index) => {
      return { at: index, destination: 0, error: "EADDRNOTAVAIL", candidates: 28_232 };
    });
    const range = [32768, 60999] as const;
    expect(lines(documentWith({ connects, range }, { reserved: [[1, 65535]] })).slice(5)).toEqual([
      "Ports",
      "  first 20               EADDRNOTAVAIL (20×)",
      "  last 5                 EADDRNOTAVAIL (5×)",
      "",
      "The walk",
      "  steps                  none: no destination got two ports",
      "  hashed anew            never: the hash stays as at boot",
      "  parity                 0 even, 0 odd",
      "  ports tried            28,232 per connect on average, at most 28,232",
      "",
      "Filling up",
      "  connect 1, 0 s         EADDRNOTAVAIL after 28,232 candidates; 50 of 50 connects failed",
      "",
    ]);
  });

  it("summarises many connects, and stays within the columns", () => {
    const many = Array.from({ length: 5000 }, (_, index) => 40000 + ((index * 2) % 100));
    const document = documentWith(
      { connects: connectsTo(many) },
      { reserved: [[40051, 40053]], listen: [[40080, 40080]] },
    );
    for (const columns of [60, 100, 300]) {
      const text = lines(document, columns);
      expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(Math.min(100, columns));
      expect(text.length).toBeLessThan(60);
      expect(text.join("\n")).toMatch(/first 20 +40000 [^]*last 5 +40090 [^]*Behind reserved[^]*40051-40053[^]*40054/);
    }
  });
});
