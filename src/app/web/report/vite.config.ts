import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Makes `dist/app/web/report_charts.js`: the one script of a report, with all that it needs. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  logLevel: "warn",
  // Charts come compiled, so the compiler, a third of the size, is left out.
  resolve: { alias: { "vega-lite": fileURLToPath(new URL("no_vega_lite.ts", import.meta.url)) } },
  build: {
    outDir: "../../../../dist/app/web",
    emptyOutDir: false,
    target: "es2023",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    lib: {
      entry: fileURLToPath(new URL("report_charts.ts", import.meta.url)),
      formats: ["iife"],
      name: "portfallReport",
      fileName: () => "report_charts.js",
    },
  },
});
