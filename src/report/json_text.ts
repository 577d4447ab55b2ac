/** A document as portfall writes it into a file: indented, with a line feed at its end. */
export function jsonText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
