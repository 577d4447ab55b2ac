import type { CliIo } from "./cli_io.ts";

/** A file of a result's folder: its name there, and its text. */
export type ResultFile = readonly [name: string, text: string];

/**
 * Begins the folder of a result with the scenarios as run, before anything is simulated: a folder that cannot be written
 * to is so found at once. Files that the user keeps there under these names stay as they are.
 *
 * @returns one sentence about why the folder cannot be used; `undefined` once it is begun.
 */
export async function beginResult(out: string, files: readonly ResultFile[], io: CliIo): Promise<string | undefined> {
  const listed = await io.listFiles(out);
  const isUsed = listed.ok && listed.files.some((path) => /(^|[/\\])(result|manifest)\.json$/.test(path));
  if (isUsed) return `Cannot use ${JSON.stringify(out)}: it holds a result already; name another folder`;
  for (const [name, text] of files) {
    const present = await io.readFile(`${out}/${name}`);
    // A run that was killed has left what this one writes.
    if (present.ok && present.text !== text) {
      return `Cannot use ${JSON.stringify(out)}: its ${name} is not that of this run; name another folder, or remove the file`;
    }
  }
  return writeResult(out, files, io);
}

/** Writes files of a result, each whole. @returns why one of them cannot be written. */
export async function writeResult(out: string, files: readonly ResultFile[], io: CliIo): Promise<string | undefined> {
  for (const [name, text] of files) {
    const path = `${out}/${name}`;
    const why = await io.writeWholeFile(path, text);
    if (why !== undefined) return `Cannot write ${JSON.stringify(path)}: ${why}`;
  }
  return undefined;
}
