import type { Chart } from "../charts/chart.ts";

/** What a fact means for the reader: good news, bad news, or neither. */
export type Tone = "good" | "bad" | "open";

/** A cell that stands to the right is a number. */
export interface TableColumn {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** A column of numbers. */
export function numberColumn(title: string): TableColumn {
  return { title, isNumber: true };
}

/** A table; each row has one text for each column, and the first column names the row. */
export interface TableBlock {
  readonly kind: "table";
  /** What the table shows, for those who meet it by itself. */
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
}

/** One step of advice, what it brings and costs, and the lines to paste into a shell for it. */
export interface AdviceStep {
  readonly text: string;
  readonly cost?: string;
  readonly command?: readonly string[];
}

/** A piece of a write-up: plain text, which a writer escapes, in the form that the piece has. */
export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "warning"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "steps"; readonly steps: readonly AdviceStep[] }
  /** The figures that one looks for first, each with what bounds it. */
  | { readonly kind: "tiles"; readonly tiles: readonly Tile[] }
  | TableBlock
  | { readonly kind: "code"; readonly language: "sh" | "yaml" | "text"; readonly lines: readonly string[] }
  | { readonly kind: "chart"; readonly chart: Chart }
  /** What only some readers want: it is folded until they ask for it. */
  | { readonly kind: "fold"; readonly summary: string; readonly blocks: readonly Block[] };

/** A figure in large letters. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
}

/** A heading and what stands under it. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** All that is said of one result: the finding, then the rest by heading. */
export interface WriteUp {
  /** What it is a result of, in a few words. */
  readonly title: string;
  /** The scenario's own words. */
  readonly about: string;
  readonly tone: Tone;
  /** The finding, as a sentence or two. */
  readonly headline: string;
  /** What stands right under the finding. */
  readonly blocks: readonly Block[];
  readonly sections: readonly Section[];
}
