import type { Rule, RuleExample } from "../rule.ts";
import { confExample } from "./examples.ts";

/** A file with one finding, and a comment above its line. */
function suppressed(comment: string): RuleExample {
  return confExample(`# sim-check: ${comment}\nnet.ipv4.ip_forward = 0`);
}

const GOOD = suppressed("allow FORWARDING-OFF until 2999-12-31 because this host is a bastion without pods");
const SOURCES = ["docs/check.md"];

/** A suppression that is past its date. `suppress` judges it. */
export const SUPPRESSION_EXPIRED: Rule = {
  id: "SUPPRESSION-EXPIRED",
  severity: "warning",
  title: "A suppression is past its date.",
  why: "A finding was accepted for a time, and the time is over: it counts again.",
  fix: "Mend the finding, or write a new date and why it still holds.",
  sources: SOURCES,
  bad: suppressed("allow FORWARDING-OFF until 2020-01-31 because the new image follows in January"),
  good: GOOD,
  judge: () => [],
};

/** A suppression that lacks something. `suppress` judges it. */
export const SUPPRESSION_INVALID: Rule = {
  id: "SUPPRESSION-INVALID",
  severity: "warning",
  title: "A suppression lacks its reason or its date, or names no rule.",
  why: "Without a reason nobody can tell whether it still holds, without a date nobody asks. It suppresses nothing.",
  fix: "Write `sim-check: allow RULE until YYYY-MM-DD because REASON`.",
  sources: SOURCES,
  bad: suppressed("allow FORWARDING-OFF"),
  good: GOOD,
  judge: () => [],
};

/** A suppression without a finding. `suppress` judges it. */
export const SUPPRESSION_UNUSED: Rule = {
  id: "SUPPRESSION-UNUSED",
  severity: "note",
  title: "A suppression has nothing to suppress.",
  why: "The finding is gone. Left where it is, the suppression hides the next one on that line.",
  fix: "Delete it.",
  sources: SOURCES,
  bad: confExample(
    "# sim-check: allow FORWARDING-OFF until 2999-12-31 because this host is a bastion without pods\nnet.ipv4.ip_forward = 1",
  ),
  good: GOOD,
  judge: () => [],
};
