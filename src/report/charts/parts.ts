import { COLOR } from "./look.ts";

/** A channel of numbers: one title, scale and axis for whichever field a layer reads. */
export function numbers<Scale extends object, Axis extends object>(
  title: string | string[] | null,
  scale: Scale,
  axis: Axis,
) {
  return (field: string) => ({ field, type: "quantitative" as const, title, scale, axis });
}

/** A channel that takes its colours from the data. */
export const OWN_COLOR = { field: "color", type: "nominal" as const, scale: null };

/** The mark of an estimate: filled. */
export function filledPoint(color: string | undefined, size = 90) {
  return { type: "point" as const, filled: true, size, opacity: 1, ...(color === undefined ? {} : { color }) };
}

/** The mark of an exact value: a hollow diamond. */
export const EXACT_POINT = {
  type: "point" as const,
  shape: "diamond",
  filled: false,
  size: 110,
  strokeWidth: 1.5,
  opacity: 1,
  color: COLOR.text,
};

/** A line across the picture. */
export function ruleMark(color: string, strokeWidth: number, strokeDash: number[] = [1, 0]) {
  return { type: "rule" as const, color, strokeWidth, strokeDash };
}

/** A channel that tells groups apart, with its legend. */
export function groups(field: string, domain: readonly string[], legend: object) {
  return (range: readonly unknown[]) => ({
    field,
    type: "nominal" as const,
    scale: { domain: [...domain], range: [...range] },
    legend,
  });
}
