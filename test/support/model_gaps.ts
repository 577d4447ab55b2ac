import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SOURCE = join(import.meta.dirname, "../../src");

/** One `Not modelled:` of a source file. */
export interface ModelGap {
  /** The class, function, constant or sysctl whose comment says it; empty where none follows. */
  readonly subject: string;
  /** What follows `Not modelled:`, up to the end of its paragraph or to its `Source:`. */
  readonly text: string;
}

const NAMED = /^\s*(?:export )?(?:(?:abstract )?(?:class|function|const|type|interface)) (\w+)/;
const MEMBER = /^ {2}(?:static |readonly |get )*(#?\w+)\b/;

/** All gaps of src/, file by file, each with its file's path below src/. */
export const MODEL_GAPS: readonly (ModelGap & { readonly file: string })[] = readdirSync(SOURCE, {
  recursive: true,
  encoding: "utf8",
})
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"))
  .toSorted((one, other) => (one < other ? -1 : 1))
  .flatMap((file) => gapsOf(readFileSync(join(SOURCE, file), "utf8")).map((gap) => ({ ...gap, file })));

/** The gaps that one file's comments tell, in their order. */
export function gapsOf(source: string): ModelGap[] {
  const comments = [...source.matchAll(/\/\*\*[^]*?\*\/|(?:^[ \t]*\/\/.*\n)+/gm)];
  return comments.flatMap(({ 0: comment, index }) => {
    const paragraphs = comment
      .replaceAll(/^[ \t]*(?:\/\*\*|\*\/|\*|\/\/) ?|\*\/$/gm, "")
      .split(/\n[ \t]*\n|\n(?=@)/)
      .map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim());
    const end = index + comment.length;
    return paragraphs.flatMap((paragraph) => {
      const [, ...told] = paragraph.split("Not modelled: ");
      return told.map((text) => ({
        subject: subjectOf(source.slice(0, index), source.slice(end, end + 400)),
        text: text.replace(/ Source: .*$/, "").trim(),
      }));
    });
  });
}

/** What a comment is about: the name that follows it, with the class that it is a member of. */
function subjectOf(before: string, after: string): string {
  const next = after.replace(/^\s*\n/, "");
  const top = NAMED.exec(next)?.[1];
  if (top !== undefined) return top;
  const sysctls = /^\s*(?:\.\.\.|integer\()[^]*?\),?\n/.exec(next)?.[0] ?? "";
  const names = [...new Set([...sysctls.matchAll(/"(net\.[\w.*-]+)"/g)].map(([, name]) => name!))];
  if (names.length > 0) return names.join(", ");
  const member = MEMBER.exec(next)?.[1];
  const owner = [...before.matchAll(/^(?:export )?(?:abstract )?class (\w+)/gm)].at(-1)?.[1];
  return member === undefined || owner === undefined ? "" : `${owner}.${member}`;
}
