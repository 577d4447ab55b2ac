import type { Diagnostic } from "../diagnostic.ts";
import type { ExportKind } from "./collector.ts";
import { fileDiagnostic } from "./export_problem.ts";
import type { ImportOptions, PlanContext } from "./import_options.ts";
import { makePlan } from "./make_plan.ts";
import { readExports, type ExportFile } from "./read_exports.ts";
import { redactPlan, type Redaction } from "./redact_plan.ts";
import { writePlan } from "./write_plan.ts";

/** A scenario made of exports, or all that is wrong with them. */
export type ImportedScenario =
  | {
      readonly ok: true;
      /** YAML. */
      readonly text: string;
      readonly files: readonly { readonly path: string; readonly kind: ExportKind }[];
      /** What was not exported and is assumed instead, in sentences without their full stop. */
      readonly assumed: readonly string[];
      readonly notes: readonly string[];
      /** What stands for what, if names and addresses were replaced. */
      readonly redaction?: Redaction;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[]; readonly notes: readonly string[] };

/**
 * Makes a scenario of a node's exports: the node as it is, churn with the rates that the socket tables show, and the
 * export's own occupancy as what a run has to give again. Nothing is thrown, and with any problem nothing is made.
 *
 * @param files the files of a folder in any order.
 * @example
 * ```ts
 * const bytes = new TextEncoder().encode("Linux node-1 5.4.188 #1 SMP x86_64 GNU/Linux\n");
 * const made = importScenario([{ path: "uname-a.txt", bytes }], {});
 * if (made.ok) console.log(made.text.includes("5.4.188"), made.assumed.length > 0); // true true
 * ```
 */
export function importScenario(
  files: readonly ExportFile[],
  options: ImportOptions & { readonly isRedacted?: boolean },
): ImportedScenario {
  const ordered = files.toSorted((a, b) => compareNames(a.path, b.path));
  const { exports, files: read, diagnostics, notes } = readExports(ordered);
  if (diagnostics.length > 0) return { ok: false, diagnostics, notes };
  if (read.length === 0) {
    const message = "Cannot make a scenario: no file of the folder is an export";
    const nothing = fileDiagnostic("exports", message, "collect some with the commands of `sim import --commands`");
    return { ok: false, diagnostics: [nothing], notes };
  }
  const context: PlanContext = { exports, options, assumed: [] };
  const plan = makePlan(context);
  if (Array.isArray(plan)) return { ok: false, diagnostics: plan, notes };
  const made = options.isRedacted === true ? redactPlan(plan) : { plan };
  const { assumed } = context;
  return {
    ok: true,
    text: writePlan(made.plan),
    files: read,
    assumed,
    notes,
    ...("redaction" in made ? { redaction: made.redaction } : {}),
  };
}

/** Files of `sysctl.d` in the order in which the system reads them: by name, `sysctl.conf` last. */
function compareNames(a: string, b: string): number {
  return orderKey(a) < orderKey(b) ? -1 : 1;
}

function orderKey(path: string): string {
  return `${path.endsWith("sysctl.conf") ? "~" : ""}${path.replace(/^.*[/\\]/, "")}\0${path}`;
}
