import { writeFileSync } from "node:fs";
import { GENERATED_PAGES } from "./generated_pages.ts";

// Writes the pages of src/docs that are made of the source: npm run pages
for (const { file, text } of GENERATED_PAGES) writeFileSync(file, await text());
