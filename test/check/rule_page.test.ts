import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formattedRulePage, RULE_PAGE } from "./rule_page_file.ts";

describe("The page of the rules", () => {
  it("is what the rules say (else: npx tsx test/check/write_rules.ts)", async () => {
    expect(readFileSync(RULE_PAGE, "utf8")).toBe(await formattedRulePage());
  });
});
