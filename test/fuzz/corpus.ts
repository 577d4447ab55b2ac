import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/** The text of a file of this project, by its path from the top. */
export function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** The texts of all files below a folder whose names match, by their paths from the top, in their order. */
export function textsBelow(folder: string, name: RegExp, most = Infinity): ReadonlyMap<string, string> {
  const top = fileURLToPath(ROOT);
  const files = readdirSync(new URL(folder, ROOT), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(top.length))
    .toSorted((a, b) => (a < b ? -1 : 1));
  const texts = files.map((path) => [path, textOf(path)] as const);
  return new Map(texts.filter(([, text]) => text.length <= most));
}
