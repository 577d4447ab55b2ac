import type { ResultReading, ResultText, ResultTexts } from "../../report/results/result.ts";
import { noResult, readResult } from "../../report/results/read_result.ts";
import type { CliIo } from "./cli_io.ts";

/**
 * Reads a result that the user named: a folder that `--out` wrote, finished or not, or a file that `--format json` gave.
 *
 * @returns the result, or diagnostics with the place in the file.
 */
export async function readResultFiles(path: string, io: CliIo): Promise<ResultReading> {
  const listed = await io.listFiles(path);
  if (!listed.ok) return { ok: false, diagnostics: [noResult(path, listed.why)] };
  const files = listed.files.map((file) => file.replaceAll("\\", "/"));
  const folder = path.replaceAll("\\", "/").replace(/\/+$/, "");
  if (files.length === 1 && files[0] === path.replaceAll("\\", "/")) {
    const file = await io.readFile(path);
    if (!file.ok) return { ok: false, diagnostics: [noResult(path, file.why)] };
    return readResult({ path, document: { path, text: file.text } });
  }
  const textOf = async (name: string): Promise<ResultText | undefined> => {
    if (!files.some((file) => file === `${folder}/${name}` || file === name)) return undefined;
    const file = await io.readFile(`${folder}/${name}`);
    return file.ok ? { path: `${folder}/${name}`, text: file.text } : undefined;
  };
  const document = await textOf("result.json");
  const manifest = document === undefined ? await textOf("manifest.json") : undefined;
  const names =
    manifest === undefined ? [] : files.filter((file) => /(^|\/)points\/[^/]+\.json$/.test(file)).toSorted();
  const points = await Promise.all(names.map((name) => textOf(name.slice(name.lastIndexOf("points/")))));
  const scenario = await textOf("scenario.yaml");
  const texts: ResultTexts = {
    path,
    ...(document === undefined ? {} : { document }),
    ...(manifest === undefined ? {} : { manifest, points: points.filter((point) => point !== undefined) }),
    ...(scenario === undefined ? {} : { scenario }),
  };
  return readResult(texts);
}
