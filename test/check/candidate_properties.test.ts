import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { readFacts } from "../../src/check/build_node.ts";
import { judgeNodes } from "../../src/check/check_nodes.ts";
import { readTarget } from "../../src/check/check_target.ts";
import { nodePortCandidates } from "../../src/check/checked_node.ts";
import { candidates } from "../../src/check/fix/candidate.ts";
import { filePatches } from "../../src/check/fix/file_patch.ts";

// Goal: whatever the node, the first proposal is safe, and its patch is what was judged.
// Method: ranges, reservations, NodePorts and kernels at random; each patch is read again as a file.

const RANGES = fc
  .tuple(fc.integer({ min: 1_024, max: 40_000 }), fc.integer({ min: 4_000, max: 25_000 }))
  .map(([low, size]) => `${low} ${low + size}`);

const LISTS = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 500 })), { maxLength: 3 })
  .map((blocks) =>
    blocks.map(([first, length]) => (length === 0 ? `${first}` : `${first}-${first + length}`)).join(","),
  );

const NODES = fc.record({
  range: RANGES,
  reserved: LISTS,
  kernel: fc.constantFrom("3.10.0-1160.el7", "3.10", "5.4.188", "5.15.24", "6.1"),
  nodePorts: fc.option(fc.uniqueArray(fc.integer({ min: 30_000, max: 32_767 }), { minLength: 1, maxLength: 20 })),
});

function nodeOf(text: string, { kernel, nodePorts }: { readonly kernel: string; readonly nodePorts: number[] | null }) {
  const facts = readFacts({ kernel, ...(nodePorts === null ? {} : { nodePorts: nodePorts.join(",") }) });
  if (typeof facts === "string") throw new Error(facts);
  const read = readTarget({ kind: "files", target: "a.conf", files: [{ path: "a.conf", text }] }, facts, []);
  if (!read.ok) throw new Error("the target can be read");
  return { node: read.nodes[0]!, texts: read.texts };
}

describe("The first proposal", () => {
  it("leaves no NodePort to connect(), and its patch brings just that about", () => {
    fc.assert(
      fc.property(NODES, (given) => {
        const text = `net.ipv4.ip_local_port_range = ${given.range}\nnet.ipv4.ip_local_reserved_ports = ${given.reserved}\n`;
        const { node, texts } = nodeOf(text, given);
        const [first] = candidates(node);
        const reached = nodePortCandidates(node).filter((port) => node.ports.isReachable(port));
        if (first === undefined) {
          expect(reached).toEqual([]);
          return;
        }
        expect(first.after.exact).toMatchObject({ probability: 0 });
        expect(first.after.openPorts).toBeLessThanOrEqual(first.before.openPorts);
        const { patches } = filePatches(node, texts, [], first.settings);
        const patched = nodeOf(patches[0]?.after ?? "", given).node;
        expect(patched.ports.input).toEqual(first.node.ports.input);
        expect(judgeNodes([patched]).map(({ rule }) => rule)).not.toContain("NODEPORT-OVERLAP");
      }),
      { numRuns: 12 },
    );
  });
});
