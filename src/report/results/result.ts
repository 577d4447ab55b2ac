import type { Diagnostic } from "../../scenario/diagnostic.ts";
import type { DiffDocument } from "../../study/diff_document.ts";
import type { RunDocument } from "../../study/run_document.ts";
import type { SweepDocument } from "../../study/sweep_document.ts";
import type { PortsDocument } from "../ports_document.ts";

/** A document of which charts and reports are made; `format` tells which. */
export type ResultDocument = RunDocument | SweepDocument | DiffDocument | PortsDocument;

/** The formats of `ResultDocument`, as they stand in the documents. */
export const RESULT_FORMATS = ["run/1", "sweep/1", "diff/1", "ports/1"] as const;

/** The text of one file of a result. */
export interface ResultText {
  /** As the user would name it. */
  readonly path: string;
  readonly text: string;
}

/** The texts of a result's files. */
export interface ResultTexts {
  /** The folder or file that the user named. */
  readonly path: string;
  /** `result.json`, or the one file that the user named; absent where a sweep has not come to its end. */
  readonly document?: ResultText;
  /** `manifest.json` and `points/*.json` of a sweep, used where there is no `document`. */
  readonly manifest?: ResultText;
  readonly points?: readonly ResultText[];
  /** `scenario.yaml`, the scenario as run. */
  readonly scenario?: ResultText;
}

/** A result that was read. */
export interface Result {
  /** The folder or file that the user named. */
  readonly path: string;
  readonly document: ResultDocument;
  /** The text of the scenario as run, where the folder has it. */
  readonly scenario?: string;
  /** Points of a sweep that are not finished; absent where there are none. */
  readonly pointsMissing?: number;
}

/** A result, or all that is wrong with its files. */
export type ResultReading =
  { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };
