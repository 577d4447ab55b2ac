import { z } from "zod";
import { manifestSchema, pointSchema } from "../../report/results/document_schemas.ts";
import { pointColumns } from "../../report/points_table.ts";
import { pointsCsv } from "../../report/points_csv.ts";
import { pointsParquet } from "../../report/points_parquet.ts";
import { isInShard, sweepDocument } from "../../study/sweep_document.ts";
import type { PointDocument, Shard, SweepDocument, SweepManifest } from "../../study/sweep_document.ts";
import type { CliIo } from "./cli_io.ts";
import { jsonText } from "../../report/json_text.ts";
import { readJsonFile } from "./json_file.ts";
import { MOST_SHARDS } from "./shard_option.ts";
import { UNFINISHED } from "./draft_file.ts";

/** What a folder of `sim sweep --out` holds. */
export interface SweepFolder {
  readonly path: string;
  readonly manifest: SweepManifest;
  /** 1 of 1 for a whole sweep. */
  readonly shard: Shard;
  /** The scenario with what holds for all points. */
  readonly scenario: string;
  /** The texts of the finished points by their numbers. */
  readonly points: Map<number, string>;
}

/** A folder that was read, none yet, or why it cannot be used, as a whole sentence. */
export type ReadFolder =
  | { readonly kind: "sweep"; readonly folder: SweepFolder }
  | { readonly kind: "empty" }
  | { readonly kind: "wrong"; readonly message: string };

/** A file that could not be written; what was written before is kept. */
export class CannotWrite extends Error {}

/** Reads what a sweep has left in a folder. Points that a crash cut short have left nothing. */
export async function readSweepFolder(path: string, io: CliIo): Promise<ReadFolder> {
  const manifestPath = `${path}/manifest.json`;
  const manifestFile = await readJsonFile(manifestPath, "sweep-manifest/1", io);
  const listed = await io.listFiles(path);
  const files = listed.ok ? listed.files.map((file) => file.replaceAll("\\", "/")) : [];
  if (!manifestFile.ok) {
    if (files.some((file) => file.endsWith("/manifest.json"))) return wrongFile(manifestPath, manifestFile.why);
    if (files[0] === path) return wrongFolder(path, "it is a file");
    if (await isBarelyBegun(path, files, io)) return { kind: "empty" };
    return {
      kind: "wrong",
      message: `Cannot use ${JSON.stringify(path)}: it holds files, and none is the manifest of a sweep`,
    };
  }
  const wrongField = fieldProblem(manifestSchema, manifestFile.value);
  if (wrongField !== undefined) return wrongFile(manifestPath, wrongField);
  const manifest: SweepManifest = JSON.parse(manifestFile.text);
  const shard = await readShardFile(path, manifest, io);
  if (typeof shard === "string") return { kind: "wrong", message: shard };
  const scenario = await io.readFile(`${path}/scenario.yaml`);
  const points = new Map<number, string>();
  for (const { point } of manifest.points) {
    const file = pointPath(path, point);
    if (!files.some((one) => one.endsWith(file.slice(path.length)))) continue;
    const read = await readJsonFile(file, "sweep-point/1", io);
    const problem = read.ok ? fieldProblem(pointSchema, read.value) : read.why;
    if (!read.ok || problem !== undefined) {
      return wrongFile(file, `${problem ?? ""}; remove it, and --resume runs its point again`);
    }
    const document: PointDocument = JSON.parse(read.text);
    if (document.sweep !== manifest.sweep || document.point !== point) {
      return wrongFile(file, "it belongs to another sweep or another point");
    }
    points.set(point, read.text);
  }
  return {
    kind: "sweep",
    folder: { path, manifest, shard, scenario: scenario.ok ? scenario.text : "", points },
  };
}

/** Which part of the sweep a folder is for; a whole sweep says nothing. */
async function readShardFile(path: string, manifest: SweepManifest, io: CliIo): Promise<Shard | string> {
  const file = await io.readFile(`${path}/shard.json`);
  if (!file.ok) return { index: 1, count: 1 };
  const read = await readJsonFile(`${path}/shard.json`, "sweep-shard/1", io);
  if (!read.ok) return `Cannot read ${JSON.stringify(`${path}/shard.json`)}: ${read.why}`;
  const problem = fieldProblem(shardSchema, read.value);
  if (problem !== undefined) return `Cannot read ${JSON.stringify(`${path}/shard.json`)}: ${problem}`;
  const { sweep, index, count }: Shard & { sweep: string } = JSON.parse(read.text);
  if (sweep !== manifest.sweep)
    return `Cannot read ${JSON.stringify(`${path}/shard.json`)}: it belongs to another sweep`;
  return { index, count };
}

