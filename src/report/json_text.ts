/**
 * A document as portfall writes it into a file: indented, with a line feed at its end. Characters that could drive a
 * terminal, or turn the order of letters round, are escaped, also those that JSON leaves as they are.
 */
export function jsonText(document: unknown): string {
  return `${JSON.stringify(document, null, 2).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escaped)}\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
