import { describe, expect, it } from "vitest";
import { diffText } from "../../src/report/diff_text.ts";
import type { DiffDocument, DiffSideDocument, MechanismFactors } from "../../src/study/diff_document.ts";
import { clusteredDiff, figureOf, sideOf } from "./diff_documents.ts";
import { causes } from "./run_documents.ts";

const text = (document: DiffDocument): string => diffText(document, { color: false, columns: 100 });

/** The first paragraph as one line. */
function headline(document: DiffDocument): string {
  return (text(document).split("\n\n", 1)[0] ?? "").replaceAll("\n", " ");
}

const PROBABILITY = "probes.probability";

/** A comparison of failure probabilities, B being the higher one unless they are given. */
function probabilities(
  a: Partial<MechanismFactors>,
  b: Partial<MechanismFactors>,
  values: readonly [a: number, b: number] = [1e-4, 4e-4],
): DiffDocument {
  const sides = values.map((value, index) => {
    const probes = { ...sideOf("a").probes, byCause: causes({ "nodeport-collision": value * 1e8 }) };
    return sideOf(index === 0 ? "a" : "b", index === 0 ? a : b, { probes });
  });
  const figures = [figureOf(PROBABILITY, values, 5e-5)];
  return clusteredDiff({ verdict: "worse", decidedBy: PROBABILITY, figures, a: sides[0]!, b: sides[1]!, changed: [] });
}

describe("diffText", () => {
  it("reads as a finding: verdict, interval, mechanism, figures, and the command", async () => {
    await expect(text(clusteredDiff())).toMatchFileSnapshot("golden/diff.txt");
  });

  it("says better of a B that is lower, and names the side with the mechanism", () => {
    const { a, b } = clusteredDiff();
    const figures = [{ ...figureOf("restarts.perNodeWeek", [315, 0], 44), margin: 63 }];
    expect(headline(clusteredDiff({ verdict: "better", figures, a: b, b: a }))).toBe(
      "B is better than A: restarts per node-week 315 → 0 (difference −315, 95 % interval −359 to −271), because " +
        "under A there are 18 adjacent NodePorts and a per-destination sequential walk.",
    );
  });

  it("states the precision of no difference", () => {
    const figures = [{ ...figureOf(PROBABILITY, [2.09e-4, 2.17e-4], 3e-5), margin: 4.18e-5 }];
    expect(headline(clusteredDiff({ verdict: "no-difference", decidedBy: PROBABILITY, figures }))).toBe(
      "No difference at this precision: failure probability of a probe 2.09e-4 → 2.17e-4 (difference +8.00e-6, " +
        "95 % interval −2.20e-5 to +3.80e-5); up to 4.18e-5 either way does not matter here.",
    );
  });

  it("says what an undecided comparison lacks", () => {
    const figures = [{ ...figureOf(PROBABILITY, [2e-4, 3e-4], 2e-4), margin: 4e-5 }];
    const undecided = { verdict: "undecided", decidedBy: PROBABILITY, figures } as const;
    expect(headline(clusteredDiff(undecided))).toMatch(/^Undecided: .*: use more replications\.$/);
    const single = { ...clusteredDiff().settings, replications: 1 };
    expect(headline(clusteredDiff({ ...undecided, settings: single }))).toContain("One boot cannot show");
  });

  it("says that both have one history where they have", () => {
    expect(headline(clusteredDiff({ isSameHistory: true }))).toBe(
      "A and B have one and the same history, outcome by outcome, in 12 boots: what differs between them has no effect here.",
    );
  });

  it.each<[string, Partial<MechanismFactors>, Partial<MechanismFactors>, string]>([
    [
      "reservations",
      { reachable: 0, reserved: 9 },
      {},
      "under B 9 of 18 NodePorts in the range can be picked as a source port, and 0 under A: under B fewer are reserved.",
    ],
    [
      "held ports",
      { reachable: 0, held: 18 },
      {},
      "under B 9 of 18 NodePorts in the range can be picked as a source port, and 0 under A: under B no socket of " +
        "kube-proxy or another process holds them.",
    ],
    [
      "parity",
      { reachable: 6, otherParity: 12 },
      {},
      "under B 9 of 18 NodePorts in the range can be picked as a source port, and 6 under A: under B fewer have the " +
        "parity that comes second.",
    ],
    [
      "a funnel",
      {},
      { reachable: 1, startsOfOneNodePort: 1384 },
      "under B the ports closed right before one NodePort hand it their share of the picks: 1,384 starting places of the " +
        "walk lead to it.",
    ],
    [
      "a narrower range",
      {},
      { portRange: [1024, 40_000] },
      "under B 9 of 18 NodePorts in the range can be picked among 38,977 ports, and not among 63,977.",
    ],
  ])("gives the reason of a higher probability: %s", (_name, a, b, reason) => {
    expect(headline(probabilities(a, b))).toMatch(new RegExp(`because ${reason.replaceAll(".", "\\.")}$`));
  });

  it("gives the cause that grew where it is not the NodePorts", () => {
    const document = probabilities({}, {});
    const probes = {
      ...document.b.probes,
      byCause: causes({ "nodeport-collision": 10_000, "port-exhaustion": 9_000 }),
    };
    const b: DiffSideDocument = { ...document.b, probes };
    expect(headline({ ...document, b })).toMatch(
      /because under B connect\(\) found no free source port \(EADDRNOTAVAIL\)\.$/,
    );
  });

  it("says of what the exact values are where probes fail of other causes, too", () => {
    const document = probabilities({}, {});
    const probes = { ...document.a.probes, byCause: causes({ "connection-refused": 2_144 }) };
    const why = (one: DiffDocument): string => text(one).replaceAll(/\n +/g, " ");
    expect(why({ ...document, a: { ...document.a, probes } })).toContain(
      "By enumeration of the walk, without a packet, the probability of a NodePort collision is",
    );
    expect(why(document)).toContain("By enumeration of the walk, without a packet, the failure probability is");
  });

  it("says so where nothing that decides about ports differs", () => {
    const why = text(probabilities({}, {})).replaceAll(/\n +/g, " ");
    expect(why).toContain("Nothing that decides which port a connect is given differs: 9 of 18 NodePorts in the range");
  });

  it("names the destination's connects in an epoch on the walk that has epochs only", () => {
    const epochs = { cursor: "destination-and-epoch", portWalk: "5.18+" } as const;
    const document = clusteredDiff({ b: sideOf("b", { ...epochs, adjacent: 18, inARow: 9, connectsPerEpoch: 3.5 }) });
    expect(text(document)).toContain("connects to the busiest destination in 10 s 2 → 3.5");
    expect(text(clusteredDiff())).not.toContain("busiest destination");
    expect(headline(document)).toMatch(
      /18 adjacent NodePorts and a walk that begins anew for each destination every 10 s and then climbs, with 3\.5 connects to one destination in that time\.$/,
    );
  });

  it("gives warnings their side, and those of both no side", () => {
    const { a, b } = clusteredDiff();
    const document = clusteredDiff({ a: { ...a, warnings: ["one", "two"] }, b: { ...b, warnings: ["two", "three"] } });
    expect(text(document)).toContain("Warnings\n  ! two\n  ! A: one\n  ! B: three\n");
  });

  it("keeps to the width of a narrow terminal, but for words of the command", () => {
    const lines = diffText(clusteredDiff(), { color: false, columns: 60 }).split("\n");
    expect(lines.filter((line) => line.length > 60 && !line.includes("--"))).toEqual([]);
  });
});
