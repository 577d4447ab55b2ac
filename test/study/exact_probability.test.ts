import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PortWalkName } from "../../src/kernel/kernel_era.ts";
import { cursorWarnings, exactProbability } from "../../src/study/exact_probability.ts";
import type { ExactProbabilityInput } from "../../src/study/exact_probability.ts";
import { CursorMachine, WALKS } from "./cursor_machine.ts";

const INCIDENT_NODE_PORTS = [
  20869, 21980, 23593, 24795, 24855, 28796, 29385, 29515, 31221, 32080, 32443, 35723, 35934, 36321, 36704, 37629, 38820,
  39080,
];

function incident(walk: PortWalkName, changes: Partial<ExactProbabilityInput> = {}): ExactProbabilityInput {
  return {
    walk,
    range: [1024, 65000],
    isReserved: () => false,
    isHeld: () => false,
    nodePorts: INCIDENT_NODE_PORTS,
    probesPerEpochAtMostOne: true,
    ...changes,
  };
}

/** One NodePort at 40000, and the 2,000 ports below it reserved. */
function funnel(walk: PortWalkName, changes: Partial<ExactProbabilityInput> = {}): ExactProbabilityInput {
  const isReserved = (port: number): boolean => port >= 38000 && port <= 39999;
  return incident(walk, { range: [32768, 60999], nodePorts: [40000], isReserved, ...changes });
}

function probability(input: ExactProbabilityInput): number {
  const exact = exactProbability(input);
  if ("declined" in exact) throw new Error(`declined: ${exact.declined}`);
  return exact.probability;
}

function reserved(low: number, high: number): Partial<ExactProbabilityInput> {
  return { isReserved: (port) => port >= low && port <= high };
}

describe("exactProbability of the incident", () => {
  it.each(["3.10", "4.2-4.5"] as const)("is 18 of 63,977 ports on %s", (walk) => {
    expect(probability(incident(walk))).toBe(18 / 63977);
  });

  it.each(["4.6-5.11", "5.12-5.17", "5.18+"] as const)("is 7 of 31,988 even ports on %s", (walk) => {
    expect(probability(incident(walk))).toBe(7 / 31988);
  });

  it.each(WALKS)("is 0 on %s when 20000-40000 is reserved, however the cursor jumps", (walk) => {
    expect(probability(incident(walk, reserved(20000, 40000)))).toBe(0);
  });

  it.each(WALKS)("is 0 on %s when kube-proxy holds every NodePort", (walk) => {
    expect(probability(incident(walk, { isHeld: (port) => INCIDENT_NODE_PORTS.includes(port) }))).toBe(0);
  });

  it.each(WALKS)("is 1 on %s when every port is reserved: EADDRNOTAVAIL", (walk) => {
    expect(probability(incident(walk, reserved(0, 65535)))).toBe(1);
  });

  it("changes to the 11 odd NodePorts with an odd low bound from 4.2, and stays at 18 before", () => {
    expect(probability(incident("3.10", { range: [1025, 65000] }))).toBe(18 / 63976);
    for (const walk of ["4.2-4.5", "4.6-5.11", "5.12-5.17", "5.18+"] as const) {
      expect(probability(incident(walk, { range: [1025, 65000] }))).toBe(11 / 31988);
    }
  });

  it("is 6 of 31,988 on 5.18+ when 30000-32767 is reserved: one even NodePort goes, and 32768 is none", () => {
    expect(probability(incident("5.18+", reserved(30000, 32767)))).toBe(6 / 31988);
  });

  it("does not decline from 4.6 when only ports of the parity that is not searched are held", () => {
    expect(probability(incident("4.6-5.11", { isHeld: (port) => port === 10249 || port === 6443 }))).toBe(7 / 31988);
  });

  it("does not decline on 4.2-4.5 for a held port that stands alone: the cursor moves 2 ports all the same", () => {
    expect(probability(incident("4.2-4.5", { isHeld: (port) => port === 10250 }))).toBe(18 / 63977);
  });
});

describe("exactProbability behind a reserved block", () => {
  it("is 1,001 of 14,116 on 5.18+ with probes 10 s apart", () => {
    expect(probability(funnel("5.18+"))).toBe(1001 / 14116);
  });

  it("falls as more connects share an epoch, since only the first may start in the block at will", () => {
    const inEpoch = (connectsPerEpoch: number): number =>
      probability(funnel("5.18+", { probesPerEpochAtMostOne: false, connectsPerEpoch }));
    expect(inEpoch(1)).toBe(1001 / 14116);
    expect(inEpoch(2)).toBeCloseTo(0.0356156, 6);
    expect(inEpoch(1.5)).toBeCloseTo((1001 / 14116 + 2 * inEpoch(2)) / 3, 12);
    expect(inEpoch(100)).toBeCloseTo(1.0247e-3, 6);
  });

  it("declines on 5.18+ when the connects of an epoch are not known", () => {
    expect(exactProbability(funnel("5.18+", { probesPerEpochAtMostOne: false }))).toEqual({
      declined: "reserved or held ports bend a destination's walk within 10 s, and its connects in 10 s are not known",
    });
  });

  it("is one connect a round on 5.12-5.17 when a single destination owns the cursor", () => {
    expect(probability(funnel("5.12-5.17", { destinations: 1 }))).toBeCloseTo(8.1007e-5, 8);
  });

  it.each(["3.10", "4.2-4.5", "4.6-5.11", "5.12-5.17"] as const)(
    "declines on %s, where destinations share a cursor",
    (walk) => {
      expect(exactProbability(funnel(walk))).toHaveProperty("declined", expect.stringContaining("lock together"));
    },
  );

  it("says in the refusal how many starts are bent and what evenly frequent starts would give", () => {
    expect(exactProbability(funnel("4.6-5.11"))).toEqual({
      declined:
        "1000 of 14116 starting offsets meet a reserved or held port, and skipping it moves the cursor that all " +
        "destinations share: their walks lock together behind what is skipped, so a port's long-run share has no closed " +
        "value (were all starts equally frequent, it would be 7.09e-2)",
    });
  });
});

