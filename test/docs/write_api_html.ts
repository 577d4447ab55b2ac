import { denoDoc, HAS_DENO } from "./deno_doc.ts";

// Writes the library's reference as HTML to dist/api/: npm run api
if (HAS_DENO) {
  denoDoc("--html", "--name=portfall", "--output=dist/api");
  console.log("dist/api/all_symbols.html is written.");
} else {
  console.error("Deno is missing: run npm ci --prefix notebooks");
  process.exitCode = 1;
}
