import type { ResultReading, ResultText } from "../../report/results/result.ts";
import { noResult, readResult } from "../../report/results/read_result.ts";
import type { CliIo } from "./cli_io.ts";

/**
 * Reads a result that the user named: a folder that `--out` wrote, finished or not, or a file that `--format json` gave.
 *
 * @returns the result, or diagnostics with the place in the file.
 */
export async function readResultFiles(path: string, io: CliIo): Promise<ResultReading> {
  const file = await io.readFile(path);
  if (file.ok) return readResult({ path, document: { path, text: file.text } });
  const folder = path.replaceAll("\\", "/").replace(/(?<=.)\/+$/, "");
  const textOf = async (name: string): Promise<ResultText | undefined> => {
    const read = await io.readFile(`${folder}/${name}`);
    return read.ok ? { path: `${folder}/${name}`, text: read.text } : undefined;
  };
  const document = await textOf("result.json");
  const scenario = await textOf("scenario.yaml");
  const extra = scenario === undefined ? {} : { scenario };
  if (document !== undefined) return readResult({ path, document, ...extra });
  const manifest = await textOf("manifest.json");
  if (manifest !== undefined) {
    const points = await Promise.all((await pointNames(folder, io)).map(textOf));
    return readResult({ path, manifest, points: points.filter((point) => point !== undefined), ...extra });
  }
  // A folder that is there has no result; anything else has its own reason.
  return { ok: false, diagnostics: [file.why === "it is a directory" ? noResult(path) : noResult(path, file.why)] };
}

/** The finished points of a sweep's folder, as `points/NAME`. */
async function pointNames(folder: string, io: CliIo): Promise<string[]> {
  const listed = await io.listFiles(`${folder}/points`);
  if (!listed.ok) return [];
  return listed.files
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".json"))
    .map((file) => `points/${file.slice(file.lastIndexOf("/") + 1)}`)
    .toSorted();
}
