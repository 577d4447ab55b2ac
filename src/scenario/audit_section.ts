import type { CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import { CAUSE_NAMES } from "./expectation_section.ts";
import type { Audit } from "./model.ts";
import { closestWord } from "./spelling.ts";
import { anyOf } from "./wording.ts";

const BY_CAUSE = CAUSE_NAMES.map((cause) => `byCause.${cause}`);

/** The figures that an audit can explain and that do not depend on the scenario: counts of events, and the probability. */
const AUDIT_FIGURES: readonly string[] = [
  "probes.probability",
  "probes.failed",
  ...BY_CAUSE.map((path) => `probes.${path}`),
  "readiness.flips",
  "restarts.count",
];

/** Whether an audit can explain a figure: one that counts failures, so that two runs can be compared as counts. */
function isAuditFigure(path: string): boolean {
  if (AUDIT_FIGURES.includes(path)) return true;
  if (path.startsWith("loadBalancers.")) return path.endsWith(".failed");
  return path.startsWith("workloads.") && ["failed", ...BY_CAUSE].some((end) => path.endsWith(`.${end}`));
}

/** Checks the audit: its cause is a variant, its figure a count. */
export function resolveAudit({ sections, place, problems }: CheckContext): Audit | undefined {
  const { audit, variants = {} } = sections;
  if (audit === undefined) return undefined;
  const names = Object.keys(variants);
  const at = place.at("audit");
  const isUnread = place.isLeftOut("variants") || place.at("variants").isLeftOut(audit.cause);
  if (!names.includes(audit.cause) && !isUnread) {
    const closest = closestWord(audit.cause, names);
    problems.add(at.at("cause").value, {
      message: `Cannot take the cause away with ${quote(audit.cause)}: no variant has that name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
      expected: names.length === 0 ? "a name under variants:" : anyOf(names),
      toMend: closest === undefined ? `add a variant ${quote(audit.cause)}` : `write ${closest}`,
    });
  }
  const { claim, cause, figure = "probes.probability" } = audit;
  if (!isAuditFigure(figure)) {
    const closest = closestWord(figure, AUDIT_FIGURES);
    problems.add(at.at("figure").value, {
      message: `Cannot audit ${quote(figure)}: it is no count of failures`,
      expected: `${anyOf(AUDIT_FIGURES)}, workloads.NAME.failed or loadBalancers.NAME.failed`,
      toMend: `write ${closest ?? "probes.probability"}`,
    });
  }
  return { claim, cause, figure };
}
