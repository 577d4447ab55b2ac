import { writeFileSync } from "node:fs";
import { formattedRulePage, RULE_PAGE } from "./rule_page_file.ts";

// Writes src/docs/rules.md anew from the rules: npx tsx test/check/write_rules.ts
writeFileSync(RULE_PAGE, await formattedRulePage());
