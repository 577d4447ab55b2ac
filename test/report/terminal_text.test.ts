import { describe, expect, it } from "vitest";
import { conformText } from "../../src/report/conform_text.ts";
import type { ConformDocument } from "../../src/report/conform_document.ts";
import { diffText } from "../../src/report/diff_text.ts";
import { explainScenario } from "../../src/report/explain_scenario.ts";
import { explainText } from "../../src/report/explain_text.ts";
import { portsText } from "../../src/report/ports_text.ts";
import { readResult } from "../../src/report/results/read_result.ts";
import type { ResultDocument } from "../../src/report/results/result.ts";
import { runText } from "../../src/report/run_text.ts";
import { sweepText } from "../../src/report/sweep_text.ts";
import { SMALL_SCENARIO } from "../scenario/small_scenario.ts";
import { clusteredDiff } from "./diff_documents.ts";
import { sweepOfFour } from "./report_parts.ts";
import { failingRun, heldRun } from "./run_documents.ts";

// Goal: nothing in a result that a stranger made drives the reader's terminal.
// Method: each string of a document, and each name of a field, is replaced in its turn; those that the reader of results
// still takes are told as text.

const OPTIONS = { color: false, columns: 100 };

/** Escape sequences in seven and in eight bits, line ends that are none, and what turns the order of letters round. */
const HOSTILE = "x\u0000\u001b[2J\u0085\u009b31m\r\u2028\u202eb";
const DRIVES_TERMINAL = /(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;

type Path = readonly string[];

/** Where a value has strings. */
function stringsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === "string") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => stringsOf(inner, [...path, key]));
}

/** The parts of a document whose fields are named by its scenario. */
const NAMED_FREELY = new Set(["overrides", "settings", "values", "counters", "timeWaitByAddress"]);

/** Where a value has fields with such names. */
function namesOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [];
  const own = NAMED_FREELY.has(path.at(-1) ?? "") ? Object.keys(value).map((key) => [...path, key]) : [];
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => namesOf(inner, [...path, key]))];
}

function ownerOf(value: unknown, path: Path): object {
  const owner = path.slice(0, -1).reduce((holder, key) => Reflect.get(Object(holder), key), value);
  return Object(owner);
}

/** The document with hostile text in place of one string. */
function withHostileText<Document>(document: Document, path: Path): Document {
  const changed = structuredClone(document);
  Reflect.set(ownerOf(changed, path), path.at(-1) ?? "", HOSTILE);
  return changed;
}

/** The document with a further field, which has a hostile name and the value of one that is there. */
function withHostileName<Document>(document: Document, path: Path): Document {
  const changed = structuredClone(document);
  const owner = ownerOf(changed, path);
  Reflect.set(owner, HOSTILE, Reflect.get(owner, path.at(-1) ?? ""));
  return changed;
}

/** The text of a result, if the reader of results takes it. */
function textOf(document: unknown): string {
  const reading = readResult({ path: "x", document: { path: "x.json", text: JSON.stringify(document) } });
  return reading.ok ? terminalText(reading.result.document) : "";
}

function terminalText(document: ResultDocument): string {
  switch (document.format) {
    case "run/1":
      return runText(document, OPTIONS);
    case "sweep/1":
      return sweepText(document, { ...OPTIONS, folder: undefined });
    case "diff/1":
      return diffText(document, OPTIONS);
    case "ports/1":
      return portsText(document, OPTIONS);
  }
}

/** Fields of events that hold one of a few words: with another one they are no event. */
const WORDS: ReadonlySet<string> = new Set(["kind", "log", "place"]);

/** All that fails: where hostile text came through. */
function leaks<Document>(document: Document, text: (changed: Document) => string): readonly string[] {
  return [
    ...stringsOf(document)
      .filter((path) => !WORDS.has(path.at(-1) ?? ""))
      .filter((path) => DRIVES_TERMINAL.test(text(withHostileText(document, path)))),
    ...namesOf(document).filter((path) => DRIVES_TERMINAL.test(text(withHostileName(document, path)))),
  ].map((path) => path.join("."));
}

function firstPoint<Sweep extends { readonly points: readonly unknown[] }>(sweep: Sweep): Sweep {
  return { ...sweep, points: sweep.points.slice(0, 1) };
}

