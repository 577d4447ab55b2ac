import type { RunDocument } from "../../src/study/run_document.ts";
import { pointDocument, sweepDocument } from "../../src/study/sweep_document.ts";
import type { SweepDocument, SweepManifest } from "../../src/study/sweep_document.ts";
import { failingRun } from "./run_documents.ts";

/** A sweep over two paths, with the given run at each of its points. Figures are made up. */
export function madeUpSweep(
  values: readonly Readonly<Record<string, string>>[],
  runOf: (point: number) => RunDocument = () => failingRun(),
): SweepDocument {
  const paths = Object.keys(values[0] ?? {});
  const manifest: SweepManifest = {
    format: "sweep-manifest/1",
    sweep: "sha256:0123456789abcdef",
    engine: { version: "0.1.0", build: "sha256:0" },
    scenario: { file: "nodelocaldns.yaml", digest: "sha256:0", about: "Probes of one node (incident 001)." },
    design: { kind: "grid", seed: "nodelocaldns" },
    vary: paths.map((path) => ({
      kind: "values",
      path,
      values: [...new Set(values.map((point) => point[path] ?? ""))],
    })),
    overrides: [],
    settings: {},
    points: values.map((each, index) => ({ point: index + 1, values: each })),
  };
  const points = manifest.points.map((point) => pointDocument(manifest.sweep, point, runOf(point.point)));
  return sweepDocument(manifest, points, undefined);
}
