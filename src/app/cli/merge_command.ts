import { formatCount, plural } from "../../report/number_text.ts";
import { sweepText } from "../../report/sweep_text.ts";
import { sweepDifference } from "../../study/sweep_difference.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { jsonText } from "../../report/json_text.ts";
import type { MergeOptions } from "./merge_options.ts";
import {
  beginFolder,
  CannotWrite,
  finishFolder,
  keepPoint,
  readSweepFolder,
  unfinishedPoints,
} from "./sweep_folder.ts";
import type { SweepFolder } from "./sweep_folder.ts";
import { textOptions } from "./text_options.ts";
import { complain } from "./complain.ts";

/**
 * `sim merge`: joins the folders of a sweep's shards into what one machine would have written, byte for byte, and prints
 * its table.
 *
 * @returns the exit code: 2 if folders do not belong together, points are missing, or the disk is full.
 */
export async function mergeCommand(options: MergeOptions, io: CliIo): Promise<number> {
  const folders: SweepFolder[] = [];
  for (const path of options.folders) {
    const found = await readSweepFolder(path, io);
    if (found.kind === "wrong") return complain(found.message, io);
    if (found.kind === "empty") return complain(`Cannot merge ${JSON.stringify(path)}: there is no sweep in it`, io);
    folders.push(found.folder);
  }
  const merged = joinFolders(folders);
  if (typeof merged === "string") return complain(merged, io);
  const target = await readSweepFolder(options.out, io);
  if (target.kind === "wrong") return complain(target.message, io);
  const kept = target.kind === "empty" ? new Map<number, string>() : await keptPoints(merged, target.folder, io);
  if (typeof kept === "string") return complain(kept, io);
  const folder: SweepFolder = { ...merged, path: options.out, points: kept };
  try {
    await beginFolder(folder, io);
    for (const [point, text] of merged.points) if (!kept.has(point)) await keepPoint(folder, point, text, io);
    const document = await finishFolder(folder, io);
    const text =
      options.format === "json" ? jsonText(document) : sweepText(document, { ...textOptions(io), folder: options.out });
    io.stdout.write(text);
    return EXIT_CODE.done;
  } catch (error) {
    if (error instanceof CannotWrite) return complain(error.message, io);
    throw error;
  }
}

/** The points that a merge of the same folders had written when it was cut short; or why the folder cannot be used. */
async function keptPoints(
  { manifest, points }: Omit<SweepFolder, "path">,
  target: SweepFolder,
  io: CliIo,
): Promise<Map<number, string> | string> {
  const isSame = target.shard.count === 1 && sweepDifference(manifest, target.manifest) === undefined;
  const isFinished = (await io.readFile(`${target.path}/result.json`)).ok;
  if (!isSame || isFinished || [...target.points].some(([point, text]) => points.get(point) !== text)) {
    return `Cannot use ${JSON.stringify(target.path)}: it holds a sweep already; name another folder`;
  }
  return new Map(target.points);
}

/** The whole sweep of its shards, in the order of the points; or one sentence about why there is none. */
function joinFolders(folders: readonly SweepFolder[]): Omit<SweepFolder, "path"> | string {
  const [first] = folders;
  if (first === undefined) return "Cannot merge nothing: name the folders of the shards";
  const origin = new Map<number, SweepFolder>();
  for (const folder of folders) {
    const difference = sweepDifference(first.manifest, folder.manifest);
    if (difference !== undefined) {
      return `Cannot merge ${JSON.stringify(folder.path)} with ${JSON.stringify(first.path)}: ${difference}`;
    }
    for (const [point, text] of folder.points) {
      const other = origin.get(point);
      if (other !== undefined && other.points.get(point) !== text) {
        return `Cannot merge ${JSON.stringify(folder.path)} with ${JSON.stringify(other.path)}: they differ at point ${point}`;
      }
      origin.set(point, folder);
    }
  }
  const lacks = missingText(folders, new Set(origin.keys()));
  if (lacks !== undefined) return lacks;
  const points = first.manifest.points.map(({ point }) => [point, origin.get(point)?.points.get(point) ?? ""] as const);
  // A shard without any point may have been cut short before its scenario was written.
  const scenario = folders.find((folder) => folder.scenario !== "")?.scenario ?? "";
  return { manifest: first.manifest, scenario, shard: { index: 1, count: 1 }, points: new Map(points) };
}

/** Which shards or points are missing, if any. */
function missingText(folders: readonly SweepFolder[], found: ReadonlySet<number>): string | undefined {
  const [first] = folders;
  const missing = first?.manifest.points.filter(({ point }) => !found.has(point)) ?? [];
  if (first === undefined || missing.length === 0) return undefined;
  for (const folder of folders) {
    const unfinished = unfinishedPoints(folder).filter((point) => !found.has(point)).length;
    if (unfinished > 0) {
      const { index, count } = folder.shard;
      const part = count === 1 ? "" : ` is shard ${index}/${count} and`;
      return `Cannot merge: ${JSON.stringify(folder.path)}${part} lacks ${plural(formatCount(unfinished), "point")}; finish it with --resume`;
    }
  }
  const { count } = first.shard;
  const given = new Set(folders.map(({ shard }) => shard.index));
  const absent = Array.from({ length: count }, (_, place) => place + 1).filter((index) => !given.has(index));
  if (folders.some(({ shard }) => shard.count !== count)) {
    return `Cannot merge shards of different numbers: ${folders.map(({ shard }) => `${shard.index}/${shard.count}`).join(", ")}; ${plural(formatCount(missing.length), "point")} of ${formatCount(first.manifest.points.length)} missing`;
  }
  const shards = absent.map((index) => `${index}/${count}`).slice(0, 20);
  return `Cannot merge: shard${absent.length === 1 ? "" : "s"} ${shards.join(", ")}${absent.length > 20 ? " …" : ""} missing`;
}