const PORTS = {
  format: "ports/1",
  kernel: "6.1",
  portWalk: "5.18+",
  range: [32_768, 60_999],
  settings: {
    seed: "s",
    reserved: [[33_000, 33_010]],
    listen: [],
    destinations: 1,
    gapSeconds: 0.25,
    close: "rst",
    hash: "0x1",
  },
  connects: [
    { at: 0, destination: 0, port: 36_374, candidates: 1 },
    { at: 0.25, destination: 0, error: "EADDRNOTAVAIL", candidates: 28_232 },
  ],
};

const COUNT = { level: 0.95, low: 0, high: 1, method: "m" };
const BALANCER = {
  name: "lb",
  service: "default/web",
  checks: 9,
  failed: 1,
  failedShare: 0.1,
  timesMarkedUnhealthy: 1,
  unhealthyShare: 0.1,
  nodesMarkedUnhealthy: 1,
  nodesMarkedUnhealthyShare: 0.1,
  interval: COUNT,
  connects: 1,
  connectsFailed: 0,
};
const AUDITED = {
  variant: "after",
  settings: { kernel: "6.1" },
  isClaimed: true,
  standing: 2,
  varied: 1,
  ratio: 0.5,
  interval: COUNT,
  change: "lower",
  explains: "yes",
};

/** A run that has every part. */
function fullRun(): unknown {
  const run = failingRun();
  return {
    ...run,
    settings: { ...run.settings, overrides: { "kubeProxy.version": "1.23.4" } },
    loadBalancers: [BALANCER],
    kubeProxy: { ...run.kubeProxy, logLines: 1, log: [{ atSeconds: 1, text: "line" }] },
    warnings: ["w"],
    variants: [{ ...heldRun(), name: "after" }],
    audit: { claim: "c", figure: "probes.probability", variants: [AUDITED], isCause: "yes", explainedBy: ["after"] },
  };
}

/** The same without probes: then its variants are told by their load balancers. */
function runOfBalancers(): unknown {
  const run = failingRun();
  const probes = { ...run.probes, total: 0, failed: 0 };
  return {
    ...run,
    probes,
    loadBalancers: [BALANCER],
    variants: [{ ...run, probes, loadBalancers: [BALANCER], name: "x" }],
  };
}

describe("The text of a result on a terminal", () => {
  it.each<readonly [string, unknown]>([
    ["a run", fullRun()],
    ["a run without failures", heldRun()],
    ["a run of load balancers", runOfBalancers()],
    ["a sweep", firstPoint(sweepOfFour())],
    ["a comparison", clusteredDiff()],
    ["ports", PORTS],
  ])("has no control characters, whichever string of it has some: %s", (_, document) => {
    expect(textOf(document)).not.toBe("");
    expect(leaks(document, textOf)).toEqual([]);
  });

  it("has no control characters, whichever string of a replayed case has some", () => {
    const document: ConformDocument = {
      format: "conform/1",
      cases: [
        {
          id: "C02",
          kernel: "6.1",
          file: "6.1/C02.json",
          title: "It fails.",
          ok: false,
          differences: [{ where: "w", expected: "e", actual: "a", before: ["b"] }],
          unknownFields: ["f"],
        },
        { id: "C03", kernel: "6.1", file: "f", title: "t", ok: false, differences: [], reason: "r" },
      ],
      passed: 0,
      failed: 2,
    };
    expect(leaks(document, (changed) => conformText(changed, OPTIONS))).toEqual([]);
  });

  it("has no control characters, whichever string of an explained connection has some", async () => {
    const { document } = await explainScenario({ file: "s.yaml", text: SMALL_SCENARIO }, ["duration=20s"], {
      number: 1,
    });
    const part = { ...document, events: document.events.slice(0, 12) };
    const probe = { pod: "p", container: "c", probeType: "t", handler: "h", logLine: "l", event: "e" };
    const ended = { ...part.connection, ok: false, probe };
    const states = { atSeconds: 0, texts: [{ title: "t", text: "x\ny\n" }] };
    expect(leaks({ ...part, connection: ended, states }, (changed) => explainText(changed, OPTIONS))).toEqual([]);
  });
});
