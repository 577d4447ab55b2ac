import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Every document of the project, from the top of it. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  "CHANGELOG.md",
  "src/ARCHITECTURE.md",
  "src/VALIDATION.md",
  ".github/CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "src/docs"), { recursive: true, encoding: "utf8" })
    .map((name) => `src/docs/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".md"))
    .toSorted((one, other) => (one < other ? -1 : 1)),
];

/** A fenced block of code. */
export interface Block {
  readonly document: string;
  readonly language: string;
  readonly code: string;
  /** The `sh` block whose output a `text` block is: the one before it, with nothing but blank lines between. */
  readonly outputOf?: string;
}

/** Output that does not stand right behind its command: the README's first text. */
const README_RUN = "npx --no sim run scenarios/nodelocaldns.yaml\n";

/** The blocks of all documents, in their order; a block inside a list is not indented. */
export const BLOCKS: readonly Block[] = DOCUMENTS.flatMap((document) => blocksOf(document));

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  const found = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return found.map(([, language = "", code = ""], index) => {
    const before = found[index - 1];
    if (document === "README.md" && index === 1) return { document, language, code, outputOf: README_RUN };
    const isNext = before !== undefined && text.slice(0, found[index]!.index).trimEnd().endsWith(before[0]);
    return {
      document,
      language,
      code,
      ...(isNext && before[1] === "sh" && language === "text" ? { outputOf: before[2]! } : {}),
    };
  });
}

/** The blocks in one language. */
export function blocksIn(language: string): readonly Block[] {
  return BLOCKS.filter((block) => block.language === language);
}
