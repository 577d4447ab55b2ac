import { join } from "node:path";
import { format } from "prettier";
import { rulePage } from "../../src/check/rule_page.ts";

/** Where the reference page of the rules lies. */
export const RULE_PAGE = join(import.meta.dirname, "../../src/docs/rules.md");

/** The page as the project's formatter sets it. */
export function formattedRulePage(): Promise<string> {
  return format(rulePage(), { parser: "markdown", printWidth: 120 });
}
