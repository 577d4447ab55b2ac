import { describe, expect, it } from "vitest";
import type { KernelCase } from "../../src/conform/case_file.ts";
import { compareCase } from "../../src/conform/compare.ts";
import { checkLaw } from "../../src/conform/laws.ts";
import type { Observation } from "../../src/conform/observation.ts";
import { runCase } from "../../src/conform/run_case.ts";
import { DERIVED_CASES, recordedCase, RECORDINGS } from "./recordings.ts";

// Goal: the simulated kernel does what real kernels did.
// Method: each recording is replayed; what the run shows is compared with what was recorded, and the laws are checked.

const C02 = recordedCase("6.1/C02.json");

function observationOf(kernelCase: KernelCase, seed?: string): Observation {
  const outcome = runCase(kernelCase, seed === undefined ? {} : { seed });
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.observation;
}

/** Everything in which a run is not what was recorded, as lines. */
function faultsOf(kernelCase: KernelCase, observation: Observation): string[] {
  const differences = compareCase(kernelCase, observation);
  const broken = kernelCase.laws.map((law) => checkLaw(law, kernelCase, observation));
  return [
    ...differences.map(({ where, expected, actual }) => `${where}: expected ${expected}, got ${actual}`),
    ...broken.filter((reason) => reason !== undefined),
  ];
}

/** The case with one field of its setup of the node replaced. */
function withNode(kernelCase: KernelCase, change: object): KernelCase {
  const { namespaces } = kernelCase.setup;
  const node = namespaces["node"];
  if (node === undefined) throw new Error("the case has a node");
  return { ...kernelCase, setup: { ...kernelCase.setup, namespaces: { ...namespaces, node: { ...node, ...change } } } };
}

describe("A recording replayed", () => {
  it.each(RECORDINGS.map(({ file }) => file))("%s: the model does what the kernel did", (file) => {
    const kernelCase = recordedCase(file);
    expect(faultsOf(kernelCase, observationOf(kernelCase))).toEqual([]);
  });
});

describe("A case derived from the kernel's source", () => {
  it.each(DERIVED_CASES.map(({ file }) => file))("%s: the model does what the source says", (file) => {
    const kernelCase = recordedCase(file);
    expect(faultsOf(kernelCase, observationOf(kernelCase))).toEqual([]);
  });

  it("names the source that it was derived from", () => {
    const notes = DERIVED_CASES.map(({ file }) => [file, [recordedCase(file).notes].flat().join(" ")] as const);
    expect(notes.filter(([, text]) => !/Source: [a-z]+\/[\w/]+\.[ch] \w+/.test(text)).map(([file]) => file)).toEqual(
      [],
    );
  });
});

describe("The collision of a source port with a NodePort", () => {
  it.each(["one", "two", "three", "four", "five"])("goes as recorded whatever the boot secret (seed %s)", (seed) => {
    expect(faultsOf(C02, observationOf(C02, seed))).toEqual([]);
  });

  it("is the same run for the same seed, to the microsecond", () => {
    expect(observationOf(C02, "again")).toEqual(observationOf(C02, "again"));
  });

  it("does not happen without the virtual service", () => {
    const { results } = observationOf(withNode(C02, { ipvs: [] }));
    expect(results.map(({ result }) => result)).toEqual(["http 200"]);
  });
});

describe("A case that the model cannot express", () => {
  it.each([
    ["a scheduler", { ipvs: [{ ...serviceOf(C02), scheduler: "lblcr" }] }, "the IPVS scheduler lblcr is not modelled"],
    ["a table of iptables", { iptables: ["*raw", "COMMIT"] }, 'the table "raw" is not modelled'],
    ["an nftables ruleset", { nft: ["add table ip nat", "add table ip6 nat"] }, "nft: line 2: the family ip6 is not"],
    [
      "a gateway that no interface leads to",
      { routes: [{ dst: "10.23.78.0/25", via: "10.11.0.1" }] },
      "route to 10.23.78.0/25 of node: no interface leads to its gateway 10.11.0.1",
    ],
    ["a sysctl", { sysctls: { "net.ipv4.tcp_tw_recycle": 1 } }, "net.ipv4.tcp_tw_recycle=1: kernel 6.1.176 has no"],
  ])("is refused for %s", (_, change, reason) => {
    expect(runCase(withNode(C02, change))).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it("is refused for a kernel that is out of range", () => {
    const kernel = { ...C02.kernel, release: "2.6.32", port_walk: "3.10" };
    expect(runCase({ ...C02, kernel })).toEqual({ ok: false, reason: expect.stringContaining("older than 3.10") });
  });
});

function serviceOf(kernelCase: KernelCase): object {
  return kernelCase.setup.namespaces["node"]?.ipvs[0] ?? {};
}