/** A small range with its unusable ports and NodePorts, as bits of two numbers. */
const smallRange = fc.record({
  low: fc.integer({ min: 100, max: 103 }),
  size: fc.integer({ min: 1, max: 24 }),
  unusable: fc.nat({ max: 2 ** 24 - 1 }),
  nodePorts: fc.nat({ max: 2 ** 24 - 1 }),
});

function inputOf(
  walk: PortWalkName,
  small: { low: number; size: number; unusable: number; nodePorts: number },
): ExactProbabilityInput {
  const { low, size } = small;
  const ports = Array.from({ length: size }, (_, index) => low + index);
  const isUnusable = (port: number): boolean => ((small.unusable >> (port - low)) & 1) === 1;
  return {
    walk,
    range: [low, low + size - 1],
    isReserved: (port) => port % 3 === 0 && isUnusable(port),
    isHeld: (port) => port % 3 !== 0 && isUnusable(port),
    nodePorts: ports.filter((port) => ((small.nodePorts >> (port - low)) & 1) === 1),
    probesPerEpochAtMostOne: true,
  };
}

// Goal: the enumeration agrees with the kernel's loops. Method: loops written from the kernel's arithmetic, apart from
// the code under test, run from every value the cursor can have.
describe("exactProbability against the kernel's loops", () => {
  it("is the failing share of all starting offsets on 5.18+, whatever is reserved, held or exhausted", () => {
    fc.assert(
      fc.property(smallRange, (small) => {
        const input = inputOf("5.18+", small);
        const machine = new CursorMachine(input);
        const offsets = machine.offsets();
        const failing = offsets.filter((offset) => machine.fails(machine.connect(offset))).length;
        expect(probability(input)).toBeCloseTo(failing / offsets.length, 12);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["3.10", "4.2-4.5", "4.6-5.11"] as const)(
    "is what one round of the cursor meets on %s, wherever it is given",
    (walk) => {
      fc.assert(
        fc.property(smallRange, (small) => {
          const sparse = { ...small, unusable: small.unusable & 0x111111 };
          const input = inputOf(walk, sparse);
          const exact = exactProbability(input);
          fc.pre("probability" in exact);
          if (!("probability" in exact)) return;
          const machine = new CursorMachine(input);
          // A whole number of rounds, whether the starts are all ports or half of them.
          expect(exact.probability).toBeCloseTo(machine.longRun(small.size * Math.max(1, small.size & ~1)), 12);
        }),
        { numRuns: 500 },
      );
    },
  );

  it("is the stationary walk of a lonely destination on 5.12-5.17", () => {
    const input = {
      ...inputOf("5.12-5.17", { low: 100, size: 24, unusable: 0x0f1104, nodePorts: 0x180c09 }),
      destinations: 1,
    };
    const machine = new CursorMachine(input);
    expect(Math.abs(probability(input) - machine.longRun(400_000))).toBeLessThan(0.002);
  });

  it("walks an epoch of 5.18+ connect by connect", () => {
    const small = { low: 100, size: 23, unusable: 0x0f1104, nodePorts: 0x180c09 };
    const input = { ...inputOf("5.18+", small), probesPerEpochAtMostOne: false, connectsPerEpoch: 3 };
    const machine = new CursorMachine(input);
    expect(Math.abs(probability(input) - machine.epochs(150_000, 3))).toBeLessThan(0.003);
  });
});

describe("cursorWarnings", () => {
  it("warns when a period's connects and the starts have a large common factor", () => {
    expect(cursorWarnings({ walk: "4.6-5.11", range: [32768, 60999], connectsPerPeriod: 7058 })).toEqual([
      "All traffic is periodic with 7058 connects a period, and the shared port cursor has 14116 starting offsets: their " +
        "common factor 7058 lets each probe meet only 2 of them, so boots differ more than independent probes would. " +
        "Arrivals that vary (arrivals: poisson) or another range end this.",
    ]);
  });

  it("is silent for coprime periods, for traffic that varies, and for walks without a shared cursor", () => {
    expect(cursorWarnings({ walk: "4.6-5.11", range: [32768, 60999], connectsPerPeriod: 141 })).toEqual([]);
    expect(cursorWarnings({ walk: "4.6-5.11", range: [32768, 60999] })).toEqual([]);
    expect(cursorWarnings({ walk: "5.18+", range: [32768, 60999], connectsPerPeriod: 7058 })).toEqual([]);
  });

  it("counts every port as a start on 3.10 and in odd ranges on 4.2-4.5", () => {
    expect(cursorWarnings({ walk: "3.10", range: [1000, 1099], connectsPerPeriod: 100 })[0]).toContain(
      "100 starting offsets",
    );
    expect(cursorWarnings({ walk: "4.2-4.5", range: [1000, 1100], connectsPerPeriod: 101 })[0]).toContain(
      "101 starting",
    );
    expect(cursorWarnings({ walk: "4.2-4.5", range: [1000, 1099], connectsPerPeriod: 100 })[0]).toContain(
      "50 starting",
    );
  });
});
