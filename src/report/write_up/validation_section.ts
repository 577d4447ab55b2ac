import { formatCount, plural } from "../number_text.ts";
import type { Section } from "./block.ts";
import type { ValidatedKernel } from "./validation.ts";
import { VALIDATION_FIGURES } from "./validation_figures.ts";

/** A kernel that a result is of. */
export interface ReportedKernel {
  readonly kernel: string;
  readonly portWalk: string;
}

/** How far the model is validated, and what of that is about the kernels of the results. */
export function validationSection(kernels: readonly ReportedKernel[], versions: readonly string[]): Section {
  const { version, recordings, derived, rules, gaps } = VALIDATION_FIGURES;
  const others = [...new Set(versions)].filter((one) => one !== version);
  const untold = rules.total - rules.byRecordings - rules.byDerivedCases;
  return {
    title: "How far the model is validated",
    blocks: [
      {
        kind: "text",
        text:
          `portfall ${version} agrees with ${formatCount(recordings.agreeing)} of ${formatCount(recordings.total)} recordings of real ` +
          `kernels, packet by packet, and with ${formatCount(derived.agreeing)} of ${formatCount(derived.total)} cases that were worked ` +
          "out from the kernel's source.",
      },
      {
        kind: "list",
        items: [
          ...walksOf(kernels).map(walkText),
          `Each of ${plural(formatCount(rules.total), "rule")} of the model was turned off by itself: ${formatCount(rules.byRecordings)} times a ` +
            `recording then disagreed, ${formatCount(rules.byDerivedCases)} times a case worked out from the source` +
            `${untold === 0 ? "" : `, ${formatCount(untold)} times nothing`}.`,
          `What is not modelled is named in ${formatCount(gaps)} places; src/docs/limitations.md lists them all, src/VALIDATION.md every case and rule.`,
          ...(others.length === 0
            ? []
            : [`These results are of portfall ${others.join(", ")}, the figures above of ${version}.`]),
        ],
      },
      {
        kind: "table",
        caption: "Recordings by kernel",
        columns: [
          { title: "Kernel" },
          { title: "Port walk" },
          { title: "Recordings", isNumber: true },
          { title: "Agree", isNumber: true },
        ],
        rows: VALIDATION_FIGURES.kernels.map(({ release, portWalk, total, agreeing }) => [
          release,
          portWalk,
          formatCount(total),
          formatCount(agreeing),
        ]),
      },
    ],
  };
}

/** The port walks of some kernels, each with its kernels. */
function walksOf(kernels: readonly ReportedKernel[]): { readonly walk: string; readonly of: readonly string[] }[] {
  const walks = [...new Set(kernels.map(({ portWalk }) => portWalk))];
  return walks.map((walk) => ({
    walk,
    of: [...new Set(kernels.filter(({ portWalk }) => portWalk === walk).map(({ kernel }) => kernel))],
  }));
}

/** What is known of the port walk of these results: it decides which probes fail. */
function walkText({ walk, of }: { readonly walk: string; readonly of: readonly string[] }): string {
  const { kernels, derivedKernels } = VALIDATION_FIGURES;
  const total = sumOf(kernels, walk);
  const derived = sumOf(derivedKernels, walk);
  const results = `These results are of kernel ${of.join(", ")}, port walk ${walk}`;
  const worked = derived === 0 ? "" : ` and ${plural(formatCount(derived), "case")} worked out from its source`;
  if (total > 0) {
    const releases = [...new Set(kernels.filter(({ portWalk }) => portWalk === walk).map(({ release }) => release))];
    return `${results}: ${plural(formatCount(total), "recording")} on ${releases.join(", ")} with this walk${worked}.`;
  }
  if (derived > 0)
    return `${results}: no recording has this walk; ${plural(formatCount(derived), "case")} worked out from its source.`;
  return `${results}: no recording has this walk. It rests on the kernel's source and on the project's own tests.`;
}

function sumOf(kernels: readonly ValidatedKernel[], walk: string): number {
  return kernels.filter(({ portWalk }) => portWalk === walk).reduce((sum, { total }) => sum + total, 0);
}
