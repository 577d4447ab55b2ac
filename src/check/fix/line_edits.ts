/** A change of one line, or lines that come behind one. */
export interface LineEdit {
  /** From 1; 0 puts `insert` before the first line. */
  readonly line: number;
  /** The new text of the line; absent if it stays. */
  readonly replace?: string;
  readonly insert?: readonly string[];
}

/** The text with its edits made. Line ends stay as they are, and a last line without one gets one where lines follow. */
export function editText(text: string, edits: readonly LineEdit[]): string {
  return operations(text, edits)
    .filter(({ kind }) => kind !== "-")
    .map(({ line }) => `${line}\n`)
    .join("");
}

interface Operation {
  readonly kind: " " | "-" | "+";
  readonly line: string;
}

const CONTEXT = 3;

/** The edits as a unified diff that `patch -p1` and `git apply` take. */
export function unifiedDiff(file: string, text: string, edits: readonly LineEdit[]): string {
  const path = file.replace(/^\.?\/+/, "");
  const all = operations(text, edits);
  const changed = all.map(({ kind }, index) => (kind === " " ? -1 : index)).filter((index) => index >= 0);
  const hunks: { first: number; last: number }[] = [];
  for (const index of changed) {
    const open = hunks.at(-1);
    if (open !== undefined && index - open.last <= 2 * CONTEXT) open.last = index;
    else hunks.push({ first: index, last: index });
  }
  const lines = [`--- a/${path}`, `+++ b/${path}`];
  for (const { first, last } of hunks) {
    const from = Math.max(0, first - CONTEXT);
    const shown = all.slice(from, last + CONTEXT + 1);
    const before = all.slice(0, from);
    lines.push(`@@ -${span(before, shown, "+")} +${span(before, shown, "-")} @@`);
    lines.push(...shown.map(({ kind, line }) => `${kind}${line}`));
  }
  return `${lines.join("\n")}\n`;
}

/** Start and length of a hunk on one side: that without the lines of `other`. */
function span(before: readonly Operation[], shown: readonly Operation[], other: "-" | "+"): string {
  const length = shown.filter(({ kind }) => kind !== other).length;
  const start = before.filter(({ kind }) => kind !== other).length + (length === 0 ? 0 : 1);
  return `${start},${length}`;
}

function operations(text: string, edits: readonly LineEdit[]): readonly Operation[] {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const byLine = new Map<number, LineEdit[]>();
  for (const edit of edits) byLine.set(edit.line, [...(byLine.get(edit.line) ?? []), edit]);
  const inserted = (line: number): Operation[] =>
    (byLine.get(line) ?? []).flatMap(({ insert = [] }) => insert.map((added) => ({ kind: "+" as const, line: added })));
  const result: Operation[] = inserted(0);
  for (const [index, line] of lines.entries()) {
    const replace = byLine.get(index + 1)?.find((edit) => edit.replace !== undefined)?.replace;
    if (replace === undefined || replace === line) result.push({ kind: " ", line });
    else result.push({ kind: "-", line }, { kind: "+", line: replace });
    result.push(...inserted(index + 1));
  }
  return result;
}
