import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { GENERATED_PAGES } from "./generated_pages.ts";

describe("A page that is made of the source", () => {
  it.each(GENERATED_PAGES.map((page) => ({ ...page, name: basename(page.file) })))(
    "$name is what the source says now",
    async ({ file, name, text }) => {
      expect(readFileSync(file, "utf8"), `src/docs/${name} is stale: run npm run pages`).toBe(await text());
    },
  );
});
