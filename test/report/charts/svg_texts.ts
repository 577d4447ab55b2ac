import { textWidth } from "../../../src/report/text_width.ts";

/** A text of an SVG with the corners of the rectangle that it fills. */
export interface PlacedText {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The texts of an SVG that Vega wrote, where they stand on the picture. Reads translations and quarter turns only. */
export function placedTexts(svg: string): PlacedText[] {
  const found: PlacedText[] = [];
  const origins: (readonly [x: number, y: number])[] = [[0, 0]];
  for (const [, slash, name, attributes = "", words = ""] of svg.matchAll(/<(\/?)(g|text)\b([^>]*)>([^<]*)/g)) {
    const at = origins.at(-1)!;
    if (slash === "/") {
      if (name === "g") origins.pop();
      continue;
    }
    const [x = 0, y = 0] = (/translate\(([^)]*)\)/.exec(attributes)?.[1] ?? "0,0").split(",").map(Number);
    const own = [at[0] + x, at[1] + y] as const;
    if (name === "g") {
      if (!attributes.endsWith("/")) origins.push(own);
      continue;
    }
    // Labels that would overlap are there, but are not drawn.
    if (attributes.includes('opacity="0"')) continue;
    found.push(placed(plain(words), own, attributes));
  }
  return found;
}

function placed(text: string, [x, y]: readonly [number, number], attributes: string): PlacedText {
  const attribute = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  const size = Number.parseFloat(attribute("font-size"));
  const width = textWidth(text, size, attribute("font-weight") === "bold");
  const before = { start: 0, middle: 0.5, end: 1 }[attribute("text-anchor")] ?? 0;
  const from = -before * width;
  if (/rotate\(-90\)/.test(attributes)) {
    return { text, left: x - size, right: x + size / 4, top: y - (from + width), bottom: y - from };
  }
  return { text, left: x + from, right: x + from + width, top: y - size, bottom: y + size / 4 };
}

function plain(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
