import type { KernelCase } from "./case_file.ts";
import { compareCase } from "./compare.ts";
import type { Difference } from "./difference.ts";
import type { CaseLaw } from "./law_schema.ts";
import { checkLaw } from "./laws.ts";
import type { Observation } from "./observation.ts";
import { findOtherOutcome } from "./race.ts";
import { runCase } from "./run_case.ts";

/** What came of one case: it passes if there is no difference. */
export interface CaseVerdict {
  /** In the order of the comparison: packets, results, snapshots, lists, laws. */
  readonly differences: readonly Difference[];
  /** What the case needs and the model lacks; such a case fails, with this as its only difference. */
  readonly reason?: string;
  /** The race that the model decided in the other, equally legal order: nothing recorded from there on was compared. */
  readonly excused?: ExcusedRace;
}

/** A race after which a comparison stopped. */
export interface ExcusedRace {
  /** `SYN-ACK timer | SYN, near 1006 ms in p1`. */
  readonly race: string;
  readonly comparedUntilMs: number;
}

/**
 * Replays a recorded case and judges it: the comparison with what was recorded, then its laws.
 *
 * @param options.seed the boot secret and all else that differs from boot to boot; the case's id if absent.
 */
export function judgeCase(kernelCase: KernelCase, options: { readonly seed?: string } = {}): CaseVerdict {
  const outcome = runCase(kernelCase, options);
  if (!outcome.ok) {
    const { reason } = outcome;
    return {
      differences: [{ where: "the model", expected: "all that the case needs", actual: reason, before: [] }],
      reason,
    };
  }
  const { observation } = outcome;
  const differences = [...compareCase(kernelCase, observation), ...brokenLaws(kernelCase, observation)];
  const excused = excusedRace(kernelCase, observation);
  return { differences, ...(excused === undefined ? {} : { excused }) };
}

/** The race at which the comparison stopped, where it would otherwise have found a difference. */
function excusedRace(kernelCase: KernelCase, observation: Observation): ExcusedRace | undefined {
  const other = kernelCase.races.length === 0 ? undefined : findOtherOutcome(kernelCase, observation);
  if (other === undefined) return undefined;
  const { between, near_ms: nearMs, where } = other.race;
  return { race: `${between.join(" | ")}, near ${nearMs} ms in ${where}`, comparedUntilMs: other.fromMs };
}

function brokenLaws(kernelCase: KernelCase, observation: Observation): Difference[] {
  return kernelCase.laws.flatMap((law, index) => {
    const broken = checkLaw(law, kernelCase, observation);
    if (broken === undefined) return [];
    // A reason begins with the name of its law, which stands in `where` already.
    const actual = broken.startsWith(`${law.law}: `) ? broken.slice(law.law.length + 2) : broken;
    return [
      {
        where: `law ${index + 1} of ${kernelCase.laws.length}, ${law.law}`,
        expected: lawText(law),
        actual,
        before: [],
      },
    ];
  });
}

/** The numbers of a law as they stand in the file, what is off left out. */
function lawText(law: CaseLaw): string {
  const fields = Object.entries(law).filter(([name, value]) => name !== "law" && name !== "why" && value !== false);
  return fields.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ");
}
