import type { CheckedNode } from "../checked_node.ts";
import type { Finding, Place } from "../finding.ts";
import { isGlob, SYSCTL_DUMP, type SysctlFile } from "../sysctl_file.ts";
import { editText, unifiedDiff, type LineEdit } from "./line_edits.ts";
import type { PortChange } from "./port_changes.ts";

/** A change of one file. */
export interface FilePatch {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** As `git diff` prints it. */
  readonly diff: string;
}

/**
 * What to change in the files of a node: values that findings say to write, and the settings of a change, which come
 * first where both touch a line.
 *
 * @returns patches by file; a setting that no file has room for is left out, and named in `missing`.
 */
export function filePatches(
  node: CheckedNode,
  texts: readonly SysctlFile[],
  findings: readonly Finding[],
  settings: PortChange["settings"],
): { readonly patches: readonly FilePatch[]; readonly missing: PortChange["settings"] } {
  const edits = new Map<string, LineEdit[]>();
  const missing: (readonly [string, string])[] = [];
  const add = (file: string, edit: LineEdit): void => void edits.set(file, [...(edits.get(file) ?? []), edit]);
  const taken = new Set<string>();
  for (const [name, value] of settings) {
    const lines = node.sysctls.lines.filter((line) => line.kind === "set" && line.name === name);
    const last = lines.at(-1);
    for (const { place } of lines) taken.add(`${place.file}:${place.line}`);
    if (last !== undefined && SYSCTL_DUMP.test(last.place.file)) missing.push([name, value]);
    else if (last !== undefined) add(last.place.file, { line: last.place.line, replace: replaced(last, value) });
    else {
      const place = added(node, texts, name, value);
      if (place === undefined || SYSCTL_DUMP.test(place.file)) missing.push([name, value]);
      else add(place.file, place.edit);
    }
  }
  // Where something has to be mended, notes are left alone: the patch is the smallest that helps.
  const isNeeded = settings.length > 0 || findings.some(({ severity }) => severity !== "note");
  for (const { value, place, severity } of findings) {
    if (isNeeded && severity === "note") continue;
    if (value === undefined || place.length === 0 || taken.has(`${place.file}:${place.line}`)) continue;
    taken.add(`${place.file}:${place.line}`);
    add(place.file, { line: place.line, replace: splice(place, value) });
  }
  const patches = [...edits].flatMap(([file, own]): FilePatch[] => {
    if (SYSCTL_DUMP.test(file)) return [];
    const before = texts.find(({ path }) => path === file)?.text;
    if (before === undefined) return [];
    const after = editText(before, own);
    return after === before ? [] : [{ file, before, after, diff: unifiedDiff(file, before, own) }];
  });
  return { patches, missing };
}

/** The line with another value. */
function replaced(line: { readonly place: Place; readonly valuePlace: Place; readonly value: string }, value: string) {
  if (line.value === "" && line.place.sourceLine.includes("=")) {
    return `${line.place.sourceLine.replace(/=.*$/, "= ")}${value}`;
  }
  return splice(line.valuePlace, value);
}

function splice({ sourceLine, column, length }: Place, value: string): string {
  const letters = Array.from(sourceLine);
  return [...letters.slice(0, column - 1), value, ...letters.slice(column - 1 + length)].join("");
}

/** A new line for a sysctl that no line sets: behind the port range, or behind the last setting there is. */
function added(node: CheckedNode, texts: readonly SysctlFile[], name: string, value: string) {
  const set = node.sysctls.lines.filter(({ kind, place }) => kind === "set" && place.length > 0);
  const beside = set.findLast((line) => line.name.startsWith("net.ipv4.ip_local_")) ?? set.at(-1);
  const file = beside?.place.file ?? texts[0]?.path;
  if (file === undefined) return undefined;
  if (/\.ya?ml$/.test(file)) return addedYaml(beside?.place, file, texts, `${name}: ${value}`);
  const line = beside?.place.line ?? 0;
  const spaced = beside === undefined || isGlob(beside.name) || /\s=\s/.test(beside.place.sourceLine);
  return { file, edit: { line, insert: [spaced ? `${name} = ${value}` : `${name}=${value}`] } };
}

/** A line of `sysctls:` that has a line for each key, or the whole section where there is none. */
function addedYaml(beside: Place | undefined, file: string, texts: readonly SysctlFile[], line: string) {
  const indent = beside === undefined ? undefined : /^( +)[\w.'"]/.exec(beside.sourceLine)?.[1];
  if (beside !== undefined && indent !== undefined) {
    return { file, edit: { line: beside.line, insert: [`${indent}${line}`] } };
  }
  const text = texts.find(({ path }) => path === file)?.text ?? "";
  if (beside !== undefined || /^sysctls:/m.test(text)) return undefined;
  const lines = text.replace(/\n$/, "").split("\n");
  const kubelet = lines.findIndex((one) => one.startsWith("kubelet:"));
  return { file, edit: { line: kubelet < 0 ? lines.length : kubelet, insert: ["sysctls:", `  ${line}`] } };
}
