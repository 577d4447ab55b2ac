import { parseScenario, type Scenario } from "../scenario/scenario.ts";
import type { Diagnostic } from "../scenario/diagnostic.ts";
import { buildNode, type ReadFacts } from "./build_node.ts";
import type { CheckedNode } from "./checked_node.ts";
import { guessKernel } from "./guess_kernel.ts";
import { scenarioNodes } from "./scenario_node.ts";
import { readSnapshot, type SnapshotFile } from "./snapshot.ts";
import type { SysctlFile } from "./sysctl_file.ts";
import { sysctlSizeProblem } from "./sysctl_size.ts";
import { folderOrder, systemOrder, type SysctlOrder } from "./sysctl_system.ts";

/** One thing to check, with the texts of its files. */
export type CheckTarget = SysctlTarget | { readonly kind: "scenario"; readonly target: string; readonly text: string };

/** Files of sysctls, and what lies beside them. */
export interface SysctlTarget {
  /**
   * `root`: a root folder, and paths are below it, such as `etc/sysctl.d/99-k8s.conf`. `folder`: one `sysctl.d`, whose
   * files are applied by name. `files`: files in the order in which they are given.
   */
  readonly kind: "root" | "folder" | "files";
  readonly target: string;
  readonly files: readonly SysctlFile[];
  /** What `uname -r` printed on the node. */
  readonly kernel?: string;
  /** Files of `kubectl get … -o json` beside them. */
  readonly snapshot?: readonly SnapshotFile[];
}

/** The nodes of a target, or what is wrong with its files. */
export type ReadTarget =
  | {
      readonly ok: true;
      readonly nodes: readonly CheckedNode[];
      readonly texts: readonly SysctlFile[];
      /** Present if the target is one. */
      readonly scenario?: Scenario;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Reads a target as nodes to check.
 *
 * @param snapshot files of the cluster that the node belongs to; a scenario says itself what runs.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const facts = readFacts({});
 * if (typeof facts === "string") throw new Error(facts);
 * const read = readTarget({ kind: "scenario", target: file, text: readFileSync(file, "utf8") }, facts, []);
 * if (read.ok) console.log(read.nodes.length, judgeNodes(read.nodes)[0]?.rule); // 1 NODEPORT-OVERLAP
 * ```
 */
export function readTarget(target: CheckTarget, facts: ReadFacts, snapshot: readonly SnapshotFile[]): ReadTarget {
  if (target.kind === "scenario") {
    const parsed = parseScenario(target.text, target.target, []);
    if (!parsed.ok) return parsed;
    const nodes = scenarioNodes(parsed.scenario, target.text, target.target, facts);
    return { ok: true, nodes, texts: [{ path: target.target, text: target.text }], scenario: parsed.scenario };
  }
  const tooLarge = target.files.map(sysctlSizeProblem).filter((one) => one !== undefined);
  if (tooLarge.length > 0) return { ok: false, diagnostics: tooLarge };
  const read = readSnapshot([...snapshot, ...(target.snapshot ?? [])]);
  if (!read.ok) return { ok: false, diagnostics: [snapshotProblem(read.file, read.why)] };
  const order = orderOf(target);
  const texts = [...order.applied, ...order.unread.map(({ file }) => file)];
  const said = target.kernel === undefined ? undefined : guessKernel(target.kernel);
  const kernel = said === undefined ? {} : { era: said.era, isKernelGuessed: said.isGuess };
  return { ok: true, nodes: [buildNode(target.target, order, facts, { ...read.parts, ...kernel })], texts };
}

function orderOf(target: SysctlTarget): SysctlOrder {
  if (target.kind !== "root") return folderOrder(target.files, target.kind === "folder");
  const prefix = target.target === "/" ? "/" : target.target === "." ? "" : `${target.target.replace(/\/+$/, "")}/`;
  const named = (file: SysctlFile): SysctlFile => ({ ...file, path: `${prefix}${file.path}` });
  const { applied, masked, unread } = systemOrder(target.files);
  return {
    applied: applied.map(named),
    masked: masked.map(({ file, by }) => ({ file: named(file), by: named(by) })),
    unread: unread.map(({ file, why, belongs }) => ({ file: named(file), why, belongs: `${prefix}${belongs}` })),
  };
}

function snapshotProblem(file: string, why: string): Diagnostic {
  return {
    file,
    line: 1,
    column: 1,
    length: 0,
    sourceLine: "",
    message: `Cannot read the snapshot: ${why}`,
    expected: "what kubectl get svc,pods,nodes -A -o json prints",
    toMend: "export it again, or leave the file out",
  };
}
