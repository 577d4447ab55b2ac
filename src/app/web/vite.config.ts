import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { literalNumbers } from "../build/literal_numbers.ts";

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
);

/** A slow machine is no fault of the page. */
const QUIET = { checks: { bundlerTimings: false } };

/** Makes `dist/app/web/lab.html`: one file that needs no other. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  logLevel: "warn",
  define: { PORTFALL_VERSION: JSON.stringify(manifest.version) },
  build: {
    outDir: "../../../dist/app/web",
    emptyOutDir: false,
    target: "es2023",
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: { ...QUIET, input: fileURLToPath(new URL("lab.html", import.meta.url)) },
  },
  worker: {
    format: "iife",
    // V8 can put what a constant holds into the code that names it, and not what a variable does.
    rolldownOptions: { ...QUIET, output: { topLevelVar: false } },
    plugins: () => [literalNumbers(fileURLToPath(new URL("../../kernel", import.meta.url)))],
  },
  plugins: [viteSingleFile({ removeViteModuleLoader: true }), closedPage()],
});

/** Forbids the page everything but its own script and style, which are named by their digests, and its own workers. */
function closedPage(): Plugin {
  return {
    name: "closed-page",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== "asset" || !file.fileName.endsWith(".html")) continue;
          file.source = withPolicy(String(file.source));
        }
      },
    },
  };
}

function withPolicy(page: string): string {
  // A module script is deferred, and so is the plain script at the end of the body that needs no module loader.
  const digests = (tag: string): string =>
    [...page.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, "g"))]
      .map(([, content = ""]) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`)
      .join(" ");
  const policy = [
    "default-src 'none'",
    `script-src ${digests("script")} blob:`,
    "worker-src blob:",
    `style-src ${digests("style")}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return page.replace("<!-- policy -->", () => `<meta http-equiv="Content-Security-Policy" content="${policy}" />`);
}