const shardSchema = z
  .looseObject({ sweep: z.string(), index: z.int().positive(), count: z.int().positive().max(MOST_SHARDS) })
  .refine(({ index, count }) => index <= count, "the index is above the count");

/** What is wrong with the first field that is not as portfall writes it: a folder may come from anybody. */
function fieldProblem(schema: z.ZodType, value: unknown): string | undefined {
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) return undefined;
  const where = issue.path.map(String).join(".");
  return `it is not as portfall writes it${where === "" ? "" : `, at ${JSON.stringify(where)}`}: ${issue.message}`;
}

/** Whether a folder holds nothing, or only what a crash has left before there was a manifest. */
async function isBarelyBegun(path: string, files: readonly string[], io: CliIo): Promise<boolean> {
  const left = files.filter((file) => !file.endsWith(UNFINISHED));
  if (left.length === 0) return true;
  const isShardFile = left.length === 1 && left[0]?.endsWith("/shard.json") === true;
  return isShardFile && (await readJsonFile(`${path}/shard.json`, "sweep-shard/1", io)).ok;
}

/**
 * Begins a folder: which part it is for, what was asked, then the scenario as run. In this order a folder without a
 * manifest holds nothing that is worth keeping, and one with it is known to be a sweep's.
 */
export async function beginFolder(folder: SweepFolder, io: CliIo): Promise<void> {
  const { path, manifest, shard, scenario } = folder;
  if (shard.count > 1) {
    const { index, count } = shard;
    await write(`${path}/shard.json`, jsonText({ format: "sweep-shard/1", sweep: manifest.sweep, index, count }), io);
  } else await io.removeFile(`${path}/shard.json`);
  await write(`${path}/manifest.json`, jsonText(manifest), io);
  await write(`${path}/scenario.yaml`, scenario, io);
}

/** Keeps the text of a finished point. */
export async function keepPoint(folder: SweepFolder, point: number, text: string, io: CliIo): Promise<void> {
  await write(pointPath(folder.path, point), text, io);
  folder.points.set(point, text);
}

/** Writes the result and the tables of a folder whose points are done, and what somebody has removed from it meanwhile. */
export async function finishFolder(folder: SweepFolder, io: CliIo): Promise<SweepDocument> {
  const listed = await io.listFiles(folder.path);
  const names = new Set(listed.ok ? listed.files.map((file) => file.replace(/^.*[/\\]/, "")) : []);
  if (["manifest.json", "scenario.yaml"].some((name) => !names.has(name))) await beginFolder(folder, io);
  for (const [point, text] of folder.points) if (!names.has(pointName(point))) await keepPoint(folder, point, text, io);
  const document = documentOf(folder);
  const columns = pointColumns(document);
  await write(`${folder.path}/points.csv`, pointsCsv(columns), io);
  await write(`${folder.path}/points.parquet`, pointsParquet(columns), io);
  await write(`${folder.path}/result.json`, jsonText(document), io);
  return document;
}

/** The document of a sweep from the texts of its points: what was read back later gives the same bytes. */
export function documentOf({ manifest, shard, points }: Omit<SweepFolder, "path" | "scenario">): SweepDocument {
  const documents = [...points.values()].map((text): PointDocument => JSON.parse(text));
  return sweepDocument(manifest, documents, shard);
}

/** The points of a folder's shard that are not finished, in order. */
export function unfinishedPoints({ manifest, shard, points }: SweepFolder): readonly number[] {
  return manifest.points.map(({ point }) => point).filter((point) => isInShard(point, shard) && !points.has(point));
}

/**
 * Writes a file of a result.
 *
 * @throws CannotWrite
 */
export async function write(path: string, content: string | Uint8Array, io: CliIo): Promise<void> {
  const why = await io.writeWholeFile(path, content);
  if (why !== undefined) throw new CannotWrite(`Cannot write ${JSON.stringify(path)}: ${why}`);
}

function pointPath(folder: string, point: number): string {
  return `${folder}/points/${pointName(point)}`;
}

function pointName(point: number): string {
  return `${String(point).padStart(5, "0")}.json`;
}

function wrongFolder(path: string, why: string): ReadFolder {
  return { kind: "wrong", message: `Cannot use ${JSON.stringify(path)}: ${why}; name a folder` };
}

function wrongFile(path: string, why: string): ReadFolder {
  return { kind: "wrong", message: `Cannot read ${JSON.stringify(path)}: ${why}` };
}
