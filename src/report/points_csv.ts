import type { PointColumn } from "./points_table.ts";

/**
 * A table as CSV (RFC 4180, but with line feeds alone): a header, one line a row, nothing where a figure is missing.
 *
 * @example
 * ```ts
 * const columns = [{ name: "kernel", kind: "text", values: ["5.4.188", "6.1"] }] as const;
 * console.log(JSON.stringify(pointsCsv(columns))); // "kernel\n5.4.188\n6.1\n"
 * ```
 */
export function pointsCsv(columns: readonly PointColumn[]): string {
  const rows = Array.from({ length: columns[0]?.values.length ?? 0 }, (_, row) =>
    columns.map(({ values }) => field(values[row] ?? "")),
  );
  return [columns.map(({ name }) => field(name)), ...rows].map((fields) => `${fields.join(",")}\n`).join("");
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
