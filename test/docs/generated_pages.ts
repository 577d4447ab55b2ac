import { join } from "node:path";
import { format } from "prettier";
import { apiPage } from "./api_page.ts";
import { kernelsPage } from "./kernels_page.ts";
import { limitationsPage } from "./limitations_page.ts";
import { sysctlsPage } from "./sysctls_page.ts";

const DOCS = join(import.meta.dirname, "../../src/docs");

/** A page of src/docs that is made of the source. */
export interface GeneratedPage {
  readonly file: string;
  readonly text: () => Promise<string>;
}

/** The pages that `npm run pages` writes. The library's is long, and its code is formatted where it comes from. */
export const GENERATED_PAGES: readonly GeneratedPage[] = [
  { file: join(DOCS, "api.md"), text: () => Promise.resolve(apiPage()) },
  { file: join(DOCS, "limitations.md"), text: () => formatted(limitationsPage()) },
  { file: join(DOCS, "sysctls.md"), text: () => formatted(sysctlsPage()) },
  { file: join(DOCS, "kernels.md"), text: () => formatted(kernelsPage()) },
];

/** A page as the project's formatter sets it. */
function formatted(text: string): Promise<string> {
  return format(text, { parser: "markdown", printWidth: 120 });
}
