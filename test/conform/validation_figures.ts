import { format } from "prettier";
import type { JudgedCase, ValidationReport } from "../../src/conform/validation.ts";
import type { ValidatedKernel, ValidationFigures } from "../../src/report/write_up/validation.ts";

/** Where reports find how far the model is validated. */
export const VALIDATION_FIGURES_FILE = new URL("../../src/report/write_up/validation_figures.ts", import.meta.url);

const HEAD = `import type { ValidationFigures } from "./validation.ts";

/** How far the model is validated. This file is written by \`npm run validate\`, never by hand; a test fails when it is stale. */
export const VALIDATION_FIGURES: ValidationFigures = `;

/** The text of that file as it should be with this to tell. */
export async function validationFigures({ version, cases, derived, rules, gaps }: ValidationReport): Promise<string> {
  const all = rules.flatMap((group) => group.rules);
  const told = all.filter(({ caughtBy }) => caughtBy !== undefined);
  const byDerived = told.filter(({ caughtBy }) => caughtBy?.startsWith("derived/") === true);
  const figures: ValidationFigures = {
    version,
    recordings: countsOf(cases),
    derived: countsOf(derived),
    kernels: kernelsOf(cases),
    derivedKernels: kernelsOf(derived),
    rules: { total: all.length, byRecordings: told.length - byDerived.length, byDerivedCases: byDerived.length },
    gaps,
  };
  return format(`${HEAD}${JSON.stringify(figures)};\n`, { parser: "typescript", printWidth: 120 });
}

function countsOf(cases: readonly JudgedCase[]): { readonly total: number; readonly agreeing: number } {
  return { total: cases.length, agreeing: cases.filter(agrees).length };
}

function agrees({ verdict }: JudgedCase): boolean {
  return verdict.reason === undefined && verdict.differences.length === 0;
}

/** Cases by kernel and port walk, in the order in which they first come. */
function kernelsOf(cases: readonly JudgedCase[]): ValidatedKernel[] {
  const nameOf = ({ kernelCase: { kernel } }: JudgedCase): string => `${kernel.release} ${kernel.port_walk}`;
  return [...new Set(cases.map(nameOf))].map((name) => {
    const group = cases.filter((one) => nameOf(one) === name);
    const { release, port_walk: portWalk } = group[0]!.kernelCase.kernel;
    return { release, portWalk, ...countsOf(group) };
  });
}
