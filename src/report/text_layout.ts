/** How emphasis looks on the reader's terminal: ANSI colours, or nothing. */
export interface TextStyle {
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** The style of a report: each function wraps its text in ANSI codes, or returns it as it is when `color` is false. */
export function textStyle(color: boolean): TextStyle {
  const paint = (on: number, off: number) => (text: string) => (color ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: paint(1, 22), good: paint(32, 39), bad: paint(31, 39) };
}

/**
 * Breaks text at spaces into lines of at most `width` characters; a longer word is cut. A number stays with its per cent
 * sign. Control characters, which could drive the reader's terminal, become spaces.
 */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of printable(text).split(/ (?!%)/)) {
    for (const piece of piecesOf(word, width)) {
      if (line !== "" && line.length + 1 + piece.length <= width) line += ` ${piece}`;
      else {
        if (line !== "") lines.push(line);
        line = piece;
      }
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** Text on one line, without control characters and without runs of blanks. */
export function printable(text: string): string {
  return text.replace(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
}

/** The width of the label column, its indent included. */
const LABEL_WIDTH = 25;

/** Lines of a table with a label on the left and text, wrapped under itself, on the right. A long label has its own line. */
export function labelled(label: string, text: string, columns: number): string[] {
  if (label.length > LABEL_WIDTH - 3) {
    return [...wrapText(label, columns - 2).map((line) => `  ${line}`), ...labelled("", text, columns)];
  }
  const lines = wrapText(text, columns - LABEL_WIDTH);
  return lines.map((line, index) => `${(index === 0 ? `  ${label}` : "").padEnd(LABEL_WIDTH)}${line}`);
}

/** Lines of a list item: `mark`, then text that is wrapped under itself. */
export function item(mark: string, text: string, columns: number): string[] {
  const indent = mark.length + 3;
  const lines = wrapText(text, columns - indent);
  return lines.map((line, index) => `${(index === 0 ? `  ${mark}` : "").padEnd(indent)}${line}`);
}

/** Cuts a word that is longer than a line. */
function piecesOf(word: string, width: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < word.length; at += width) pieces.push(word.slice(at, at + width));
  return pieces;
}
