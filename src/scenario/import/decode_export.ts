import { placeOf, type ExportProblem } from "./export_problem.ts";

/** The text of a file, with what a reader should know of how it was read; or what is wrong. */
export type DecodedExport =
  | { readonly ok: true; readonly text: string; readonly note?: string }
  | { readonly ok: false; readonly text: string; readonly problem: ExportProblem };

const COMPRESSED: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

/**
 * Reads the bytes of an export: UTF-8 with or without BOM, UTF-16 as PowerShell writes it, else Latin-1 with a note.
 * CRLF becomes LF. Two encodings in one file, as `>>` of PowerShell leaves them, and archives are problems.
 */
export function decodeExport(bytes: Uint8Array): DecodedExport {
  const packed = COMPRESSED.find(([, magic]) => magic.every((byte, index) => bytes[index] === byte));
  if (packed !== undefined) {
    const problem = { line: 1, message: `Cannot read a ${packed[0]} archive`, toMend: "unpack it first" };
    return { ok: false, text: "", problem };
  }
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return withoutNul(new TextDecoder(wide).decode(bytes));
  const text = decodeUtf8(bytes);
  if (text !== undefined) return withoutNul(text);
  const { line } = placeOf(...firstReplacement(bytes));
  const read = withoutNul(new TextDecoder("windows-1252").decode(bytes));
  return read.ok ? { ...read, note: `line ${line} is not UTF-8: the file is read as Latin-1` } : read;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function firstReplacement(bytes: Uint8Array): readonly [text: string, offset: number] {
  const text = new TextDecoder("utf-8").decode(bytes);
  return [text, text.indexOf("\ufffd")];
}

/** By its BOM, or by the zero bytes beside the first two characters of ASCII. */
function wideEncoding([a, b, c, d]: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return "utf-16le";
  return a === 0 && b !== 0 && c === 0 && d !== 0 ? "utf-16be" : undefined;
}

function withoutNul(raw: string): DecodedExport {
  const text = raw.replaceAll("\r\n", "\n");
  const nul = text.indexOf("\0");
  if (nul < 0) return { ok: true, text };
  const problem = {
    ...placeOf(text, nul),
    message: "Cannot read a zero byte: the file is no text, or holds two encodings, one behind the other",
    expected: "text in one encoding",
    toMend: "collect it again with a single > into a new file",
  };
  return { ok: false, text, problem };
}
