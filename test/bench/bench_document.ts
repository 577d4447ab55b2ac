import { z } from "zod";
import { type FigureName, type ResultLine, type Unit, UNITS } from "./bench_case.ts";

const UNIT_NAMES = Object.keys(UNITS);

const figureSchema = z.object({
  measure: z.string(),
  unit: z.custom<Unit>((unit) => typeof unit === "string" && UNIT_NAMES.includes(unit)),
  /** One value for each round, in their order. */
  values: z.array(z.number()).min(1),
});

const documentSchema = z.object({
  format: z.literal("bench/1"),
  portfall: z.string(),
  machine: z.object({ cpu: z.string(), cores: z.number(), memoryGiB: z.number(), platform: z.string() }),
  node: z.string(),
  size: z.enum(["full", "quick"]),
  rounds: z.number(),
  cases: z.array(
    z.object({
      name: z.string(),
      points: z.array(
        z.object({
          name: z.string(),
          figures: z.array(figureSchema),
          /** Why there are no figures. */
          missing: z.string().optional(),
        }),
      ),
    }),
  ),
});

/** All figures of all rounds, as `--json` writes them; it names no date and no host. */
export type BenchDocument = z.output<typeof documentSchema>;

/** One figure with its values of all rounds. */
export type Figure = z.output<typeof figureSchema>;

/** The document in a text, or what is wrong with it. */
export function readBenchDocument(text: string): BenchDocument | string {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  const read = documentSchema.safeParse(data);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  return `it is not what --json writes (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""})`;
}

/** A figure of a case, or `undefined` if it was not measured. */
export function figureOf(
  document: BenchDocument,
  caseName: string,
  { point, measure }: FigureName,
): Figure | undefined {
  const found = document.cases.find(({ name }) => name === caseName)?.points.find(({ name }) => name === point);
  return found?.figures.find((figure) => figure.measure === measure);
}

/** Lines for other programs, of the round whose CPU time is the median. */
export function resultLines(rounds: readonly (readonly ResultLine[])[]): readonly string[] {
  const all = rounds.flat();
  const names = new Set(all.map(({ w, peer, n }) => JSON.stringify([w, peer, n])));
  return [...names].map((name) => {
    const same = all.filter(({ w, peer, n }) => JSON.stringify([w, peer, n]) === name);
    const middle = same.toSorted((a, b) => a.cpu / a.ops - b.cpu / b.ops)[same.length >> 1];
    return `RESULT ${JSON.stringify(middle)}`;
  });
}
