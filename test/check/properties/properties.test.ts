import { describe, expect, it } from "vitest";
import { nodeConfig, type NodeConfigInput } from "../../../src/check/properties/node_config.ts";
import { METAMORPHIC_PROPERTIES, NODE_PROPERTIES } from "../../../src/check/properties/properties.ts";
import { METAMORPHIC_PROPERTY_NAMES, NODE_PROPERTY_NAMES } from "../../../src/check/properties/property_names.ts";
import { DEFAULT_BOUNDS, type SearchBounds } from "../../../src/check/properties/search_bounds.ts";
import { searchProperty } from "../../../src/check/properties/search_property.ts";

interface Node {
  readonly node: NodeConfigInput;
  readonly within?: Partial<SearchBounds>;
}

describe("The properties of sim check", () => {
  it("have the names that the command line knows without them", () => {
    expect(NODE_PROPERTIES.map(({ name }) => name)).toEqual(NODE_PROPERTY_NAMES);
    expect(METAMORPHIC_PROPERTIES.map(({ name }) => name)).toEqual(METAMORPHIC_PROPERTY_NAMES);
  });
});

const PROPERTIES = [...NODE_PROPERTIES, ...METAMORPHIC_PROPERTIES];
const NARROW = "net.ipv4.ip_local_port_range = 30000 30999";
const OVERLAP = { kernel: "5.4.188", kubeProxy: "1.23.10", sysctls: "net.ipv4.ip_local_port_range = 1024 65000" };
const LONE: Partial<SearchBounds> = { pods: [1, 1], churn: [0, 1], listeners: [0, 0], services: [1, 2] };

/** For each property a node on which it does not hold, and one on which it does. */
const NODES: Readonly<Record<string, { readonly bad: Node; readonly good: Node }>> = {
  "probes-keep-off-nodeports": {
    bad: { node: { ...OVERLAP, sysctls: NARROW, nodePortRange: "30000-30999" }, within: LONE },
    good: { node: { ...OVERLAP, kubeProxy: "1.18.20" } },
  },
  "no-restart-in-a-node-week": {
    bad: {
      node: { ...OVERLAP, kernel: "5.15.24", sysctls: NARROW, nodePorts: "30080-30097" },
      within: { ...LONE, period: [10, 10] },
    },
    good: { node: { ...OVERLAP, nodePorts: [30_080] } },
  },
  "ports-never-run-out": {
    bad: {
      node: { kernel: "6.1", sysctls: "net.ipv4.ip_local_port_range = 40000 40099", nodePorts: [] },
      within: LONE,
    },
    good: { node: { kernel: "6.1", nodePorts: [] } },
  },
  "conntrack-never-fills": {
    bad: {
      node: { kernel: "6.1", sysctls: "net.netfilter.nf_conntrack_max = 100", nodePorts: [] },
      within: LONE,
    },
    good: { node: { kernel: "6.1", sysctls: "net.netfilter.nf_conntrack_max = 0", nodePorts: [] } },
  },
  "snat-keeps-off-nodeports": {
    bad: {
      node: { kernel: "6.1", masquerade: "random-fully", nodePorts: "30000-32767" },
      within: { ...LONE, seconds: [10, 10], rate: [20, 20] },
    },
    good: { node: { kernel: "6.1", masquerade: "off", nodePorts: "30000-30200" } },
  },
  "no-reservation-raises-a-risk": {
    bad: {
      node: {
        kernel: "6.1",
        kubeProxy: "1.23.10",
        nodePortRange: "20000-40000",
        sysctls: "net.ipv4.ip_local_port_range = 1024 65000\nnet.ipv4.ip_local_reserved_ports = 30000-32767",
      },
      within: LONE,
    },
    good: {
      node: { ...OVERLAP, sysctls: `${OVERLAP.sysctls}\nnet.ipv4.ip_local_reserved_ports = 30000-32767` },
    },
  },
  "no-listener-raises-a-risk": {
    bad: { node: { ...OVERLAP, sysctls: NARROW, nodePorts: [30_080] }, within: { ...LONE, listeners: [0, 1] } },
    good: { node: { ...OVERLAP, sysctls: NARROW, nodePorts: [30_080] }, within: { listeners: [0, 0] } },
  },
  "other-parity-is-no-safer": {
    bad: { node: { ...OVERLAP, sysctls: NARROW, nodePorts: [30_080] }, within: LONE },
    good: { node: { ...OVERLAP, sysctls: NARROW, nodePorts: [30_080, 30_091] } },
  },
};

function verdictOf(name: string, { node, within }: Node) {
  const property = PROPERTIES.find((one) => one.name === name);
  if (property === undefined) throw new Error(`There is no property ${name}`);
  return searchProperty(property, nodeConfig(node), { bounds: { ...DEFAULT_BOUNDS, ...within }, budgetMs: 60_000 });
}

describe("The properties", () => {
  it("each have a node that violates them and one that does not", () => {
    expect(Object.keys(NODES)).toEqual(PROPERTIES.map(({ name }) => name));
  });

  it.each(Object.entries(NODES))("%s is violated where it does not hold", (name, { bad }) => {
    const { verdict, counterexample } = verdictOf(name, bad);
    expect(verdict).toBe("violated");
    expect(counterexample?.scenario).toMatch(/^about: "A counterexample to [a-z-]+\. [^"]+\."$/m);
  });

  it.each(Object.entries(NODES))("%s holds without simulation where it does", (name, { good }) => {
    const { verdict, cases, why } = verdictOf(name, good);
    expect({ verdict, cases }).toEqual({ verdict: "holds", cases: 0 });
    expect(why).toMatch(/^[A-Z].*\.$/);
  });
});
