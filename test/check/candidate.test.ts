import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readFacts } from "../../src/check/build_node.ts";
import type { CheckFacts } from "../../src/check/check_facts.ts";
import { judgeNodes } from "../../src/check/check_nodes.ts";
import { readTarget, type CheckTarget } from "../../src/check/check_target.ts";
import { candidates } from "../../src/check/fix/candidate.ts";
import { filePatches } from "../../src/check/fix/file_patch.ts";

// Goal: a proposal mends what it says it mends, at the price it names, and its patch brings exactly that about.
// Method: each patch is made and the result is checked again.

function read(target: CheckTarget, given: CheckFacts = {}) {
  const facts = readFacts(given);
  if (typeof facts === "string") throw new Error(facts);
  const result = readTarget(target, facts, []);
  if (!result.ok) throw new Error(result.diagnostics[0]?.message);
  return { node: result.nodes[0]!, texts: result.texts };
}

function conf(text: string, given: CheckFacts = {}) {
  return read({ kind: "files", target: "a.conf", files: [{ path: "a.conf", text }] }, given);
}

function patched(text: string, given: CheckFacts, number = 0) {
  const { node, texts } = conf(text, given);
  const { patches } = filePatches(node, texts, judgeNodes([node]), candidates(node)[number]?.settings ?? []);
  return patches[0]?.after;
}

const S1 = { kernel: "6.1", nodePorts: "21980,28796,32080,35934,36704", nodePortRange: "20000-40000" };

describe("candidates", () => {
  it("prove 0 after the change, with the exact value before", () => {
    const { node } = conf("net.ipv4.ip_local_port_range = 1024 65000\n", S1);
    const all = candidates(node);
    expect(all.map(({ id }) => id)).toEqual(["reserve-range", "move-range", "reserve-nodeports", "change-parity"]);
    expect(all.map(({ before }) => "probability" in before.exact && before.exact.probability)).toEqual(
      all.map(() => 5 / 31_988),
    );
    expect(all.map(({ after }) => "probability" in after.exact && after.exact.probability)).toEqual(all.map(() => 0));
  });

  it("name what a reservation costs: ports, both knees and the funnel", () => {
    const { node } = conf("net.ipv4.ip_local_port_range = 1024 65000\n", S1);
    const [first] = candidates(node);
    expect(first?.before).toMatchObject({ openPorts: 63_977, firstPorts: 31_988 });
    expect(first?.after).toMatchObject({ openPorts: 43_976, firstPorts: 21_987, connectsPerSecond: 732 });
    expect(first?.funnel).toEqual({ port: 40_002, before: 1, after: 10_002, starts: 31_988 });
  });

  it("propose nothing where nothing is to be mended", () => {
    expect(candidates(conf("net.ipv4.ip_forward = 1\n").node)).toEqual([]);
  });

  it("join the ports of all lists and of what was meant by a refused one", () => {
    const text = "net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000\u201332768\n";
    expect(patched(text, { nodePorts: "30080" })).toBe(
      "net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767\n",
    );
  });

  it("keep the ports of an earlier list that the last one replaces", () => {
    const text =
      "net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 15000\nnet.ipv4.ip_local_reserved_ports = 30000-32767\n";
    expect(patched(text, {})).toContain("\nnet.ipv4.ip_local_reserved_ports = 15000,30000-32767\n");
  });

  it.each([
    ["net.ipv4.ip_local_port_range = 12000 65001\n", {}],
    ["net.ipv4.ip_local_port_range=12000 65001\nnet.ipv4.ip_forward=0", { nodePorts: "31056" }],
    ["net.ipv4.ip_local_port_range = 30001 60998\nnet.ipv4.ip_local_reserved_ports =\n", { kernel: "5.15.24" }],
    ["net.ipv4.ip_local_port_range = 1024 65000\n", { kernel: "3.10.0-1160.el7", nodePorts: "30080-30097" }],
  ])("give patches after which no error is found: %j", (text, given: CheckFacts) => {
    const count = candidates(conf(text, given).node).filter(({ remaining }) => remaining.length === 0).length;
    expect(count).toBeGreaterThan(0);
    for (let number = 0; number < count; number += 1) {
      const after = patched(text, given, number) ?? "";
      const errors = judgeNodes([conf(after, given).node]).filter(({ severity }) => severity === "error");
      expect(errors).toEqual([]);
    }
  });

  it("write into a scenario as its lines are written", () => {
    const text = readFileSync("scenarios/nodelocaldns.yaml", "utf8");
    const { node, texts } = read({ kind: "scenario", target: "s.yaml", text });
    const { patches } = filePatches(node, texts, [], candidates(node)[0]?.settings ?? []);
    expect(patches[0]?.diff).toContain(
      '-  net.ipv4.ip_local_reserved_ports: ""\n+  net.ipv4.ip_local_reserved_ports: 20000-40000\n',
    );
    const again = read({ kind: "scenario", target: "s.yaml", text: patches[0]?.after ?? "" });
    expect(judgeNodes([again.node]).map(({ rule }) => rule)).not.toContain("NODEPORT-OVERLAP");
  });
});
