import type { DiffDocument } from "../../study/diff_document.ts";
import type { Chart } from "./chart.ts";

/** The paired differences of a comparison with their intervals; `undefined` where nothing was compared. */
export function beforeAfterChart(_document: DiffDocument): Chart | undefined {
  return undefined;
}
