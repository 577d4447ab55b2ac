import type { ExplainDocument } from "../../report/explain_document.ts";
import type { Lane } from "../../report/sequence_lanes.ts";
import type { SequenceRow } from "../../report/sequence_rows.ts";
import type { Micros } from "../../units.ts";

/** A connection, step by step. */
export interface PageStory {
  readonly document: ExplainDocument;
  readonly finding: string;
  readonly rows: readonly SequenceRow[];
  readonly lanes: readonly Lane[];
  readonly startedAt: Micros;
}
