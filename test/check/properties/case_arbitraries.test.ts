import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCaseArbitrary, nodePortsArbitrary } from "../../../src/check/properties/case_arbitraries.ts";
import { isSmaller } from "../../../src/check/properties/node_case.ts";
import { nodeConfig } from "../../../src/check/properties/node_config.ts";
import { PROBE_NODEPORT } from "../../../src/check/properties/probe_nodeport.ts";
import { scenarioOfCase } from "../../../src/check/properties/run_case.ts";
import { DEFAULT_BOUNDS } from "../../../src/check/properties/search_bounds.ts";
import { smallerCases } from "../../../src/check/properties/smaller_cases.ts";

const ANY = nodeConfig({ sysctls: "net.ipv4.ip_local_port_range = 1024 65000\nnet.ipv4.tcp_tw_reuse = 1" });

describe("nodeCaseArbitrary", () => {
  it("gives nodes whose scenario is right", () => {
    fc.assert(
      fc.property(nodeCaseArbitrary(ANY), (one) => {
        const scenario = scenarioOfCase(one);
        expect(scenario.kernel.build).toBe(one.kernel);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves what is given alone", () => {
    const given = nodeConfig({ kernel: "6.1", kubeProxy: "1.30.0", nodePorts: [30_080, 30_090], listen: [9_100] });
    fc.assert(
      fc.property(nodeCaseArbitrary(given), ({ kernel, kubeProxy, nodePorts, listeners }) => {
        expect([kernel, kubeProxy]).toEqual(["6.1", "1.30.0"]);
        expect([30_080, 30_090]).toEqual(expect.arrayContaining([...nodePorts]));
        expect(listeners).toContain(9_100);
      }),
    );
  });

  it("gives a listener and a NodePort no common port", () => {
    const busy = nodeConfig({ listen: "30000-32000" });
    fc.assert(
      fc.property(nodeCaseArbitrary(busy), ({ nodePorts, listeners }) => {
        expect(listeners.filter((port) => nodePorts.includes(port))).toEqual([]);
      }),
    );
  });
});

describe("nodePortsArbitrary", () => {
  it("puts contiguous ones side by side", () => {
    const bounds = { ...DEFAULT_BOUNDS, clustering: ["contiguous"], services: [2, 9] } as const;
    fc.assert(
      fc.property(nodePortsArbitrary([30_000, 30_050], bounds), (ports) => {
        expect(ports).toEqual(ports.map((_, index) => (ports[0] ?? 0) + index));
        expect(ports.length).toBeGreaterThan(1);
        expect(ports.at(-1)).toBeLessThanOrEqual(30_050);
      }),
    );
  });
});

describe("smallerCases", () => {
  it("are smaller, so that shrinking ends", () => {
    const property = { ...PROBE_NODEPORT, aims: () => [] };
    fc.assert(
      fc.property(nodeCaseArbitrary(ANY), (one) => {
        for (const smaller of smallerCases(one, property, DEFAULT_BOUNDS)) {
          expect(isSmaller(smaller, one)).toBe(true);
          expect(isSmaller(one, smaller)).toBe(false);
        }
      }),
    );
  });
});
