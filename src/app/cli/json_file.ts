import { JSON_LEVELS_MOST, tooDeepInJson } from "../../scenario/json_depth.ts";
import type { CliIo } from "./cli_io.ts";

/** A JSON file that says its own format, or why it cannot be used, to complete "Cannot read …: ". */
export type JsonFile =
  { readonly ok: true; readonly text: string; readonly value: unknown } | { readonly ok: false; readonly why: string };

/** Reads a JSON document whose `format` is the given one. */
export async function readJsonFile(path: string, format: string, io: CliIo): Promise<JsonFile> {
  const file = await io.readFile(path);
  if (!file.ok) return file;
  if (tooDeepInJson(file.text) !== undefined) {
    return { ok: false, why: `it is nested more than ${JSON_LEVELS_MOST} levels deep` };
  }
  try {
    const value: unknown = JSON.parse(file.text);
    const isRight = typeof value === "object" && value !== null && "format" in value && value.format === format;
    if (isRight) return { ok: true, text: file.text, value };
    return { ok: false, why: `it is no document ${format}` };
  } catch {
    return { ok: false, why: "it is no JSON; a file that portfall writes is there whole or not at all" };
  }
}
