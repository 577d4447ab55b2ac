import { formatCount, plural } from "../number_text.ts";
import type { Result } from "../results/result.ts";
import type { Section, WriteUp } from "./block.ts";
import { validationSection } from "./validation_section.ts";
import type { ReportedKernel } from "./validation_section.ts";
import { writeUpOfResult } from "./write_up_of_result.ts";
import type { ReportedResult } from "./write_up_of_result.ts";

/** A report on one or more results, before it has a form. */
export interface Report {
  readonly title: string;
  readonly writeUps: readonly WriteUp[];
  /** What holds for all results alike. */
  readonly closing: readonly Section[];
  /** The version of portfall that writes the report. */
  readonly version: string;
}

/** What a report says beside its results. */
export interface ReportOptions {
  readonly version: string;
  /** The title that the user gave. */
  readonly title: string | undefined;
}

/** The report on some results, at least one, in their order. The same results give the same report: it knows no time and no machine. */
export function reportOf(results: readonly ReportedResult[], { version, title }: ReportOptions): Report {
  const writeUps = results.map(writeUpOfResult);
  const [only] = writeUps;
  const ownTitle =
    writeUps.length === 1 && only !== undefined ? only.title : plural(formatCount(writeUps.length), "result");
  const kernels = results.flatMap(({ result }) => kernelsOf(result));
  const versions = results.flatMap(({ result }) => versionOf(result));
  return { title: title ?? ownTitle, writeUps, closing: [validationSection(kernels, versions)], version };
}

/** The kernels that a result is of. */
function kernelsOf({ document }: Result): ReportedKernel[] {
  switch (document.format) {
    case "run/1":
      return [document, ...(document.variants ?? [])].map(({ settings }) => settings);
    case "sweep/1":
      return document.points.map(({ settings }) => settings);
    case "diff/1":
      return [document.a.settings, document.b.settings];
    case "ports/1":
      return [document];
  }
}

function versionOf({ document }: Result): string[] {
  return document.format === "ports/1" ? [] : [document.engine.version];
}
